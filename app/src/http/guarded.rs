//! A guarded handler: its first argument is the proof that its caller was let in, and nothing else
//! of the request is read for anybody else.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    handler::Handler,
    http::header::CACHE_CONTROL,
    response::{IntoResponse, Response},
};
use domain::{Permit, Rule};
use futures_util::{FutureExt, future::BoxFuture};

use super::{guard::Guard, problem::NO_STORE};

/// The first argument of a guarded handler: proof that the caller met the rule `R`.
///
/// It is no extractor: whoever mounts a handler with it by [`public`](super::public) is stopped by
/// the compiler.
#[derive(Debug)]
pub struct Authorized<R>(pub Permit<R>);

/// An `async fn` whose first argument is [`Authorized<R>`](Authorized), and whose others are axum's
/// extractors.
///
/// Nothing else is one: a handler of another kind, or with a layer around it, could answer before
/// anybody is asked for a token.
#[diagnostic::on_unimplemented(
    message = "a guarded handler is an `async fn` whose first argument is `Authorized<R>`, where `R` is a rule",
    label = "this handler does not ask for a permit first",
    note = "write `async fn handler(Authorized(permit): Authorized<SignedIn>, ...)`, with axum's \
            extractors behind it, or mount it with `public(...)` if anyone may call it"
)]
pub trait Guarded<T, S>: Clone + Send + Sync + 'static {
    /// The rule that stands in the first argument.
    type Rule: Rule;

    /// Reads the other arguments from the request, and calls the function.
    fn call(
        self,
        authorized: Authorized<Self::Rule>,
        request: Request,
        state: S,
    ) -> impl Future<Output = Response> + Send;
}

impl<F, R, A, S> Guarded<(Authorized<R>,), S> for F
where
    F: FnOnce(Authorized<R>) -> A + Clone + Send + Sync + 'static,
    R: Rule,
    A: Future<Output: IntoResponse> + Send,
{
    type Rule = R;

    fn call(
        self,
        authorized: Authorized<R>,
        _: Request,
        _: S,
    ) -> impl Future<Output = Response> + Send {
        self(authorized).map(IntoResponse::into_response)
    }
}

/// As axum's own handlers: each argument is read from the head, the last one from the body too.
/// `M` tells axum which of the two the last one is. A head from which nothing is read needs no
/// `mut`.
macro_rules! guarded_functions {
    ($([$mut:ident])? $($argument:ident),*; $last:ident) => {
        impl<F, R, A, S, M, $($argument,)* $last>
            Guarded<(M, Authorized<R>, $($argument,)* $last), S> for F
        where
            F: FnOnce(Authorized<R>, $($argument,)* $last) -> A + Clone + Send + Sync + 'static,
            R: Rule,
            A: Future<Output: IntoResponse> + Send,
            S: Send + Sync,
            $($argument: FromRequestParts<S> + Send,)*
            $last: FromRequest<S, M> + Send,
        {
            type Rule = R;

            #[expect(non_snake_case, reason = "an argument is named like its type")]
            async fn call(
                self,
                authorized: Authorized<R>,
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
                self(authorized, $($argument,)* $last).await.into_response()
            }
        }
    };
}

guarded_functions!(; T2);
guarded_functions!([mut] T2; T3);
guarded_functions!([mut] T2, T3; T4);
guarded_functions!([mut] T2, T3, T4; T5);
guarded_functions!([mut] T2, T3, T4, T5; T6);
guarded_functions!([mut] T2, T3, T4, T5, T6; T7);
guarded_functions!([mut] T2, T3, T4, T5, T6, T7; T8);
guarded_functions!([mut] T2, T3, T4, T5, T6, T7, T8; T9);
guarded_functions!([mut] T2, T3, T4, T5, T6, T7, T8, T9; T10);
guarded_functions!([mut] T2, T3, T4, T5, T6, T7, T8, T9, T10; T11);
guarded_functions!([mut] T2, T3, T4, T5, T6, T7, T8, T9, T10, T11; T12);

/// A guarded handler behind its guard. Nobody stores what it answers.
#[derive(Clone)]
pub(super) struct BehindGuard<H> {
    pub(super) handler: H,
    pub(super) guard: Arc<Guard>,
}

impl<H: Guarded<T, S>, T, S: Send + 'static> Handler<T, S> for BehindGuard<H> {
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        async move {
            let mut response = match self.guard.admit(request.headers()).await {
                Ok(permit) => {
                    let let_in = self.guard.let_in(&permit);
                    let answer = self.handler.call(Authorized(permit), request, state);
                    let mut response = answer.await;
                    if let Some(let_in) = let_in {
                        response.extensions_mut().insert(let_in);
                    }
                    response
                }
                Err(refusal) => refusal.into_response(),
            };
            response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
            response
        }
        .boxed()
    }
}
