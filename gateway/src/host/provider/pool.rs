//! Idle streams, each worker its own: taking one wakes nobody and locks nothing.

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use foldhash::fast::RandomState;
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::Instant,
};

use crate::host::link::Link;

/// A provider's identity and the index of its endpoint.
pub(super) type Key = (u64, usize);

struct Resting {
    stream: Box<Link>,
    until: Instant,
}

thread_local! {
    static IDLE: RefCell<HashMap<Key, Vec<Resting>, RandomState>> = RefCell::default();
}

/// The stream that rested least, if it is still open and has nothing to say. One that was closed, or
/// on which bytes came that nobody asked for, is dropped.
pub(super) fn take(key: Key, now: Instant) -> Option<Box<Link>> {
    loop {
        let mut resting = IDLE.with_borrow_mut(|idle| idle.get_mut(&key)?.pop())?;
        if resting.until > now && is_quiet(&mut resting.stream) {
            return Some(resting.stream);
        }
    }
}

/// Keeps a stream until `until`, unless `most` rest already.
pub(super) fn keep(key: Key, stream: Box<Link>, until: Instant, most: usize) {
    IDLE.with_borrow_mut(|idle| {
        let resting = idle.entry(key).or_default();
        if resting.len() < most {
            resting.push(Resting { stream, until });
        }
    });
}

/// Drops what has rested too long on this thread, of providers no longer in use too.
pub(in crate::host) fn sweep() {
    let now = Instant::now();
    IDLE.with_borrow_mut(|idle| {
        idle.retain(|_, resting| {
            resting.retain(|one| one.until > now);
            !resting.is_empty()
        });
    });
}

/// One poll, and nobody to be woken by it.
fn is_quiet(stream: &mut Link) -> bool {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    let mut context = Context::from_waker(Waker::noop());
    matches!(Pin::new(stream).poll_read(&mut context, &mut buffer), Poll::Pending)
}
