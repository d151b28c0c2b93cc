//! Trait of a public handler's argument types, which tells whether the handler has arguments.

/// Argument types of a public handler, as the tuple `T` in axum's [`Handler<T,
/// S>`](axum::handler::Handler).
#[diagnostic::on_unimplemented(
    message = "a public handler is an `async fn` whose arguments are axum's extractors",
    label = "this is no function"
)]
pub trait Arguments: 'static {
    /// True if the handler has arguments, which axum reads from the request.
    const READS_REQUEST: bool;
}

impl Arguments for ((),) {
    const READS_REQUEST: bool = false;
}

/// Implements `Arguments` for handlers with 1 to 16 arguments. `M` is a type by which axum marks
/// whether the last argument may read the request's body.
macro_rules! arguments {
    () => {};
    ($first:ident $($more:ident)*) => {
        impl<M: 'static, $first: 'static, $($more: 'static),*> Arguments
            for (M, $first, $($more,)*)
        {
            const READS_REQUEST: bool = true;
        }

        arguments!($($more)*);
    };
}

arguments!(T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15 T16);
