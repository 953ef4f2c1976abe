//! A TLS connection as pingora's HTTP sessions take it.
//!
//! pingora's own TLS stream is not used, for three reasons: it parses every peer certificate with
//! an `expect`, it hides the TLS error behind text, and it writes a head and its body in two TLS
//! records and two system calls. This one collects small writes until they are flushed, ends a
//! connection whose far end takes nothing for a while (pingora's header writes have no deadline),
//! and remembers whether anything was ever read, which decides whether a request may be sent again.
//! What must be judged as it came in, before the engine repairs it, is looked at here: the framing of a
//! chunked body, the frames of HTTP/2 ([`Watch`]).
//! When it is closed it says goodbye and then takes in what the far end is still sending: closing a
//! socket with unread bytes resets it, and the reset can overtake the last answer.

use std::{
    cell::Cell,
    future::Future,
    io::{self, BufRead},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest,
    UniqueID, UniqueIDType, raw_connect::ProxyDigest,
};
use rustls::Reader;
use tokio::{
    io::{AsyncBufRead, AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Sleep,
};
use tokio_rustls::TlsStream;

use super::{frames::Frames, hygiene::Chunks, wire::Wire};

/// Writes are collected up to the size of one TLS record; what is larger goes out as it is.
const COLLECT: usize = 16 * 1024;

/// What is taken in at most after the goodbye: more than the buffers of both kernels hold, so that
/// the far end's write returns and it comes to read.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

thread_local! {
    /// Where this worker's connections collect: most answers are flushed as soon as they are collected, so one
    /// place serves all of them in turn, and a connection at rest has none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[derive(Debug)]
pub(super) struct Link {
    tls: TlsStream<Wire>,
    collected: Vec<u8>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    linger: Duration,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
    read: u64,
    /// What was read and put back.
    unread: BytesMut,
    watch: Watch,
}

/// What is looked at on its way through.
#[derive(Debug)]
pub(super) enum Watch {
    /// Nothing.
    Nothing,
    /// The chunks of a request's body, to its end.
    Chunks(Box<Chunks>),
    /// The frames of HTTP/2, both ways.
    Frames(Box<Frames>),
}

impl Link {
    /// `stall`: how long a write may make no progress; `linger`: how long a closing connection
    /// still takes in what comes.
    pub(super) fn new(tls: TlsStream<Wire>, stall: Duration, linger: Duration) -> Self {
        Self {
            tls,
            collected: Vec::new(),
            stall,
            stalled: None,
            linger,
            lingering: None,
            read: 0,
            unread: BytesMut::new(),
            watch: Watch::Nothing,
        }
    }

    /// Looks at what passes from now on.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.watch = watch;
    }

    /// How many bytes were read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Puts back what was read last, to be read again first.
    pub(super) fn unread(&mut self, bytes: BytesMut) {
        self.unread = bytes;
    }

    /// Turns a write that has waited too long into an error.
    fn guard<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled = None;
            return poll;
        }
        let stall = self.stall;
        let sleep = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_collected(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written = 0;
        let outcome = loop {
            let Some(rest) = self.collected.get(written..).filter(|rest| !rest.is_empty()) else {
                break Poll::Ready(Ok(()));
            };
            match Pin::new(&mut self.tls).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        if written == self.collected.len() {
            self.collected.clear();
            SPARE.set(std::mem::take(&mut self.collected));
        } else {
            self.collected.drain(..written);
        }
        if written > 0 {
            self.stalled = None;
        }
        outcome
    }

    /// Reads and forgets, below TLS, until the far end has closed too or its time is up.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.linger.is_zero() {
            return Poll::Ready(());
        }
        let linger = self.linger;
        let (sleep, size) = self.lingering.get_or_insert_with(|| (Box::pin(tokio::time::sleep(linger)), 0));
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut *self.tls.get_mut().0).poll_read(context, &mut buffer) {
                Poll::Pending => return sleep.as_mut().poll(context),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => *size += buffer.filled().len(),
                Poll::Ready(_) => return Poll::Ready(()),
            }
            if *size > LINGER_BYTES {
                return Poll::Ready(());
            }
        }
    }
}

/// Reads what is there. The stream's own way would try the socket again for as long as there is room, in vain nearly
/// always.
fn poll_take(
    tls: &mut TlsStream<Wire>,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let mut stream = Pin::new(&mut *tls);
    let data = ready!(stream.as_mut().poll_fill_buf(context))?;
    let length = data.len().min(buffer.remaining());
    buffer.put_slice(data.get(..length).unwrap_or_default());
    stream.consume(length);
    // Records that came with the first; a fault behind them is told when they have been taken.
    while let (true, Ok(data @ [_, ..])) = (buffer.remaining() > 0, plaintext(tls).fill_buf()) {
        let length = data.len().min(buffer.remaining());
        buffer.put_slice(data.get(..length).unwrap_or_default());
        plaintext(tls).consume(length);
    }
    Poll::Ready(Ok(()))
}

/// What was decrypted and not taken yet.
fn plaintext(tls: &mut TlsStream<Wire>) -> Reader<'_> {
    match tls {
        TlsStream::Client(stream) => stream.get_mut().1.reader(),
        TlsStream::Server(stream) => stream.get_mut().1.reader(),
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let count = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread.split_to(count));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let outcome = poll_take(&mut self.tls, context, buffer);
        self.read += (buffer.filled().len() - before) as u64;
        let came = buffer.filled().get(before..).unwrap_or_default();
        match &mut self.watch {
            Watch::Nothing => outcome,
            Watch::Chunks(chunks) => match chunks.watch(came) {
                Ok(()) => outcome,
                Err(_) => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            },
            Watch::Frames(frames) => match frames.came(came) {
                true => outcome,
                // The connection's task has been told, and ends it.
                false => {
                    buffer.set_filled(before);
                    Poll::Pending
                }
            },
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.collected.len() + bytes.len() > COLLECT {
            // Nothing collected is no progress: it must not wind up the clock of a stalled write.
            if !self.collected.is_empty() {
                let flushed = self.poll_collected(context);
                ready!(self.guard(context, flushed))?;
            }
            if bytes.len() >= COLLECT {
                let written = Pin::new(&mut self.tls).poll_write(context, bytes);
                if let (Poll::Ready(Ok(count)), Watch::Frames(frames)) = (&written, &mut self.watch) {
                    frames.went(bytes.get(..*count).unwrap_or_default());
                }
                return self.guard(context, written);
            }
        }
        if let Watch::Frames(frames) = &mut self.watch {
            frames.went(bytes);
        }
        if self.collected.is_empty() {
            self.collected = SPARE.take();
        }
        self.collected.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.collected.is_empty() {
            let collected = self.poll_collected(context);
            ready!(self.guard(context, collected))?;
        }
        let flushed = Pin::new(&mut self.tls).poll_flush(context);
        self.guard(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.collected.is_empty() {
            let collected = self.poll_collected(context);
            ready!(self.guard(context, collected))?;
        }
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.tls).poll_shutdown(context);
            ready!(self.guard(context, shut))?;
        }
        self.poll_linger(context).map(Ok)
    }
}

#[async_trait]
impl Shutdown for Link {
    async fn shutdown(&mut self) {
        // Whether the far end hears the goodbye changes nothing here.
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

// pingora asks each connection about itself for its own logs; nothing here reads the answers.
impl UniqueID for Link {
    fn id(&self) -> UniqueIDType {
        0
    }
}
impl Ssl for Link {}
impl Peek for Link {}
impl GetTimingDigest for Link {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}
impl GetProxyDigest for Link {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}
impl GetSocketDigest for Link {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}
