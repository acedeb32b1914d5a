//! Answers on their way: a file is read as the client takes it.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::StatusCode;
use hyper::body::{Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::ALWAYS;
use crate::transport::message::{Body, Response};

/// Bytes of a file in memory for each client that takes one.
const CHUNK: u64 = 8 << 10;

/// `response` as hyper has it. A header field that HTTP cannot carry is left out. `reads` are the
/// turns in which files are read.
pub(super) fn outgoing(
    response: Response,
    is_head: bool,
    reads: &Arc<Semaphore>,
) -> hyper::Response<Outgoing> {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let length = response.body.length();
    let body = match response.body {
        _ if is_head => Outgoing::Octets(Bytes::new()),
        Body::Octets(octets) => Outgoing::Octets(octets.into()),
        Body::File { file, length } => {
            let reads = Arc::clone(reads);
            Outgoing::File { file: Some(file), reading: None, left: length, reads }
        }
    };
    let mut built = hyper::Response::new(body);
    *built.status_mut() = status;
    let always = ALWAYS.iter().map(|(name, value)| (*name, *value));
    let own = response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in always.chain(own) {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => drop(built.headers_mut().append(name, value)),
            _ => log::warn!("the header field `{name}` cannot be sent"),
        }
    }
    if !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        built.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    built
}

/// A file that comes back with the octets that were read from it.
type Reading = Pin<Box<dyn Future<Output = io::Result<(File, Vec<u8>)>>>>;

/// A [`Body`] on its way.
pub(super) enum Outgoing {
    Octets(Bytes),
    File { file: Option<File>, reading: Option<Reading>, left: u64, reads: Arc<Semaphore> },
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (file, reading, left, reads) = match self.get_mut() {
            Self::Octets(octets) if octets.is_empty() => return Poll::Ready(None),
            Self::Octets(octets) => {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(octets)))));
            }
            Self::File { file, reading, left, reads } => (file, reading, left, reads),
        };
        if let Some(file) = file.take().filter(|_| *left > 0) {
            let most = (*left).min(CHUNK);
            *reading = Some(Box::pin(read(Arc::clone(reads), file, most)));
        }
        let Some(under_way) = reading else { return Poll::Ready(None) };
        let read = ready!(under_way.as_mut().poll(cx));
        *reading = None;
        Poll::Ready(Some(read.map(|(rest, octets)| {
            *left = left.saturating_sub(octets.len() as u64);
            *file = Some(rest);
            Frame::data(octets.into())
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Octets(octets) => octets.len() as u64,
            Self::File { left, .. } => *left,
        })
    }
}

/// Reads `most` octets of `file` when it is its turn.
async fn read(reads: Arc<Semaphore>, file: File, most: u64) -> io::Result<(File, Vec<u8>)> {
    let _turn = reads.acquire().await.map_err(io::Error::other)?;
    let read = spawn_blocking(move || {
        let mut octets = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
        (&file).take(most).read_to_end(&mut octets)?;
        if octets.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((file, octets))
    });
    read.await.map_err(io::Error::other).flatten()
}
