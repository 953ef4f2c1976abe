//! The operators' address: health, readiness, metrics, status and reload.
//!
//! It listens on loopback unless configured otherwise. `/healthz`, `/readyz` and `/metrics` answer
//! anyone who reaches it, since probes carry no secrets and the answers hold none; `/status` and
//! `POST /reload` ask for an operator's token, and what a token did is journalled under its name.

mod status;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::{exchange::Gateway, world::sha256};

/// A probe or an operator sends its request at once; nothing else may hold a connection.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// Answers are small; who does not take one in this time is gone.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(60);

/// An operator and the token that shows it.
pub struct Operator {
    /// The name that is journalled.
    pub name: String,
    /// SHA-256 of the token: digests are compared, so that how long a comparison takes tells nothing
    /// of the token.
    pub token: [u8; 32],
}

/// The operators' side of one gateway.
pub struct Admin {
    /// The gateway it speaks of.
    pub gateway: Arc<Gateway>,
    /// Who may ask for more than health.
    pub operators: Vec<Operator>,
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
                async move { Ok::<_, Infallible>(admin.answer(&request)) }
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
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
            (&Method::GET, "/readyz") => self.ready(),
            (&Method::GET, "/metrics") => match self.gateway.metrics().text() {
                Ok(body) => reply(StatusCode::OK, "text/plain; version=0.0.4", body),
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "metrics cannot be written\n"),
            },
            (&Method::GET, "/status") => match self.operator(request) {
                Some(_) => reply(
                    StatusCode::OK,
                    "application/json",
                    status::json(&self.gateway).to_string().into_bytes(),
                ),
                None => unauthorized(),
            },
            (&Method::POST, "/reload") => match self.operator(request) {
                Some(operator) => {
                    let standing = self.gateway.keeper().reload(&operator.name);
                    let status =
                        if standing.faults.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
                    reply(status, "application/json", status::standing(&standing).to_string().into_bytes())
                }
                None => unauthorized(),
            },
            (_, "/healthz" | "/readyz" | "/metrics" | "/status" | "/reload") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n")
            }
            _ => text(StatusCode::NOT_FOUND, "GET /healthz /readyz /metrics /status, POST /reload\n"),
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        match self.gateway.unready() {
            None => text(StatusCode::OK, "ready\n"),
            Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, &format!("{reason}\n")),
        }
    }

    fn operator(&self, request: &Request<Incoming>) -> Option<&Operator> {
        let given = request.headers().get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        let given = sha256(given);
        self.operators.iter().find(|operator| operator.token == given)
    }
}

fn unauthorized() -> Response<Full<Bytes>> {
    text(StatusCode::UNAUTHORIZED, "an operator's token is needed: Authorization: Bearer …\n")
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
