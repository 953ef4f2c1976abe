//! Accepting connections: worker threads, caps, handshakes, and the way down.
//!
//! Each worker is a thread with a runtime of its own; all accept from one listening socket, and a
//! connection stays with the worker that it is given to at once ([`super::desks`]). So an exchange never
//! crosses threads: not for its journal lane, not for its provider's idle streams, not to be woken.

use std::{
    cell::Cell,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    pin::pin,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use jiff::Timestamp;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::{Semaphore, watch},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    application::Application,
    connection::{Census, Connection, Full, HANDSHAKING, Place},
    desks::{Arrivals, Desks, Seat},
    http1, http2,
    hygiene::Rules,
    link::Link,
    peer::Peer,
    pki::Tls,
    provider,
    settings::{Limits, Settings},
    tally::Tally,
    wire::Wire,
};

/// Connections the kernel keeps waiting for `accept`: after a restart all callers come back at once.
const BACKLOG: i32 = 4096;

/// How long a worker waits after `accept` failed: what is missing (file descriptors, memory) comes
/// back only when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a handshake may keep its turn while it waits for its caller: a few round trips of a good line.
/// Then the next one has it, or some hundred callers that begin a handshake and fall silent would keep
/// everybody out.
const TURN: Duration = Duration::from_millis(250);

/// How often a worker looks for idle provider streams to close.
const SWEEP: Duration = Duration::from_secs(5);

/// How often the way down looks whether the last connection has gone.
const DRAIN_TICK: Duration = Duration::from_millis(20);

thread_local! {
    static WORKER: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Which worker this thread is, from 0; nothing on any other thread.
pub fn worker() -> Option<usize> {
    WORKER.get()
}

/// A bound socket, not yet accepting.
#[derive(Debug)]
pub struct Listener {
    socket: StdListener,
    settings: Settings,
    tls: Arc<Tls>,
    tally: Arc<Tally>,
    census: Arc<Census>,
}

impl Listener {
    /// Binds the address.
    ///
    /// # Errors
    /// As the system says: address in use, no permission.
    pub fn bind(settings: Settings, tls: Arc<Tls>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(settings.address), Type::STREAM, Some(Protocol::TCP))?;
        // A restart must not wait for the old process's closed connections to be forgotten.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&settings.address.into())?;
        socket.listen(BACKLOG)?;
        Ok(Self { socket: socket.into(), settings, tls, tally: Arc::default(), census: Arc::default() })
    }

    /// The address bound.
    ///
    /// # Errors
    /// As the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The counts of what happens below the application.
    pub fn tally(&self) -> Arc<Tally> {
        self.tally.clone()
    }

    /// The counts of open connections.
    pub fn census(&self) -> Arc<Census> {
        self.census.clone()
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// As the system says, when a thread or its runtime cannot be made.
    pub fn serve<A: Application>(self, application: Arc<A>) -> io::Result<Serving> {
        let (stop, stopping) = watch::channel(None);
        let limits = Arc::new(self.settings.limits.clone());
        let house = House {
            application,
            rules: Arc::new(Rules::new(&self.settings.authorities, &limits)),
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
            limits,
            tls: self.tls,
            tally: self.tally,
            census: self.census.clone(),
            stopping: Stopping(stopping),
        };
        let mut workers = Vec::new();
        for (index, (desks, arrivals)) in Desks::new(self.settings.workers.max(1)).enumerate() {
            let socket = self.socket.try_clone()?;
            // Each worker its own, or all of them would count the same references.
            let house = Arc::new(house.clone());
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
                WORKER.set(Some(index));
                let cut = runtime.block_on(work(socket, house, desks, arrivals));
                // What is still running has had its grace.
                runtime.shutdown_background();
                cut
            })?;
            workers.push(thread);
        }
        Ok(Serving { stop, workers, census: self.census })
    }
}

/// Workers at work. Dropping it does not stop them.
#[derive(Debug)]
pub struct Serving {
    stop: watch::Sender<Option<Instant>>,
    workers: Vec<JoinHandle<usize>>,
    census: Arc<Census>,
}

impl Serving {
    /// Connections open now, those in their handshake included.
    pub fn connections(&self) -> usize {
        self.census.open()
    }

    /// Stops accepting, closes idle connections at once and busy ones after their answer, waits up
    /// to `grace` for those, and gives how many connections had to be cut. Blocks its thread.
    pub fn stop(self, grace: Duration) -> usize {
        self.leave().within(grace);
        self.ended()
    }

    /// The way to tell the workers to end, from any thread.
    pub fn leave(&self) -> Leave {
        Leave(self.stop.clone())
    }

    /// Waits until the workers have ended, and gives how many connections they cut. Blocks its thread.
    pub fn ended(self) -> usize {
        // A worker that panicked is gone already; the others still end in order.
        self.workers.into_iter().map(|worker| worker.join().unwrap_or(0)).sum()
    }
}

/// Tells workers to end.
#[derive(Clone, Debug)]
pub struct Leave(watch::Sender<Option<Instant>>);

impl Leave {
    /// Stop accepting, close idle connections at once and busy ones after their answer, and cut what is
    /// left after `grace`. Who says so again counts from then.
    pub fn within(&self, grace: Duration) {
        self.0.send_replace(Some(Instant::now() + grace));
    }
}

/// The signal to go down, with the moment by which everything has ended.
#[derive(Clone, Debug)]
pub(super) struct Stopping(watch::Receiver<Option<Instant>>);

impl Stopping {
    /// Whether the signal was given.
    pub(super) fn is_given(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns when the signal is given, at once if it was.
    pub(super) async fn given(&mut self) -> Instant {
        let given = self.0.wait_for(Option::is_some).await.map(|by| *by);
        match given {
            Ok(by) => by.unwrap_or_else(Instant::now),
            // Nobody can give it any more.
            Err(_) => std::future::pending().await,
        }
    }
}

/// What every connection of a listener shares.
pub(super) struct House<A> {
    pub(super) application: Arc<A>,
    pub(super) rules: Arc<Rules>,
    pub(super) limits: Arc<Limits>,
    pub(super) tally: Arc<Tally>,
    pub(super) stopping: Stopping,
    tls: Arc<Tls>,
    census: Arc<Census>,
    handshakes: Arc<Semaphore>,
}

impl<A> Clone for House<A> {
    fn clone(&self) -> Self {
        Self {
            application: self.application.clone(),
            rules: self.rules.clone(),
            limits: self.limits.clone(),
            tally: self.tally.clone(),
            stopping: self.stopping.clone(),
            tls: self.tls.clone(),
            census: self.census.clone(),
            handshakes: self.handshakes.clone(),
        }
    }
}

/// A worker's life; gives how many connections it still had when the grace of going down ended.
async fn work<A: Application>(
    socket: StdListener,
    house: Arc<House<A>>,
    desks: Desks,
    mut arrivals: Arrivals,
) -> usize {
    let listener = match TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(target: "lienthong::listener", %error, "a worker cannot use the listening socket");
            return 0;
        }
    };
    let swept = house.clone();
    tokio::spawn(async move {
        loop {
            sleep(SWEEP).await;
            provider::sweep();
            swept.application.sweep();
        }
    });
    let mut stopping = house.stopping.clone();
    loop {
        tokio::select! {
            biased;
            _ = stopping.given() => break,
            Some(arrived) = arrivals.recv() => match arrived.unpack() {
                Ok((stream, place, seat)) => begin(stream, place, seat, &house),
                Err(_) => Tally::count(&house.tally.accept_errors),
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => admit(stream, address, &house, &desks),
                Err(error) => {
                    Tally::count(&house.tally.accept_errors);
                    if !is_of_one_connection(&error) {
                        tracing::error!(target: "lienthong::listener", %error, "connections cannot be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }
    // What was handed over and not begun is closed.
    drop((listener, arrivals));
    // Looked at each time: the grace may be taken back.
    while desks.seated() > 0 && Instant::now() < stopping.given().await {
        sleep(DRAIN_TICK).await;
    }
    desks.seated()
}

/// Errors that say something about the connection that was to be accepted, not about us.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

fn admit<A: Application>(stream: TcpStream, address: SocketAddr, house: &Arc<House<A>>, desks: &Desks) {
    Tally::count(&house.tally.accepted);
    let place = match house.census.admit(address, &house.limits) {
        Ok(place) => place,
        Err(full) => {
            let alarm = match full {
                Full::Connections | Full::Address => &house.tally.over_cap,
                Full::HalfOpen | Full::HalfOpenAddress => &house.tally.half_open,
            };
            alarm.ring(full.limit(), address);
            return;
        }
    };
    match desks.seat(stream, place) {
        Ok(Some((stream, place, seat))) => begin(stream, place, seat, house),
        Ok(None) => {}
        Err(_) => Tally::count(&house.tally.accept_errors),
    }
}

fn begin<A: Application>(stream: TcpStream, place: Place, seat: Seat, house: &Arc<House<A>>) {
    let house = house.clone();
    tokio::spawn(async move {
        connect(stream, place, house).await;
        drop(seat);
    });
}

/// One connection, from its handshake to its end. What a kept connection does not need while it is silent
/// is boxed, or every one would hold room for it.
async fn connect<A: Application>(stream: TcpStream, place: Place, house: Arc<House<A>>) {
    let Some((link, connection, protocol)) = Box::pin(recognised(stream, place, &house)).await else {
        return;
    };
    match protocol {
        HttpVersion::One => http1::serve(link, connection, house).await,
        HttpVersion::Two => Box::pin(http2::serve(link, connection, house)).await,
    }
}

/// The connection of a caller that has shown who it is, in time.
async fn recognised<A>(
    stream: TcpStream,
    place: Place,
    house: &House<A>,
) -> Option<(Box<Link>, Arc<Connection>, HttpVersion)> {
    let mut stopping = house.stopping.clone();
    let shaken = tokio::select! {
        biased;
        _ = stopping.given() => return None,
        shaken = timeout(house.limits.handshake, handshake(stream, place.address, house)) => shaken,
    };
    let Ok(Some((link, peer, protocol))) = shaken else {
        Tally::count(&house.tally.handshakes_failed);
        return None;
    };
    Some((link, Arc::new(Connection::new(peer, house.limits.clone(), house.tls.clone(), place)), protocol))
}

enum HttpVersion {
    One,
    Two,
}

async fn handshake<A>(
    stream: TcpStream,
    address: SocketAddr,
    house: &House<A>,
) -> Option<(Box<Link>, Peer, HttpVersion)> {
    // Whoever says nothing waits for nothing.
    stream.readable().await.ok()?;
    let turn = house.handshakes.acquire().await.ok()?;
    // Small answers must not wait for the caller's acknowledgement of earlier ones.
    stream.set_nodelay(true).ok()?;
    let acceptor = TlsAcceptor::from(house.tls.server());
    let mut shaking = pin!(HANDSHAKING.scope(address, acceptor.accept(Wire(stream))));
    let prompt = timeout(TURN, &mut shaking).await;
    drop(turn);
    let shaken = match prompt {
        Ok(shaken) => shaken,
        Err(_) => shaking.await,
    };
    let stream = match shaken {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(target: "lienthong::tls", %address, %error, "handshake failed");
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    if session.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
        Tally::count(&house.tally.resumed);
    }
    let protocol = if session.alpn_protocol() == Some(b"h2") { HttpVersion::Two } else { HttpVersion::One };
    let chain = session.peer_certificates()?.iter().map(|der| der.clone().into_owned()).collect();
    let peer = Peer::read(chain).ok()?;
    // A resumed session was verified earlier: not necessarily with a list that is still young.
    if let Err(fault) = house.tls.revoked(&peer, Timestamp::now()) {
        tracing::warn!(
            target: "lienthong::tls",
            rule = fault.rule(),
            issuer = peer.facts.issuer,
            serial = peer.facts.serial,
            %address,
            "resumed session: {}",
            fault.message().en
        );
        return None;
    }
    let link = Link::new(stream.into(), house.limits.write_stall, house.limits.drain);
    Some((Box::new(link), peer, protocol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Gateway;

    fn size_of_future<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_silent_connection_holds_no_room_for_an_exchange() {
        let silent = size_of_future(connect::<Gateway>);
        assert!(silent < 2048, "{silent} bytes of a task that only waits");
    }
}
