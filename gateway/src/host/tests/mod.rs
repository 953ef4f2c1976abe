//! The host as its callers meet it: real sockets, real TLS, a throw-away PKI.

mod floods;
mod http2;
mod lifetimes;
mod pieces;
pub(crate) mod pki;
mod requests;
mod smuggling;
mod transport;

use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use http::{Method, StatusCode};
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    Again, AnchorSettings, Answer, Answered, Application, BodyFault, Call, Errand, Incoming, Limits,
    Listener, Material, Pki, PkiSettings, Provider, Refused, Revocation, Serving, Settings, Tls,
    fields::{self, Fields},
};
use pki::{Authority, Identity};

/// Nothing here takes this long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// An application that shows what reached it.
struct Mirror {
    refused: Mutex<Vec<&'static str>>,
    reached: Mutex<Vec<String>>,
    /// Where `/relay/…` is forwarded.
    way_out: OnceLock<Provider>,
    /// `/hold` waits for a permit.
    gate: Semaphore,
}

impl Application for Mirror {
    async fn exchange(&self, request: &mut Incoming) -> Answered {
        if let Some(way) = request.path().strip_prefix("/pieces/") {
            let way = way.to_owned();
            pieces::answer(self, request, &way).await;
            return Answered::InPieces;
        }
        self.whole(request).await.into()
    }

    async fn refuse(&self, refused: &Refused<'_>) -> Answer {
        self.refused.lock().unwrap().push(refused.fault.rule());
        Answer::new(refused.fault.status(), refused.fault.rule())
    }
}

impl Mirror {
    /// Forwards the request, as a gateway does, and answers with what the provider said.
    async fn relay(&self, request: &mut Incoming) -> Answer {
        let body = match request.body(1000).await {
            Ok(body) => body,
            Err(BodyFault::TooSlow) => return Answer::new(StatusCode::REQUEST_TIMEOUT, "too slow"),
            Err(_) => return Answer::new(StatusCode::BAD_REQUEST, "broken"),
        };
        let errand = Errand::begin(PATIENCE, None);
        let call = Call {
            method: request.method().clone(),
            path_and_query: request.path(),
            fields: Fields::NONE,
            body,
            errand: &errand,
            reply_limit: 1000,
            again: Again::Never,
        };
        match self.way_out.get().unwrap().call(call).await {
            Ok(reply) => Answer::new(reply.status, reply.body),
            Err(fault) => Answer::new(StatusCode::BAD_GATEWAY, fault.to_string()),
        }
    }

    async fn whole(&self, request: &mut Incoming) -> Answer {
        self.reached.lock().unwrap().push(format!("{} {}", request.method(), request.path()));
        if let Err(fault) = request.connection().revoked(Timestamp::now()) {
            return Answer::new(StatusCode::FORBIDDEN, fault.rule()).closing();
        }
        match request.path() {
            "/refuse" => Answer::new(StatusCode::FORBIDDEN, "refused"),
            "/hold" => {
                let _permit = self.gate.acquire().await;
                match request.query() {
                    Some("large") => Answer::new(StatusCode::OK, vec![b'x'; 300_000]),
                    _ => Answer::new(StatusCode::OK, "held"),
                }
            }
            path if path.starts_with("/relay/") => self.relay(request).await,
            "/slow" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Answer::new(StatusCode::OK, "slow")
            }
            "/large" => Answer::new(StatusCode::OK, vec![b'x'; 300_000]),
            "/close" => Answer::new(StatusCode::OK, "bye").closing(),
            "/empty" => Answer::new(StatusCode::NO_CONTENT, ""),
            "/panic" => panic!("an application's bug"),
            "/claim" => Answer::new(StatusCode::OK, request.connection().claim("H26/quan-ly").to_string()),
            "/who" => {
                let facts = &request.connection().peer.facts;
                Answer::new(StatusCode::OK, format!("{} {} {:?}", facts.issuer, facts.serial, facts.san_dns))
            }
            _ => match request.body(1000).await {
                Ok(body) => {
                    let query = request.query().unwrap_or("").to_owned();
                    let mut answer =
                        Answer::new(StatusCode::OK, if body.is_empty() { query.into() } else { body });
                    answer.fields.push(fields::EXCHANGE_ID, "1");
                    answer
                }
                Err(BodyFault::TooLarge) => Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
                Err(BodyFault::TooSlow) => Answer::new(StatusCode::REQUEST_TIMEOUT, "too slow"),
                Err(BodyFault::Coding) => Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "coding"),
                Err(BodyFault::Broken) => Answer::new(StatusCode::BAD_REQUEST, "broken"),
            },
        }
    }
}

/// A listener with its PKI, and who may call it.
struct Stage {
    authority: Authority,
    caller: Identity,
    server: Identity,
    /// Removed with the stage.
    _folder: tempfile::TempDir,
    tls: Arc<Tls>,
    serving: Serving,
    mirror: Arc<Mirror>,
    tally: Arc<super::Tally>,
    address: std::net::SocketAddr,
}

/// Small caps. Deadlines stay longer than a busy machine hesitates; tests of deadlines set their own.
fn brisk() -> Limits {
    Limits {
        drain: Duration::from_millis(500),
        target_bytes: 1000,
        head_bytes: 4000,
        headers: 20,
        ..Limits::default()
    }
}

impl Stage {
    fn set(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Goc Thu", folder.path());
        let server = authority.issue("cong", &["localhost"], 90);
        let caller = authority.issue("quan-ly", &["quan-ly.h26.example"], 30);
        authority.publish(&[], 7);
        let tls = Arc::new(Tls::new(load(&authority, &server, Duration::ZERO)));
        let settings = Settings {
            address: "127.0.0.1:0".parse().unwrap(),
            authorities: vec!["localhost".to_owned()],
            workers: 2,
            limits,
        };
        let listener = Listener::bind(settings, tls.clone()).unwrap();
        let (address, tally) = (listener.address().unwrap(), listener.tally());
        let mirror = Arc::new(Mirror {
            refused: Mutex::default(),
            reached: Mutex::default(),
            way_out: OnceLock::new(),
            gate: Semaphore::new(0),
        });
        let serving = listener.serve(mirror.clone()).unwrap();
        Self { authority, caller, server, _folder: folder, tls, serving, mirror, tally, address }
    }

    /// Puts the PKI as it is on disk in force.
    fn reload(&self, server: &Identity) {
        self.tls.swap(load(&self.authority, server, Duration::ZERO));
    }

    fn config(&self, caller: Option<&Identity>) -> Arc<ClientConfig> {
        client_config(&self.authority, caller, &[])
    }

    async fn dial(&self) -> Caller {
        self.dial_as(Some(&self.caller)).await.unwrap()
    }

    async fn dial_as(&self, caller: Option<&Identity>) -> std::io::Result<Caller> {
        self.dial_with(self.config(caller)).await
    }

    async fn dial_with(&self, config: Arc<ClientConfig>) -> std::io::Result<Caller> {
        let tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(config).connect(name, tcp).await?;
        Ok(Caller { stream, bytes: Vec::new() })
    }

    /// Waits until `condition` holds.
    async fn until(&self, condition: impl Fn(&Self) -> bool) {
        let held = timeout(PATIENCE, async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        held.await.expect("the condition held in time");
    }

    fn refused(&self) -> Vec<&'static str> {
        self.mirror.refused.lock().unwrap().clone()
    }
}

fn load(authority: &Authority, server: &Identity, grace: Duration) -> Pki {
    Pki::load(&settings(authority, server, grace), Timestamp::now()).unwrap().0
}

fn settings(authority: &Authority, server: &Identity, grace: Duration) -> PkiSettings {
    PkiSettings {
        certificate: Material::File(server.certificate.clone()),
        key: Material::File(server.key.clone()),
        anchors: vec![AnchorSettings {
            certificate: Material::File(authority.certificate.clone()),
            revocation: Revocation::Required { list: Material::File(authority.list.clone()), grace },
        }],
    }
}

fn client_config(authority: &Authority, caller: Option<&Identity>, protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match caller {
        Some(identity) => builder.with_client_auth_cert(identity.chain(), identity.secret()).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A caller that writes bytes and reads answers.
struct Caller {
    stream: TlsStream<TcpStream>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: String,
}

impl Heard {
    fn closes(&self) -> bool {
        self.head.contains("connection: close")
    }
}

impl Caller {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends and hears one answer.
    async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Heard {
        self.send(bytes).await;
        self.hear().await
    }

    async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.hear_of(&Method::GET)).await.expect("an answer in time").expect("an answer")
    }

    /// One answer, or nothing when the connection ends first.
    async fn hear_of(&mut self, method: &Method) -> Option<Heard> {
        let end = loop {
            if let Some(at) = self.bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.bytes.drain(..end).collect()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().unwrap();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .filter(|_| *method != Method::HEAD)
            .map_or(0, |text| text.trim().parse().unwrap());
        while self.bytes.len() < length {
            self.more().await?;
        }
        let body = String::from_utf8(self.bytes.drain(..length).collect()).unwrap();
        Some(Heard { status, head, body })
    }

    async fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).await.ok()?;
        self.bytes.extend_from_slice(&buffer[..count]);
        (count > 0).then_some(())
    }

    /// Whether the far end has ended the connection, within the time a test waits.
    async fn is_ended(&mut self) -> bool {
        timeout(PATIENCE, async { while self.more().await.is_some() {} }).await.is_ok()
    }
}
