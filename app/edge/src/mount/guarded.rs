//! Handlers whose first argument is a permit (proof of authorization): without a permit, no other
//! argument is read.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use domain::Rule;
use futures_util::FutureExt;

use crate::admit::Authorized;

/// First argument of a handler behind a rule: [`Authorized<R>`](Authorized), or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "the first argument of a guarded handler is `Authorized<R>`, where `R` is a rule",
    label = "`{Self}` is no permit",
    note = "write `async fn handler(permit: Authorized<SignedIn>, ...)`, with axum's extractors behind \
            it, or mount it with `public(...)` if anyone may call it"
)]
pub trait Admission: Send + 'static {}

impl<R: Rule> Admission for Authorized<R> {}

impl<R: Rule> Admission for Option<Authorized<R>> {}

/// Handler behind a rule: an `async fn` with a permit as the first argument, and axum's extractors
/// as the others.
///
/// A handler with a layer around it does not implement this trait: the layer could answer before
/// the token is checked.
#[diagnostic::on_unimplemented(
    message = "a guarded handler is an `async fn` whose first argument is `Authorized<R>`, where `R` is a rule",
    label = "this handler does not ask for a permit first",
    note = "write `async fn handler(permit: Authorized<SignedIn>, ...)`, with axum's extractors behind \
            it, or mount it with `public(...)` if anyone may call it"
)]
pub trait PermitFirst<T, S>: Clone + Send + Sync + 'static {
    /// Type of the first argument: a permit, or an `Option` of one.
    type Permit: Admission;

    /// True if the handler has arguments besides the permit, which are read from the request.
    const READS_REQUEST: bool;

    /// Reads the other arguments from the request, and calls the handler.
    fn call(
        self,
        permit: Self::Permit,
        request: Request,
        state: S,
    ) -> impl Future<Output = Response> + Send;
}

impl<F, P, A, S> PermitFirst<(P,), S> for F
where
    F: FnOnce(P) -> A + Clone + Send + Sync + 'static,
    P: Admission,
    A: Future<Output: IntoResponse> + Send,
{
    type Permit = P;

    const READS_REQUEST: bool = false;

    fn call(self, permit: P, _: Request, _: S) -> impl Future<Output = Response> + Send {
        self(permit).map(IntoResponse::into_response)
    }
}

/// Implements `PermitFirst` for handlers with the arguments `$argument` and `$last` after the
/// permit. As in axum, only `$last` may read the request's body. `[mut]` is passed if there is an
/// `$argument`: to read it, the request's head must be mutable.
macro_rules! permit_first {
    ($([$mut:ident])? $($argument:ident),*; $last:ident) => {
        impl<F, P, A, S, M, $($argument,)* $last>
            PermitFirst<(M, P, $($argument,)* $last), S> for F
        where
            F: FnOnce(P, $($argument,)* $last) -> A + Clone + Send + Sync + 'static,
            P: Admission,
            A: Future<Output: IntoResponse> + Send,
            S: Send + Sync,
            $($argument: FromRequestParts<S> + Send,)*
            $last: FromRequest<S, M> + Send,
        {
            type Permit = P;

            const READS_REQUEST: bool = true;

            #[expect(non_snake_case, reason = "an argument is named like its type")]
            async fn call(
                self,
                permit: P,
                request: Request,
                state: S,
            ) -> Response {
                let ($($mut)? head, body) = request.into_parts();
                $(
                    let $argument = match $argument::from_request_parts(&mut head, &state).await {
                        Ok(argument) => argument,
                        Err(rejection) => return rejection.into_response(),
                    };
                )*
                let request = Request::from_parts(head, body);
                let $last = match $last::from_request(request, &state).await {
                    Ok(argument) => argument,
                    Err(rejection) => return rejection.into_response(),
                };
                self(permit, $($argument,)* $last).await.into_response()
            }
        }
    };
}

permit_first!(; T2);
permit_first!([mut] T2; T3);
permit_first!([mut] T2, T3; T4);
permit_first!([mut] T2, T3, T4; T5);
permit_first!([mut] T2, T3, T4, T5; T6);
permit_first!([mut] T2, T3, T4, T5, T6; T7);
permit_first!([mut] T2, T3, T4, T5, T6, T7; T8);
permit_first!([mut] T2, T3, T4, T5, T6, T7, T8; T9);
permit_first!([mut] T2, T3, T4, T5, T6, T7, T8, T9; T10);
permit_first!([mut] T2, T3, T4, T5, T6, T7, T8, T9, T10; T11);
permit_first!([mut] T2, T3, T4, T5, T6, T7, T8, T9, T10, T11; T12);
