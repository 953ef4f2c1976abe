//! The service address: mutual TLS, the gateway's certificate alone, and misbehaviour on request.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context as Cx, Poll},
    time::Duration,
};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited, combinators::BoxBody};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use super::{Part, Received, Reply, Settings, control::Behaviour, flow::Flow, identity};

/// The largest body a neighbour takes; the gateway's own limit is 1 MiB.
const BODY_CAP: usize = 8 * 1024 * 1024;
/// How many requests are remembered for [`super::control`].
const MEMORY: usize = 10_000;

/// A neighbour's part, how it is to be played, and what was seen while playing.
pub struct Stage {
    part: Box<dyn Part>,
    behaviour: Mutex<Behaviour>,
    seen: Mutex<Vec<Arc<Received>>>,
    /// Tells open connections that the neighbour goes down.
    down: Notify,
}

impl Stage {
    pub(super) fn new(part: Box<dyn Part>) -> Self {
        Self {
            part,
            behaviour: Mutex::new(Behaviour::Proper),
            seen: Mutex::new(Vec::new()),
            down: Notify::new(),
        }
    }

    pub(super) fn behave(&self, behaviour: Behaviour) {
        let goes_down = matches!(behaviour, Behaviour::Down);
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
        if goes_down {
            self.down.notify_waiters();
        }
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn seen(&self) -> Vec<Arc<Received>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn forget(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remember(&self, request: &Arc<Received>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MEMORY {
            seen.push(Arc::clone(request));
        }
    }
}

/// The bound service address.
pub struct Service {
    listener: TcpListener,
    tls: TlsAcceptor,
    /// The one certificate whose holder may call.
    gateway: CertificateDer<'static>,
    stage: Arc<Stage>,
}

impl Service {
    pub(super) async fn bind(settings: &Settings, stage: Arc<Stage>) -> Result<Self> {
        let pki = &settings.pki;
        let certificate = |name: &str| {
            let file = pki.join(name);
            CertificateDer::from_pem_file(&file).with_context(|| format!("reading {}", file.display()))
        };
        let mut roots = RootCertStore::empty();
        roots.add(certificate("ca.pem")?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
        let own = format!("provider--{}", support::pki::file_name(&settings.system));
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate(&format!("{own}.pem"))?],
                PrivateKeyDer::from_pem_file(pki.join(format!("{own}.key")))?,
            )?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("listening on {}", settings.listen))?;
        let gateway = certificate("gateway-client.pem")?;
        Ok(Self { listener, tls: TlsAcceptor::from(Arc::new(tls)), gateway, stage })
    }

    pub(super) async fn run(&self) {
        loop {
            match self.listener.accept().await {
                Ok((tcp, _)) => self.accept(tcp),
                // Out of file descriptors, say: wait for some to come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn accept(&self, tcp: TcpStream) {
        if matches!(self.stage.behaviour(), Behaviour::Down) {
            return;
        }
        let (acceptor, gateway, stage) = (self.tls.clone(), self.gateway.clone(), Arc::clone(&self.stage));
        tokio::spawn(async move {
            let _ = tcp.set_nodelay(true);
            let stream = match acceptor.accept(tcp).await {
                Ok(stream) => stream,
                Err(error) => return eprintln!("handshake refused: {error}"),
            };
            let known = stream.get_ref().1.peer_certificates().and_then(<[_]>::first) == Some(&gateway);
            let playing = Arc::clone(&stage);
            let service = service_fn(move |request| play(Arc::clone(&playing), known, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // Connections end however they end; what matters is what was answered on them.
            tokio::select! {
                _ = connection => {}
                () = stage.down.notified() => {}
            }
        });
    }
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// One request. An error closes the connection without a word.
async fn play(stage: Arc<Stage>, known: bool, request: Request<Incoming>) -> Result<Answer, io::Error> {
    let (head, body) = request.into_parts();
    let whole = Limited::new(body, BODY_CAP).collect().await;
    let received = Arc::new(Received {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: whole.map(|body| body.to_bytes()).map_err(io::Error::other)?,
    });
    let behaviour = stage.behaviour();
    if matches!(behaviour, Behaviour::Down) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    stage.remember(&received);
    if !known {
        return Ok(write(Reply::refusal(StatusCode::FORBIDDEN, "only the gateway may call here"), false));
    }
    if let Err(why) = identity::check(&received) {
        return Ok(write(Reply::refusal(StatusCode::BAD_REQUEST, why), false));
    }
    if matches!(behaviour, Behaviour::Fail) {
        return Ok(write(Reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, "told to fail"), false));
    }
    let mut reply = stage.part.answer(&received);
    match &behaviour {
        Behaviour::Late { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Behaviour::Garble { field, value } if reply.status.is_success() => {
            reply.body = super::control::garble(&reply, field, value);
        }
        Behaviour::Mute => return Err(io::ErrorKind::ConnectionAborted.into()),
        Behaviour::Flow(terms) => {
            if let Some(flow) = Flow::of(&reply.body, "MaSo", terms.clone()) {
                return Ok(headed(&reply, flow.boxed()));
            }
        }
        _ => {}
    }
    Ok(write(reply, matches!(behaviour, Behaviour::HangUp)))
}

fn write(reply: Reply, hang_up: bool) -> Answer {
    let body = if hang_up {
        Half { whole: reply.body.len() as u64, first: Some(reply.body.slice(..reply.body.len() / 2)) }.boxed()
    } else {
        Full::new(reply.body.clone()).map_err(|never: Infallible| match never {}).boxed()
    };
    headed(&reply, body)
}

fn headed(reply: &Reply, body: BoxBody<Bytes, io::Error>) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.media));
    // Providers say things that are nobody else's business; none of this may leave the gateway.
    headers.insert(header::SERVER, HeaderValue::from_static("simulated-neighbour/1"));
    headers.insert(header::SET_COOKIE, HeaderValue::from_static("session=of-the-provider"));
    headers.insert("x-internal-host", HeaderValue::from_static("db-01.noi-bo"));
    if let Some(location) = reply.location.as_ref().and_then(|location| HeaderValue::try_from(location).ok())
    {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// A body that promises all and breaks off halfway.
struct Half {
    whole: u64,
    first: Option<Bytes>,
}

impl Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.first.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::ErrorKind::ConnectionAborted.into()),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}
