//! Which worker serves a connection: the one with the fewest.
//!
//! All workers accept from one socket, and whoever wakes first takes all that wait there: of 64 connections
//! one had 40 and the other 24, and the callers of the first waited for a processor while the second slept. So
//! a connection is handed over before its handshake, and stays where it is from then on.

use std::{io, net::TcpStream as StdStream, sync::Arc};

use tokio::{net::TcpStream, sync::mpsc};

use super::connection::Place;

/// A connection and its place, on its way to its worker.
pub(super) struct Arrived {
    stream: StdStream,
    place: Place,
    seat: Seat,
}

impl Arrived {
    /// On the worker that is to serve it.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn unpack(self) -> io::Result<(TcpStream, Place, Seat)> {
        Ok((TcpStream::from_std(self.stream)?, self.place, self.seat))
    }
}

/// Counts as long as it is held.
pub(super) type Seat = Arc<()>;

/// Where one worker is found.
#[derive(Debug)]
struct Desk {
    seat: Seat,
    arrivals: mpsc::UnboundedSender<Arrived>,
}

/// All workers, as each of them knows them.
#[derive(Clone, Debug)]
pub(super) struct Desks {
    all: Arc<[Desk]>,
    own: usize,
}

/// What other workers hand over. Bounded by the caps on connections: each has its place already.
pub(super) type Arrivals = mpsc::UnboundedReceiver<Arrived>;

impl Desks {
    /// For so many workers, and what each of them is handed.
    pub(super) fn new(workers: usize) -> impl Iterator<Item = (Self, Arrivals)> {
        let (desks, arrivals): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                (Desk { seat: Seat::default(), arrivals: sender }, receiver)
            })
            .unzip();
        let all: Arc<[Desk]> = desks.into();
        arrivals
            .into_iter()
            .enumerate()
            .map(move |(own, arrivals)| (Self { all: Arc::clone(&all), own }, arrivals))
    }

    /// How many connections this worker has.
    pub(super) fn seated(&self) -> usize {
        self.all.get(self.own).map_or(0, Desk::seated)
    }

    /// Gives a connection to the worker with the fewest, or back with a seat here, if that is this one.
    ///
    /// # Errors
    /// As the system says of taking it out of this worker's hands.
    pub(super) fn seat(
        &self,
        stream: TcpStream,
        place: Place,
    ) -> io::Result<Option<(TcpStream, Place, Seat)>> {
        let (Some(own), Some(least)) =
            (self.all.get(self.own), self.all.iter().min_by_key(|desk| desk.seated()))
        else {
            return Ok(None);
        };
        if least.seated() >= own.seated() {
            return Ok(Some((stream, place, own.seat.clone())));
        }
        let arrived = Arrived { stream: stream.into_std()?, place, seat: least.seat.clone() };
        match least.arrivals.send(arrived) {
            Ok(()) => Ok(None),
            // That worker has ended.
            Err(mpsc::error::SendError(arrived)) => {
                let (stream, place, _) = arrived.unpack()?;
                Ok(Some((stream, place, own.seat.clone())))
            }
        }
    }
}

impl Desk {
    fn seated(&self) -> usize {
        Arc::strong_count(&self.seat) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{connection::Census, settings::Limits};

    #[test]
    fn connections_go_to_whoever_has_the_fewest_and_back_when_that_one_is_gone() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let census = Arc::new(Census::default());
            let mut workers: Vec<_> = Desks::new(2).collect();
            let (mut kept, mut callers) = (Vec::new(), Vec::new());
            let mut arrive = async |desks: &Desks| {
                callers.push(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
                let (stream, address) = listener.accept().await.unwrap();
                let place = census.admit(address, &Limits::default()).ok().unwrap();
                desks.seat(stream, place).unwrap()
            };
            let (first, mut handed) = workers.remove(0);
            assert!(handed.try_recv().is_err());
            let (second, mut arrivals) = workers.remove(0);
            for _ in 0..10 {
                kept.extend(arrive(&first).await);
            }
            assert_eq!((first.seated(), second.seated(), kept.len()), (5, 5, 5));
            while let Ok(arrived) = arrivals.try_recv() {
                kept.push(arrived.unpack().unwrap());
            }
            assert_eq!(kept.len(), 10);
            kept.clear();
            assert_eq!((first.seated(), second.seated(), census.open()), (0, 0, 0));
            drop(arrivals);
            for _ in 0..3 {
                kept.extend(arrive(&first).await);
            }
            assert_eq!((first.seated(), second.seated()), (3, 0), "nobody else is there");
        });
    }
}
