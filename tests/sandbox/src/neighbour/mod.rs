//! Simulated neighbours: stand-ins for the systems that the gateway connects.
//!
//! They are **simulations**: people, organisations and numbers are invented, and no real system was
//! copied. What is real is what the gateway has to withstand. Each is a process of its own, serves
//! over mutual TLS to the gateway's certificate alone, keeps records in a file that survives a
//! restart, and judges what reaches it by code that shares nothing with the gateway's: another JSON
//! and XML reading, its own list of fields, its own idea of a well-formed identity header.
//!
//! A second address on loopback takes test controls ([`control`]): what was seen, and how to misbehave.

mod control;
mod flow;
mod identity;
mod information_system;
mod ministry;
mod network;
mod population;
mod province;
mod serve;
mod store;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::signal::unix::{SignalKind, signal};

use self::store::Store;

/// Which neighbour, and where.
pub struct Settings {
    /// `G06/he-thong-khcn`.
    pub system: String,
    /// The service address.
    pub listen: SocketAddr,
    /// The controls' address.
    pub control: SocketAddr,
    /// Certificates.
    pub pki: PathBuf,
    /// Records.
    pub data: PathBuf,
}

/// Serves until told to stop.
///
/// # Errors
/// When certificates, data or ports cannot be had.
pub fn run(settings: &Settings) -> Result<()> {
    let keep = settings.data.join(format!("{}.json", support::pki::file_name(&settings.system)));
    let part: Box<dyn Part> = match settings.system.as_str() {
        "G06/he-thong-khcn" => Box::new(information_system::InformationSystem::open(Store::open(&keep)?)?),
        "H26/quan-ly-khcn" => Box::new(province::Province::open(Store::open(&keep)?)?),
        "G03/quan-ly-de-tai" => Box::new(ministry::Ministry::open(Store::open(&keep)?)?),
        "G01/he-thong-dan-cu" => Box::new(population::Population::open()?),
        "G06/quan-trac-phong-xa" => Box::new(network::Network::open()?),
        other => bail!("no simulated neighbour is called `{other}`"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stage = Arc::new(serve::Stage::new(part));
        let service = serve::Service::bind(settings, Arc::clone(&stage)).await?;
        let controls = control::Controls::bind(settings.control, stage).await?;
        println!(
            "{} (simulated) serves on {}, controls on {}",
            settings.system, settings.listen, settings.control
        );
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            () = service.run() => {}
            () = controls.run() => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    })
}

/// What a neighbour does with a request that the gateway made.
trait Part: Send + Sync {
    /// Answers, changing its state where asked.
    fn answer(&self, request: &Received) -> Reply;
}

/// A request, whole.
struct Received {
    method: Method,
    /// Raw, without the query.
    path: String,
    /// Raw.
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    /// A header field's value when it is there exactly once.
    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// The media type, parameters aside.
    fn media(&self) -> &str {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim()
    }

    /// Query parameters, decoded.
    fn parameters(&self) -> Vec<(String, String)> {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(k, v)| (decode(k), decode(v)))
            .collect()
    }

    /// What follows `prefix/` in the path, decoded: `Some("")` for the collection itself.
    fn below(&self, prefix: &str) -> Option<String> {
        let rest =
            self.path.strip_prefix(prefix)?.strip_prefix('/').or((self.path == prefix).then_some(""))?;
        // A slash inside an identifier arrives encoded; a plain one would be another resource.
        (!rest.contains('/'))
            .then(|| percent_encoding::percent_decode_str(rest).decode_utf8_lossy().into_owned())
    }
}

/// An answer.
struct Reply {
    status: StatusCode,
    media: &'static str,
    location: Option<String>,
    body: Bytes,
}

impl Reply {
    fn new(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, media, location: None, body: body.into() }
    }

    /// A refusal in the neighbour's own words, which the gateway has no business passing on.
    fn refusal(status: StatusCode, why: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{why}\n"))
    }
}
