//! Room that a worker reads into for whoever speaks next.
//!
//! Which connection that will be nobody knows, so none of them holds room while it is silent. What was read is
//! cut off, and keeps all of the room for as long as it lives: it is for what is taken in at once.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    pin::pin,
};

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much a worker reads into before it takes new room; the old is used again once nobody holds any of it.
const ROOM: usize = 16 * 1024;

thread_local! {
    static NEXT: Cell<BytesMut> = Cell::default();
}

/// Reads at most `most` bytes; none at the end of the stream.
///
/// # Errors
/// The stream's own.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), most: usize) -> io::Result<BytesMut> {
    poll_fn(|context| {
        let mut room = NEXT.take();
        if room.capacity() < most {
            room.reserve(ROOM);
        }
        let read = pin!(stream.read_buf(&mut (&mut room).limit(most))).poll(context);
        let read = read.map(|read| read.map(|_| room.split()));
        NEXT.set(room);
        read
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::read;

    #[tokio::test]
    async fn what_was_read_stays_as_it_is_while_others_read() {
        let (mut one, mut other): (&[u8], &[u8]) = (b"abcdef", &[b'x'; 20_000]);
        let first = read(&mut one, 4).await.unwrap();
        let mut size = 0;
        loop {
            let piece = read(&mut other, 1024).await.unwrap();
            assert!(piece.len() <= 1024 && piece.iter().all(|byte| *byte == b'x'));
            size += piece.len();
            if piece.is_empty() {
                break;
            }
        }
        assert_eq!((&first[..], size), (&b"abcd"[..], 20_000));
        assert_eq!(&read(&mut one, 4).await.unwrap()[..], b"ef");
    }
}
