//! Response bodies: complete, endless, and aborted.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};

use super::line::{Ending, Line};

/// Any body of the double.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

const CHUNK: &[u8; 65_536] = &[b'a'; 65_536];

pub(super) fn whole(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).boxed_unsync()
}

/// Returns a body without a length.
pub(super) fn in_chunks(bytes: &[u8]) -> Body {
    let parts: Vec<Bytes> = bytes.chunks(4096).map(Bytes::copy_from_slice).collect();
    StreamBody::new(stream::iter(parts).map(Frame::data).map(Ok)).boxed_unsync()
}

/// Returns `prefix`, padding up to about `length` bytes, and `suffix`, never in memory as a whole,
/// and the exact length.
pub(super) fn padded(prefix: Vec<u8>, length: usize, suffix: &'static [u8]) -> (Body, usize) {
    let chunks = length.div_ceil(CHUNK.len());
    let total = prefix.len() + chunks * CHUNK.len() + suffix.len();
    let parts = stream::iter([Bytes::from(prefix)])
        .chain(stream::repeat(Bytes::from_static(CHUNK)).take(chunks))
        .chain(stream::iter([Bytes::from_static(suffix)]));
    (StreamBody::new(parts.map(Frame::data).map(Ok)).boxed_unsync(), total)
}

/// Returns `prefix` at once, then one letter per interval, endlessly.
pub(super) fn dripping(prefix: Vec<u8>, interval: Duration) -> Body {
    let drops = stream::unfold(interval, |interval| async move {
        tokio::time::sleep(interval).await;
        Some((Bytes::from_static(b"a"), interval))
    });
    let parts = stream::iter([Bytes::from(prefix)]).chain(drops);
    StreamBody::new(parts.map(Frame::data).map(Ok)).boxed_unsync()
}

/// Returns `beginning`; the connection ends after it is sent.
pub(super) fn broken_off(beginning: Vec<u8>, line: &Arc<Line>, ending: Ending) -> Body {
    enum Next {
        Send(Vec<u8>),
        EndBeyond(u64),
    }
    let line = Arc::clone(line);
    let parts = stream::unfold(Next::Send(beginning), move |next| {
        let line = Arc::clone(&line);
        async move {
            match next {
                Next::Send(beginning) => {
                    let next = Next::EndBeyond(line.bytes_written());
                    Some((Bytes::from(beginning), next))
                }
                Next::EndBeyond(mark) => {
                    line.written_beyond(mark).await;
                    line.end(ending);
                    std::future::pending().await
                }
            }
        }
    });
    StreamBody::new(parts.map(Frame::data).map(Ok)).boxed_unsync()
}
