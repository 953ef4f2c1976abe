//! A member's system as a client: HTTPS with a client certificate, over HTTP/1.1 or HTTP/2.
//!
//! A [`Caller`] opens a connection per request; a [`Line`] keeps one open, to show what reaches
//! callers who connected before something changed; a [`Raw`] one takes and gives bytes, to show what
//! becomes of what no client would send. All are blocking: a journey reads top to bottom.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::Identity;

/// Nothing on loopback takes this long unless something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2, negotiated by ALPN.
    Two,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// What came back, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The HTTP version it came by.
    pub version: Version,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A system that calls.
#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    authority: String,
    tls: Option<Arc<ClientConfig>>,
    http: Http,
}

/// A connection kept open.
pub struct Line {
    runtime: Runtime,
    sender: Sender,
    authority: String,
    scheme: &'static str,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Ask {
    /// A GET of `target` (path and query).
    pub fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    /// A POST of `body` as `media`.
    pub fn post(target: &str, media: &str, body: impl Into<Bytes>) -> Self {
        let ask = Self { body: body.into(), ..Self::new(Method::POST, target) };
        ask.header("Content-Type", media)
    }

    /// Any method.
    pub fn new(method: Method, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    /// With one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The purpose of the request, as `Lt-Purpose`.
    #[must_use]
    pub fn purpose(self, purpose: &str) -> Self {
        self.header("Lt-Purpose", purpose)
    }

    /// `GET /api/…`, for showing.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The header fields.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    pub fn content(&self) -> &Bytes {
        &self.body
    }
}

impl Answer {
    /// A header field's value, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none, which no assertion about its content survives.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Caller {
    /// A caller of `address` under the name `localhost`, trusting `ca`, with or without a
    /// certificate of its own.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(address: SocketAddr, ca: &Path, identity: Option<&Identity>, http: Http) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).with_context(|| format!("reading {}", ca.display()))?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut tls = match identity {
            Some(identity) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&identity.certificate)?],
                PrivateKeyDer::from_pem_file(&identity.key)?,
            )?,
            None => builder.with_no_client_auth(),
        };
        let offered: &[u8] = if http == Http::Two { b"h2" } else { b"http/1.1" };
        tls.alpn_protocols = vec![offered.to_vec()];
        let authority = format!("localhost:{}", address.port());
        Ok(Self { address, authority, tls: Some(Arc::new(tls)), http })
    }

    /// A caller without TLS, for addresses that only this machine reaches.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, authority: address.to_string(), tls: None, http: Http::One }
    }

    /// One request on a connection of its own.
    ///
    /// # Errors
    /// When no answer comes back: no connection, a TLS alert, a broken or late reply.
    pub fn ask(&self, ask: Ask) -> Result<Answer> {
        self.connect()?.ask(ask)
    }

    /// A connection that stays open.
    ///
    /// # Errors
    /// When there is no connection or the handshake fails.
    pub fn connect(&self) -> Result<Line> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let opening = async { timeout(PATIENCE, self.open()).await.context("connecting takes too long")? };
        let sender = runtime.block_on(opening)?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(Line { runtime, sender, authority: self.authority.clone(), scheme })
    }

    /// A connection for bytes.
    ///
    /// # Errors
    /// As [`Caller::connect`]; also for a caller without TLS.
    pub fn raw(&self) -> Result<Raw> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let tls = self.tls.as_ref().context("a caller with TLS")?;
        let shaking = async {
            timeout(PATIENCE, async { self.shake(self.dial().await?, tls).await })
                .await
                .context("connecting takes too long")?
        };
        let stream = runtime.block_on(shaking)?;
        Ok(Raw { runtime, stream })
    }

    async fn dial(&self) -> Result<TcpStream> {
        let tcp = TcpStream::connect(self.address)
            .await
            .with_context(|| format!("no connection to {}", self.address))?;
        tcp.set_nodelay(true)?;
        Ok(tcp)
    }

    async fn shake(&self, tcp: TcpStream, tls: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost")?;
        Ok(TlsConnector::from(tls.clone()).connect(name, tcp).await?)
    }

    async fn open(&self) -> Result<Sender> {
        let tcp = self.dial().await?;
        let Some(tls) = &self.tls else {
            return self.speak(TokioIo::new(tcp)).await;
        };
        let stream = self.shake(tcp, tls).await?;
        let negotiated = stream.get_ref().1.alpn_protocol();
        ensure!(self.http == Http::One || negotiated == Some(b"h2"), "the other side does not speak HTTP/2");
        self.speak(TokioIo::new(stream)).await
    }

    async fn speak<S>(&self, stream: TokioIo<S>) -> Result<Sender>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        Ok(match self.http {
            Http::One => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                Sender::One(sender)
            }
            Http::Two => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(connection);
                Sender::Two(sender)
            }
        })
    }
}

/// A connection as bytes.
pub struct Raw {
    runtime: Runtime,
    stream: TlsStream<TcpStream>,
}

impl Raw {
    /// Sends these bytes; whether the other side still took them.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        self.runtime.block_on(async { timeout(PATIENCE, sent).await }).is_ok_and(|sent| sent.is_ok())
    }

    /// All that comes until the other side ends the connection, or nothing more comes for `quiet`; and
    /// whether it has ended.
    pub fn hear(&mut self, quiet: Duration) -> (Vec<u8>, bool) {
        let mut all = Vec::new();
        let ended = self.runtime.block_on(async {
            let mut some = [0; 16 * 1024];
            loop {
                match timeout(quiet, self.stream.read(&mut some)).await {
                    Err(_) => return false,
                    Ok(Ok(count)) if count > 0 => all.extend(some.iter().take(count)),
                    Ok(_) => return true,
                }
            }
        });
        (all, ended)
    }
}

impl Line {
    /// One more request on this connection.
    ///
    /// # Errors
    /// As [`Caller::ask`]; a closed connection stays closed.
    pub fn ask(&mut self, ask: Ask) -> Result<Answer> {
        let mut request = Request::builder().method(ask.method);
        request = match self.sender {
            Sender::One(_) => request.uri(&ask.target).header("Host", &self.authority),
            Sender::Two(_) => request
                .version(Version::HTTP_2)
                .uri(format!("{}://{}{}", self.scheme, self.authority, ask.target)),
        };
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(ask.body))?;
        let sender = &mut self.sender;
        let exchange = async move {
            let response = match sender {
                Sender::One(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await?
                }
                Sender::Two(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await?
                }
            };
            let (head, body) = response.into_parts();
            let body = body.collect().await.context("the reply broke off")?.to_bytes();
            anyhow::Ok(Answer {
                status: head.status.as_u16(),
                version: head.version,
                headers: head.headers,
                body,
            })
        };
        match self.runtime.block_on(async { timeout(PATIENCE, exchange).await }) {
            Ok(answer) => answer,
            Err(_) => bail!("no answer within {PATIENCE:?}"),
        }
    }
}
