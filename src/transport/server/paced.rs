//! The socket of a client that must keep pace.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::progress::Progress;

/// Bytes a second that a client must take of a long answer. Bytes that it takes faster buy no time.
const PACE: u64 = 16 << 10;

/// A connection that a client loses when it does not take what is written.
pub(super) struct Paced {
    pub(super) stream: TcpStream,
    pub(super) progress: Rc<Progress>,
    pub(super) most: Duration,
    pub(super) sleep: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    /// Judges the outcome of a write.
    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let until = &self.progress.until;
        if let Poll::Ready(written) = written {
            let octets = written.as_ref().map_or(0, |octets| *octets as u64);
            let earned = Duration::from_micros(octets.saturating_mul(1_000_000) / PACE);
            until.set((until.get() + earned).min(Instant::now() + self.most));
            self.sleep = None;
            return Poll::Ready(written);
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until.get())));
        if sleep.deadline() != until.get() {
            sleep.as_mut().reset(until.get());
        }
        ready!(sleep.as_mut().poll(cx));
        // The octets that the system holds for this client are forgotten too.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, octets);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
