//! Full handshakes, as many as a server can do.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::rustls::ClientConfig;

use super::{Latencies, Outcome, connection::handshake, used};

/// A server that does not close a connection that was closed hangs.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Opens `count` connections at a time without asking anything, until `length` has passed. Each is closed
/// and waited for until the server has closed it too: by then it has checked the client's certificate.
pub fn shake_hands(
    address: SocketAddr,
    tls: &Arc<ClientConfig>,
    count: usize,
    length: Duration,
) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let own = used()?;
    let begun = Instant::now();
    let end = begun + length;
    let latencies = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let tls = tls.clone();
            tasks.spawn(async move {
                let mut latencies = Latencies::default();
                while Instant::now() < end {
                    let begun = Instant::now();
                    let mut stream = handshake(address, tls.clone()).await?;
                    stream.shutdown().await?;
                    let mut rest = Vec::new();
                    // Some close with an alert and some without: gone is gone.
                    let _ = timeout(GONE_WITHIN, stream.read_to_end(&mut rest))
                        .await
                        .context("a closed connection was kept")?;
                    latencies.add(begun.elapsed());
                }
                anyhow::Ok(latencies)
            });
        }
        let mut latencies = Latencies::default();
        while let Some(task) = tasks.join_next().await {
            latencies.merge(&task??);
        }
        anyhow::Ok(latencies)
    })?;
    Ok(Outcome { latencies, elapsed: begun.elapsed(), own: used()?.saturating_sub(own) })
}
