//! JSON names of faults: `{"kind":"delay","milliseconds":500}`.

use std::time::Duration;

use serde::Deserialize;

use crate::fault::{DiscoveryFault, Fault, Framing, RedirectStatus};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FaultOrder {
    Stall,
    Delay { milliseconds: u64 },
    ResetBeforeAnswer,
    CloseBeforeAnswer,
    ResetMidBody,
    Truncate,
    InternalServerError,
    BadGateway,
    ServiceUnavailable,
    TooManyRequests,
    DatabaseDown,
    LoginPage,
    RedirectFound { location: String },
    RedirectTemporary { location: String },
    WrongTypes,
    NotJson,
    Empty,
    Compressed,
    Headers { count: usize },
    ContentType { value: String },
    HugeChunked,
    HugeContentLength,
    Drip { milliseconds: u64 },
    Issuer { value: String },
    IntrospectionEndpoint { value: String },
    NoIntrospectionEndpoint,
    Date { value: String },
}

impl From<FaultOrder> for DiscoveryFault {
    fn from(order: FaultOrder) -> Self {
        let fault = match order {
            FaultOrder::Issuer { value } => return Self::Issuer(value),
            FaultOrder::IntrospectionEndpoint { value } => {
                return Self::IntrospectionEndpoint(value);
            }
            FaultOrder::NoIntrospectionEndpoint => return Self::NoIntrospectionEndpoint,
            FaultOrder::Date { value } => return Self::Date(value),
            FaultOrder::Stall => Fault::Stall,
            FaultOrder::Delay { milliseconds } => Fault::Delay(Duration::from_millis(milliseconds)),
            FaultOrder::ResetBeforeAnswer => Fault::ResetBeforeAnswer,
            FaultOrder::CloseBeforeAnswer => Fault::CloseBeforeAnswer,
            FaultOrder::ResetMidBody => Fault::ResetMidBody,
            FaultOrder::Truncate => Fault::Truncate,
            FaultOrder::InternalServerError => Fault::InternalServerError,
            FaultOrder::BadGateway => Fault::BadGateway,
            FaultOrder::ServiceUnavailable => Fault::ServiceUnavailable,
            FaultOrder::TooManyRequests => Fault::TooManyRequests,
            FaultOrder::DatabaseDown => Fault::DatabaseDown,
            FaultOrder::LoginPage => Fault::LoginPage,
            FaultOrder::RedirectFound { location } => {
                Fault::Redirect(RedirectStatus::Found, location)
            }
            FaultOrder::RedirectTemporary { location } => {
                Fault::Redirect(RedirectStatus::TemporaryRedirect, location)
            }
            FaultOrder::WrongTypes => Fault::WrongTypes,
            FaultOrder::NotJson => Fault::NotJson,
            FaultOrder::Empty => Fault::Empty,
            FaultOrder::Compressed => Fault::Compressed,
            FaultOrder::Headers { count } => Fault::Headers(count),
            FaultOrder::ContentType { value } => Fault::ContentType(value),
            FaultOrder::HugeChunked => Fault::Huge(Framing::Chunked),
            FaultOrder::HugeContentLength => Fault::Huge(Framing::ContentLength),
            FaultOrder::Drip { milliseconds } => Fault::Drip(Duration::from_millis(milliseconds)),
        };
        Self::Any(fault)
    }
}
