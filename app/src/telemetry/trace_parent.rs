//! Parses and writes the header `traceparent` (W3C Trace Context Level 1 §3.2).

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Length in bytes of a `traceparent` of version 00. Later versions may append a dash and further
/// fields.
const LENGTH: usize = 55;

/// Returns the caller's span that a `traceparent` names; `None` if the value is malformed.
///
/// Each number must have all its digits, in lower case and without a sign.
pub(super) fn parse(value: &str) -> Option<SpanContext> {
    let (known, more) = value.split_at_checked(LENGTH)?;
    let mut fields = known.split('-');
    let version = number(fields.next()?, 2)?;
    let trace_id = TraceId::from(number(fields.next()?, 32)?);
    let span_id = SpanId::from(u64::try_from(number(fields.next()?, 16)?).ok()?);
    let flags = TraceFlags::new(u8::try_from(number(fields.next()?, 2)?).ok()?);
    let is_complete = match version {
        0x00 => more.is_empty(),
        0xff => false,
        _ => more.is_empty() || more.starts_with('-'),
    };
    // `sampled` is the only flag that is defined.
    let flags = flags & TraceFlags::SAMPLED;
    let caller = SpanContext::new(trace_id, span_id, flags, true, TraceState::default());
    (is_complete && caller.is_valid()).then_some(caller)
}

fn number(digits: &str, length: usize) -> Option<u128> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_number = digits.len() == length && digits.bytes().all(is_digit);
    is_number.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

/// Returns the `traceparent` of a request to ZITADEL: version 00, and no flag but `sampled`.
pub(super) fn write(span: &SpanContext) -> String {
    let flags = span.trace_flags() & TraceFlags::SAMPLED;
    format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn what_is_written_as_the_standard_says_is_understood() {
        for (value, is_sampled) in [
            (format!("00-{TRACE}-{SPAN}-00"), false),
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-02"), false),
            (format!("00-{TRACE}-{SPAN}-ff"), true),
            (format!("01-{TRACE}-{SPAN}-01"), true),
            (format!("cc-{TRACE}-{SPAN}-01-"), true),
            (format!("fe-{TRACE}-{SPAN}-01-what the future brings"), true),
        ] {
            let caller = parse(&value).unwrap();
            assert_eq!(caller.trace_id().to_string(), TRACE, "{value}");
            assert_eq!(caller.span_id().to_string(), SPAN, "{value}");
            assert_eq!((caller.is_sampled(), caller.is_remote()), (is_sampled, true), "{value}");
        }
    }

    #[test]
    fn what_is_malformed_is_as_none() {
        for value in [
            String::new(),
            "00-1-1-01".to_owned(),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-012"),
            format!("01-{TRACE}-{SPAN}-012"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("+0-{TRACE}-{SPAN}-01"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-+{}-01", &SPAN[1..]),
            format!("00-{TRACE}-{SPAN}-+1"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("0A-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{SPAN}-{TRACE}-01"),
            format!("00-{TRACE}0-{}-01", &SPAN[1..]),
            format!("00-{}é-{SPAN}-01", &TRACE[2..]),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01 "),
        ] {
            assert_eq!(parse(&value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_understood(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
            let state = TraceState::default();
            let ours = SpanContext::new(trace.into(), span.into(), flags, true, state);
            prop_assert_eq!(parse(&write(&ours)), Some(ours));
        }
    }
}
