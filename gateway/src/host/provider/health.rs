//! Looks at endpoints while nobody calls them, where their document asks for it.
//!
//! A look is the gateway's own: it goes out under the gateway's certificate, names no consumer, and is
//! no exchange. One prober serves the process, whatever the number of workers; each endpoint is looked
//! at on its own clock, blurred by a tenth so that thousands of them do not fall into step, and only so
//! many looks are under way at once. What they find goes on the endpoint's
//! [record](super::breaker), beside what calls find.

use std::{sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use policies::{HealthCheck, Look};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use super::{
    Endpoint, Provider,
    balance::chance,
    reply::hear,
    request,
    standing::{Standing, clock},
};

/// How often the prober looks for endpoints whose turn has come. It is the finest step of `every`.
const STEP: Duration = Duration::from_millis(100);

/// Looks under way at once: enough that a hundred endpoints that hang do not delay the others by a
/// whole turn, and few enough that looks never compete with calls.
const AT_ONCE: usize = 64;

/// Who calls, for providers' logs.
const AGENT: &str = "lienthong-health";

/// Looks at the endpoints of what `providers` gives, for as long as it gives something. `providers`
/// lends the present ones to what it is given.
pub async fn probe(providers: impl Fn(&mut dyn FnMut(&Arc<Provider>)) -> bool) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let now = clock();
        let mut due = Vec::new();
        let serving = providers(&mut |provider| due.extend(provider.due(now)));
        if !serving {
            return;
        }
        for (provider, index) in due {
            // Whoever finds no room keeps its turn.
            let Ok(room) = Arc::clone(&room).try_acquire_owned() else { break };
            provider.schedule(index, now);
            tokio::spawn(async move {
                provider.look(index).await;
                drop(room);
            });
        }
        tokio::time::sleep(STEP).await;
    }
}

impl Provider {
    /// Whether its document asks for looks.
    pub fn is_looked_at(&self) -> bool {
        self.health.is_some()
    }

    /// The endpoints whose turn has come.
    fn due(self: &Arc<Self>, now: u64) -> Vec<(Arc<Self>, usize)> {
        let Some(check) = &self.health else { return Vec::new() };
        let mut due = Vec::new();
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let standing = &endpoint.standing;
            match standing.looked_at.load(Relaxed) {
                // The first looks are spread over the whole of a turn.
                0 => standing.looked_at.store(now + 1 + chance() % milliseconds(check.every).max(1), Relaxed),
                at if at <= now => due.push((Arc::clone(self), index)),
                _ => {}
            }
        }
        due
    }

    /// Sets the next turn.
    fn schedule(&self, index: usize, now: u64) {
        if let (Some(endpoint), Some(check)) = (self.endpoints.get(index), &self.health) {
            endpoint.standing.looked_at.store(next(now, check.every, chance()), Relaxed);
        }
    }

    /// Takes a look at one endpoint, and puts what it finds on record.
    pub(super) async fn look(&self, index: usize) {
        let (Some(endpoint), Some(check)) = (self.endpoints.get(index), &self.health) else { return };
        let good = timeout(check.timeout, self.finds_well(endpoint, check)).await.unwrap_or(false);
        Standing::looked(&endpoint.standing, good, check);
    }

    async fn finds_well(&self, endpoint: &Endpoint, check: &HealthCheck) -> bool {
        let path = match &check.look {
            Look::Tcp => return TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await.is_ok(),
            Look::Tls => return self.connect(endpoint).await.is_ok(),
            Look::Path(path) => path,
        };
        let Ok(mut stream) = self.connect(endpoint).await else { return false };
        let Some(question) = self.question(path) else { return false };
        if request::send(&mut stream, &[&question]).await.is_err() {
            return false;
        }
        // Its body is nobody's concern: the connection is closed with it.
        hear(stream).await.is_ok_and(|(head, _)| head.status.is_success())
    }

    fn question(&self, path: &str) -> Option<Vec<u8>> {
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let parts: [&[u8]; 7] = [
            b"GET ",
            path.as_bytes(),
            b" HTTP/1.1\r\nHost: ",
            self.host.as_bytes(),
            b"\r\nUser-Agent: ",
            AGENT.as_bytes(),
            b"\r\nConnection: close\r\n\r\n",
        ];
        Some(parts.concat())
    }
}

/// A turn later, give or take a tenth.
fn next(now: u64, every: Duration, chance: u64) -> u64 {
    let every = milliseconds(every);
    let tenth = every / 10;
    now + every - tenth + chance % (2 * tenth + 1)
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_blurred_by_a_tenth() {
        let second = Duration::from_secs(1);
        assert_eq!((next(5, second, 0), next(5, second, 200), next(5, second, 201)), (905, 1105, 905));
        assert_eq!(next(5, Duration::from_millis(1), 7), 6);
    }
}
