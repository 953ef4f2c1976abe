//! The operators' address: health, readiness, metrics, status and reload.
//!
//! It listens on loopback unless configured otherwise. `/healthz`, `/readyz` and `/metrics` answer
//! anyone who reaches it, since probes carry no secrets and the answers hold none; `/status` and
//! `POST /reload` ask for an operator's token, and what a token did is journalled under its name.

mod readiness;
mod status;
mod upstreams;
mod vitals;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::{
    exchange::Gateway,
    host::{Census, Tally},
    world::{Operator, sha256},
};
use readiness::Readiness;

/// A probe or an operator sends its request at once; nothing else may hold a connection.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// Answers are small; who does not take one in this time is gone.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(60);

/// The operators' side of one gateway.
pub struct Admin {
    /// The gateway it speaks of.
    pub gateway: Arc<Gateway>,
    /// Who may ask for more than health.
    pub operators: Vec<Operator>,
    /// What happens below the application.
    pub tally: Arc<Tally>,
    /// How many connections are open.
    pub census: Arc<Census>,
    /// Whether the gateway was told to end.
    pub leaving: AtomicBool,
}

/// Binds `address`.
///
/// # Errors
/// The address is taken or not ours.
pub fn bind(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until the process ends.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(listener: std::net::TcpListener, admin: Arc<Admin>) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let admin = Arc::clone(&admin);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let admin = Arc::clone(&admin);
                async move { Ok::<_, Infallible>(admin.answer(&request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_DEADLINE)
                .serve_connection(TokioIo::new(stream), service);
            // A probe that hangs up early is not worth a line.
            let _ = tokio::time::timeout(CONNECTION_DEADLINE, connection).await;
        });
    }
}

impl Admin {
    /// The body of a request is never read: nothing here takes one.
    async fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
            (&Method::GET, "/readyz") => self.ready(),
            (&Method::GET, "/metrics") => self.metrics(),
            (&Method::GET, "/status") => match self.operator(request) {
                Some(_) => json(StatusCode::OK, &status::json(self, Timestamp::now())),
                None => unauthorized(),
            },
            (&Method::POST, "/reload") => match self.operator(request) {
                Some(operator) => self.reload(operator.name.clone()).await,
                None => unauthorized(),
            },
            (_, "/healthz" | "/readyz" | "/metrics" | "/status" | "/reload") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n")
            }
            _ => text(StatusCode::NOT_FOUND, "GET /healthz /readyz /metrics /status, POST /reload\n"),
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let mut readiness = Readiness::of(&self.gateway, Timestamp::now());
        if self.leaving.load(Ordering::Relaxed) {
            readiness.leaving();
        }
        let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        text(status, &readiness.to_string())
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let mut page = self.gateway.metrics().page();
        vitals::tell(self, Timestamp::now(), &mut page);
        reply(StatusCode::OK, "text/plain; version=0.0.4", page.into_text().into_bytes())
    }

    /// Compiling takes as long as it takes; probes are answered meanwhile.
    async fn reload(&self, operator: String) -> Response<Full<Bytes>> {
        let keeper = Arc::clone(self.gateway.keeper());
        match tokio::task::spawn_blocking(move || keeper.reload(&operator)).await {
            Ok(standing) => {
                let sound = standing.faults().next().is_none();
                let status = if sound { StatusCode::OK } else { StatusCode::CONFLICT };
                json(status, &status::standing(&standing))
            }
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the reload did not end; see the log\n"),
        }
    }

    fn operator<B>(&self, request: &Request<B>) -> Option<&Operator> {
        let given = request.headers().get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        let given = sha256(given.trim_ascii());
        self.operators.iter().find(|operator| operator.token == given)
    }
}

fn unauthorized() -> Response<Full<Bytes>> {
    text(StatusCode::UNAUTHORIZED, "an operator's token is needed: Authorization: Bearer …\n")
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    reply(status, "application/json", value.to_string().into_bytes())
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    reply(status, "text/plain; charset=utf-8", body.as_bytes().to_vec())
}

fn reply(status: StatusCode, media: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media));
    response
}

#[cfg(test)]
mod tests;
