//! What an HTTP/2 connection may hold of answers that its caller does not take.
//!
//! A caller opens many streams, asks on each for as much as one answer may be, and opens no window: every answer
//! lies here whole until its deadline. So the answers of a connection share one room, in bytes:
//!
//! - an exchange begins when there is room for an answer as long as this connection's are. Until then it waits, and
//!   after a while it is refused as not begun, so that its caller may ask again. How long answers are is learnt from
//!   those that were made; before the first one the longest that is checked whole is expected;
//! - an answer that is longer than was expected, and for which there is no room any more, is not kept: its stream is
//!   reset. Only a caller that asks for little at first and then for much at once comes here;
//! - a piece of a long answer waits for room, as it waits for its caller.
//!
//! Room is given back when the bytes are gone, not when the engine has taken them: what it has queued counts.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What an answer is expected to take before one was made: by default the most that is checked whole.
const EXPECTED: u32 = 1024 * 1024;

/// The room of one connection.
#[derive(Debug)]
pub(super) struct Unsent {
    room: Arc<Semaphore>,
    whole: u32,
    expected: AtomicU32,
}

/// Room for an answer that is not made yet.
#[derive(Debug)]
pub(super) struct Room {
    unsent: Arc<Unsent>,
    reserved: Option<OwnedSemaphorePermit>,
}

/// There is no room for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

/// Bytes and the room that they take.
struct Held {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Unsent {
    /// Room for `bytes`.
    pub(super) fn new(bytes: u32) -> Self {
        Self {
            room: Arc::new(Semaphore::new(bytes as usize)),
            whole: bytes,
            expected: AtomicU32::new(EXPECTED.min(bytes)),
        }
    }

    /// Waits for room for one more answer.
    pub(super) async fn one_more(self: &Arc<Self>) -> Result<Room, NoRoom> {
        let reserved = self.take(self.expected.load(Ordering::Relaxed)).await?;
        Ok(Room { unsent: self.clone(), reserved: Some(reserved) })
    }

    async fn take(&self, bytes: u32) -> Result<OwnedSemaphorePermit, NoRoom> {
        // It is never closed.
        self.room.clone().acquire_many_owned(bytes).await.map_err(|_| NoRoom)
    }

    /// What bytes take: one answer that is longer than the room is let through alone.
    fn size(&self, bytes: &Bytes) -> u32 {
        u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(self.whole)
    }

    /// A long answer is expected again at once, and forgotten by an eighth with each shorter one.
    fn learn(&self, bytes: u32) {
        let expected = self.expected.load(Ordering::Relaxed);
        self.expected.store(bytes.max(expected - expected / 8), Ordering::Relaxed);
    }
}

impl Room {
    /// Keeps a whole answer here, and in more room if it needs more and there is more.
    pub(super) fn keep(mut self, bytes: Bytes) -> Result<Bytes, NoRoom> {
        let needed = self.unsent.size(&bytes);
        self.unsent.learn(needed);
        let Some(mut room) = self.reserved.take() else { return Err(NoRoom) };
        let has = u32::try_from(room.num_permits()).unwrap_or(u32::MAX);
        if has > needed {
            drop(room.split((has - needed) as usize));
        } else if has < needed {
            let more = self.unsent.room.clone().try_acquire_many_owned(needed - has);
            room.merge(more.map_err(|_| NoRoom)?);
        }
        Ok(Bytes::from_owner(Held { bytes, _room: room }))
    }

    /// The answer is one in pieces: each has room of its own.
    pub(super) fn for_pieces(&mut self) {
        self.reserved = None;
    }

    /// Keeps a piece of an answer as soon as there is room.
    pub(super) async fn keep_piece(&self, bytes: Bytes) -> Result<Bytes, NoRoom> {
        let room = self.unsent.take(self.unsent.size(&bytes)).await?;
        Ok(Bytes::from_owner(Held { bytes, _room: room }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u32 = 1024 * 1024;

    fn answer(bytes: u32) -> Bytes {
        vec![b'x'; bytes as usize].into()
    }

    /// How many exchanges may begin now.
    fn may_begin(unsent: &Unsent) -> usize {
        let expected = unsent.expected.load(Ordering::Relaxed).max(1);
        unsent.room.available_permits() / expected as usize
    }

    #[tokio::test]
    async fn answers_that_nobody_takes_keep_the_next_from_beginning() {
        let unsent = Arc::new(Unsent::new(4 * MIB));
        let mut kept = Vec::new();
        for _ in 0..4 {
            let room = unsent.one_more().await.unwrap();
            kept.push(room.keep(answer(MIB)).unwrap());
        }
        assert_eq!((may_begin(&unsent), unsent.room.available_permits()), (0, 0));
        // A part that is still somewhere keeps the whole.
        let rest = kept.pop().map(|mut bytes| bytes.split_off(bytes.len() - 1)).unwrap();
        assert_eq!(may_begin(&unsent), 0);
        drop(rest);
        assert_eq!(may_begin(&unsent), 1);
    }

    #[tokio::test]
    async fn short_answers_are_expected_to_be_short() {
        let unsent = Arc::new(Unsent::new(4 * MIB));
        assert_eq!(may_begin(&unsent), 4);
        for _ in 0..64 {
            let room = unsent.one_more().await.unwrap();
            room.keep(answer(500)).unwrap();
        }
        assert!(may_begin(&unsent) > 1000);
        assert_eq!(unsent.room.available_permits(), 4 * MIB as usize);
    }

    #[tokio::test]
    async fn who_asks_for_much_after_little_is_given_what_there_is_room_for() {
        let unsent = Arc::new(Unsent::new(4 * MIB));
        for _ in 0..64 {
            let room = unsent.one_more().await.unwrap();
            room.keep(answer(500)).unwrap();
        }
        let mut rooms = Vec::new();
        for _ in 0..100 {
            rooms.push(unsent.one_more().await.unwrap());
        }
        let kept: Vec<_> = rooms.into_iter().map(|room| room.keep(answer(MIB))).collect();
        assert_eq!(kept.iter().filter(|kept| kept.is_ok()).count(), 4);
        drop(kept);
        assert_eq!(unsent.room.available_permits(), 4 * MIB as usize);
    }

    #[tokio::test]
    async fn one_answer_may_be_longer_than_the_room() {
        let unsent = Arc::new(Unsent::new(MIB));
        let room = unsent.one_more().await.unwrap();
        let kept = room.keep(answer(3 * MIB)).unwrap();
        assert_eq!((kept.len(), may_begin(&unsent)), (3 * MIB as usize, 0));
        drop(kept);
        let mut room = unsent.one_more().await.unwrap();
        room.for_pieces();
        assert_eq!(room.keep_piece(answer(2 * MIB)).await.unwrap().len(), 2 * MIB as usize);
        assert_eq!(unsent.room.available_permits(), MIB as usize);
    }
}
