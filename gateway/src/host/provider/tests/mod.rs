//! Calls to a provider that does what a test tells it to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderName, Method};
use jiff::Timestamp;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

mod failing;

use super::*;
use crate::host::{
    fields::{self, Name},
    tests::pki::{Authority, Identity},
};

/// What the provider does with a request.
#[derive(Clone)]
pub(in crate::host) enum Deed {
    /// Writes these bytes and waits for the next request.
    Say(String),
    /// Writes these bytes and closes.
    SayAndClose(String),
    /// Writes these bytes and cuts the connection without a TLS goodbye.
    SayAndCut(String),
    /// Closes without a word.
    Close,
    /// Writes the first, and the second a moment later.
    SayTwice(String, String),
    /// Writes these bytes one by one, with this much time between them.
    Drip(String, Duration),
    /// Writes these bytes over and over, for as long as they are taken.
    Endless(String, String),
    /// Says nothing, keeps the connection.
    Silence,
}

/// What a test tells the provider: connection (from 0), request on it (from 0) → deed.
type Script = Arc<dyn Fn(usize, usize) -> Deed + Send + Sync>;

pub(in crate::host) struct Neighbour {
    pub(in crate::host) address: SocketAddr,
    authority: Arc<Authority>,
    client: Arc<Identity>,
    folder: Arc<tempfile::TempDir>,
    config: Arc<ServerConfig>,
    /// Connection number and text of each request that arrived.
    heard: Heard,
}

pub(in crate::host) fn ok(body: &str) -> Deed {
    Deed::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

impl Neighbour {
    pub(in crate::host) async fn open(script: impl Fn(usize, usize) -> Deed + Send + Sync + 'static) -> Self {
        Self::begin(Arc::new(script), Duration::ZERO).await
    }

    /// One that answers well after `wait`.
    async fn slow(wait: Duration) -> Self {
        Self::begin(Arc::new(|_, _| ok("a")), wait).await
    }

    async fn begin(script: Script, wait: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Goc Thu", folder.path());
        let server = authority.issue("ben-cung-cap", &["khcn.example"], 90);
        let client = authority.issue("cong", &["cong.example"], 90);
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(server.chain(), server.secret())
            .unwrap();
        let config = Arc::new(config);
        let (address, heard) = serve(config.clone(), script, wait).await;
        let (authority, client) = (Arc::new(authority), Arc::new(client));
        Self { address, authority, client, folder: Arc::new(folder), config, heard }
    }

    /// Another one with the same certificates.
    async fn twin(&self, script: impl Fn(usize, usize) -> Deed + Send + Sync + 'static) -> Self {
        let (address, heard) = serve(self.config.clone(), Arc::new(script), Duration::ZERO).await;
        let (authority, client) = (self.authority.clone(), self.client.clone());
        Self { address, authority, client, folder: self.folder.clone(), config: self.config.clone(), heard }
    }

    fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            endpoints: vec![EndpointSettings { url: format!("https://{}/ws", self.address), weight: 1 }],
            server_name: "khcn.example".to_owned(),
            trust: Material::File(self.authority.certificate.clone()),
            client: Some((
                Material::File(self.client.certificate.clone()),
                Material::File(self.client.key.clone()),
            )),
            connect: Duration::from_secs(2),
            name: ("G06/thu".to_owned(), 1),
            patience: Duration::from_secs(5),
            concurrent: 1024,
            balance: Balance::LeastLoaded,
            breaker: Breaker::default(),
            health: None,
            retry: Retry::default(),
            idle: ProviderSettings::IDLE,
            idle_streams: ProviderSettings::IDLE_STREAMS,
        }
    }

    pub(in crate::host) fn provider(&self) -> Provider {
        compile(&self.settings())
    }

    pub(in crate::host) fn heard(&self) -> Vec<(usize, String)> {
        self.heard.lock().unwrap().clone()
    }

    /// The connection each request came on.
    fn connections(&self) -> Vec<usize> {
        self.heard().iter().map(|(connection, _)| *connection).collect()
    }
}

type Heard = Arc<Mutex<Vec<(usize, String)>>>;

async fn serve(config: Arc<ServerConfig>, script: Script, wait: Duration) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let (acceptor, log) = (TlsAcceptor::from(config), heard.clone());
    tokio::spawn(async move {
        for connection in 0.. {
            let (tcp, _) = listener.accept().await.unwrap();
            let (acceptor, script, log) = (acceptor.clone(), script.clone(), log.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(tcp).await {
                    attend(stream, connection, script, log, wait).await;
                }
            });
        }
    });
    (address, heard)
}

async fn attend(
    mut stream: TlsStream<TcpStream>,
    connection: usize,
    script: Script,
    log: Heard,
    wait: Duration,
) {
    for number in 0.. {
        let Some(text) = hear(&mut stream).await else { return };
        log.lock().unwrap().push((connection, text));
        sleep(wait).await;
        match script(connection, number) {
            Deed::Say(bytes) => {
                stream.write_all(bytes.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
            Deed::SayAndClose(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.shutdown().await;
                return;
            }
            Deed::SayAndCut(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.flush().await;
                return;
            }
            Deed::SayTwice(first, second) => {
                stream.write_all(first.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                sleep(Duration::from_millis(50)).await;
                let _ = stream.write_all(second.as_bytes()).await;
                let _ = stream.flush().await;
            }
            Deed::Drip(bytes, pause) => {
                for byte in bytes.as_bytes() {
                    if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                    sleep(pause).await;
                }
            }
            Deed::Endless(first, more) => {
                let _ = stream.write_all(first.as_bytes()).await;
                while stream.write_all(more.as_bytes()).await.is_ok() && stream.flush().await.is_ok() {}
                return;
            }
            Deed::Close => return,
            Deed::Silence => sleep(Duration::from_secs(60)).await,
        }
    }
}

/// One request, head and body.
async fn hear(stream: &mut TlsStream<TcpStream>) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

fn compile(settings: &ProviderSettings) -> Provider {
    Provider::compile(settings, &Standings::default(), Timestamp::now()).unwrap().0
}

fn get(path: &str) -> Call<'_> {
    Call {
        method: Method::GET,
        path_and_query: path,
        fields: Fields::NONE,
        body: Bytes::new(),
        errand: within(Duration::from_secs(5)),
        reply_limit: 1000,
        again: Again::Freely,
    }
}

/// An errand for one test, however long that is.
fn within(time: Duration) -> &'static Errand {
    Box::leak(Box::new(Errand::begin(Duration::from_secs(10), Some(time))))
}

fn post(body: &'static str) -> Call<'static> {
    Call {
        method: Method::POST,
        body: Bytes::from_static(body.as_bytes()),
        again: Again::Never,
        ..get("/records")
    }
}

const BROKEN: CallFault = CallFault::Broken { sent: true };

#[tokio::test]
async fn a_call_carries_what_it_should_and_nothing_else() {
    let neighbour = Neighbour::open(|_, _| {
        Deed::Say(
            "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Type: a/b\r\nConnection: keep-alive, X-Hop\r\n\
             X-Hop: 1\r\nKeep-Alive: timeout=5\r\nETag: \"1\"\r\n\r\nok"
                .to_owned(),
        )
    })
    .await;
    let provider = neighbour.provider();
    let mut fields = Fields::new();
    fields.push(fields::CONTENT_TYPE, "application/json");
    fields.push(Name::of("lt-purpose"), "quan-ly");
    let before = Timestamp::now();
    let whole = Errand::begin(Duration::from_secs(10), None);
    let reply = provider.call(Call { fields: &fields, errand: &whole, ..post("{\"a\":1}") }).await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (201, &b"ok"[..]));
    assert!(before <= reply.sent_at && reply.sent_at <= reply.received_at);
    let names: Vec<&str> = reply.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["content-type", "etag"]);

    let text = neighbour.heard()[0].1.to_ascii_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "post /ws/records http/1.1");
    lines.sort_unstable();
    let left = lines.remove(4).strip_prefix("lt-deadline-ms: ").unwrap().parse::<u64>().unwrap();
    assert!((9_000..=10_000).contains(&left), "{left}");
    let host = format!("host: khcn.example:{}", neighbour.address.port());
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "content-length: 7",
            "content-type: application/json",
            &host,
            "lt-purpose: quan-ly"
        ]
    );
    assert_eq!(body, "{\"a\":1}");
}

#[tokio::test]
async fn paths_are_put_below_the_base() {
    let neighbour = Neighbour::open(|_, _| ok("")).await;
    let provider = neighbour.provider();
    for (path, target) in [("/", "/ws"), ("/?a=b", "/ws?a=b"), ("/KC.01?x=%2F", "/ws/KC.01?x=%2F")] {
        provider.call(get(path)).await.unwrap();
        assert!(
            neighbour.heard().last().unwrap().1.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
            "{path}"
        );
    }
    let mut bare = neighbour.settings();
    bare.endpoints[0].url = format!("https://{}", neighbour.address);
    compile(&bare).call(get("/?a")).await.unwrap();
    assert!(neighbour.heard().last().unwrap().1.starts_with("GET /?a HTTP/1.1\r\n"));
}

#[tokio::test]
async fn replies_of_every_framing_are_read_whole() {
    let neighbour = Neighbour::open(|_, number| match number {
        0 => Deed::Say(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                .to_owned(),
        ),
        1 => Deed::Say("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        2 => Deed::Say(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx"
                .to_owned(),
        ),
        _ => Deed::SayAndClose("HTTP/1.1 200 OK\r\n\r\nto the end".to_owned()),
    })
    .await;
    let provider = neighbour.provider();
    let mut heard = Vec::new();
    for _ in 0..4 {
        let reply = provider.call(get("/a")).await.unwrap();
        heard.push((reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap()));
    }
    let expected = [(200, "abcde"), (204, ""), (404, "x"), (200, "to the end")];
    assert_eq!(heard, expected.map(|(status, body)| (status, body.to_owned())));
    assert_eq!(neighbour.connections(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn replies_that_break_http_are_no_replies() {
    let cases = [
        Deed::Say(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                .to_owned(),
        ),
        Deed::Say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc".to_owned()),
        Deed::Say("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc".to_owned()),
        Deed::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned()),
        Deed::Say("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 0\r\n\r\n".to_owned()),
        Deed::Say("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned()),
        Deed::Say("HTTP/1.1 100 Continue\r\n\r\n".repeat(20)),
        Deed::Say("what?\r\n\r\n".to_owned()),
        Deed::SayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_owned()),
        Deed::SayAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_owned()),
        Deed::SayAndClose("HTTP/1.1 200 OK\r\nContent-Le".to_owned()),
        Deed::SayAndCut("HTTP/1.1 200 OK\r\n\r\ncut, perhaps in the middle".to_owned()),
    ];
    for deed in cases {
        let told = deed.clone();
        let neighbour = Neighbour::open(move |_, _| told.clone()).await;
        let fault = neighbour.provider().call(get("/a")).await.unwrap_err();
        let (Deed::Say(text) | Deed::SayAndClose(text) | Deed::SayAndCut(text)) = &deed else {
            unreachable!()
        };
        assert_eq!(fault, BROKEN, "{text:?}");
        assert_eq!(neighbour.connections(), [0], "what was answered is not asked again: {text:?}");
    }
}

#[tokio::test]
async fn nothing_of_one_reply_spills_into_the_next() {
    const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    let with = |head: &str, body: &str| format!("HTTP/1.1 {head}\r\n\r\n{body}");
    let cases = [
        (
            "a second reply at once",
            Deed::Say(with("200 OK\r\nContent-Length: 1", &format!("a{POISON}"))),
            "a",
        ),
        (
            "a second reply a moment later",
            Deed::SayTwice(with("200 OK\r\nContent-Length: 1", "a"), POISON.to_owned()),
            "a",
        ),
        (
            "bytes after the last chunk",
            Deed::Say(with("200 OK\r\nTransfer-Encoding: chunked", &format!("1\r\na\r\n0\r\n\r\n{POISON}"))),
            "a",
        ),
        ("204 with a body", Deed::Say(with("204 No Content\r\nContent-Length: 62", POISON)), ""),
        (
            "204 with chunks",
            Deed::Say(with("204 No Content\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n")),
            "",
        ),
        ("304 with a body", Deed::Say(with("304 Not Modified\r\nContent-Length: 62", POISON)), ""),
        (
            "no length, and a body as long as nothing",
            Deed::Say(with("200 OK\r\nContent-Length: 0", POISON)),
            "",
        ),
        (
            "the end of its connection announced",
            Deed::Say(with("200 OK\r\nConnection: close\r\nContent-Length: 1", "a")),
            "a",
        ),
        ("HTTP/1.0", Deed::Say("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na".to_owned()), "a"),
    ];
    for (what, deed, body) in cases {
        let neighbour = Neighbour::open(move |connection, _| match connection {
            0 => deed.clone(),
            _ => ok("next"),
        })
        .await;
        let provider = neighbour.provider();
        let reply = provider.call(get("/a")).await.unwrap_or_else(|fault| panic!("{what}: {fault}"));
        assert_eq!(String::from_utf8_lossy(&reply.body), body, "{what}");
        sleep(Duration::from_millis(100)).await;
        let next = provider.call(post("b")).await.unwrap_or_else(|fault| panic!("after {what}: {fault}"));
        assert_eq!(&next.body[..], b"next", "{what}");
        assert_eq!(neighbour.connections(), [0, 1], "{what}: the stream rests no more");
    }
}

#[tokio::test]
async fn replies_that_never_end_are_given_up_within_bounds() {
    let began = Instant::now();
    let slow = Duration::from_millis(20);
    let timed = CallFault::TimedOut { sent: true };
    let field = format!("A: {}\r\n", "x".repeat(1000));
    let cases = [
        (
            "a thousand fields",
            Deed::Say(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1000))),
            BROKEN,
        ),
        ("a head without end", Deed::Endless("HTTP/1.1 200 OK\r\n".to_owned(), field.clone()), BROKEN),
        ("a field without end", Deed::Endless("HTTP/1.1 200 OK\r\nA: ".to_owned(), "x".repeat(1000)), BROKEN),
        (
            "interim replies without end",
            Deed::Endless(String::new(), "HTTP/1.1 103 Early Hints\r\n\r\n".to_owned()),
            BROKEN,
        ),
        (
            "a head byte by byte",
            Deed::Drip(format!("HTTP/1.1 200 OK\r\n{field}Content-Length: 0\r\n\r\n"), slow),
            timed,
        ),
        (
            "a body byte by byte",
            Deed::Drip(format!("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}", "x".repeat(900)), slow),
            timed,
        ),
        (
            "chunks of nothing but extensions",
            Deed::Endless(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
                format!("1;{}\r\nx\r\n", "x".repeat(500)),
            ),
            CallFault::TooLarge,
        ),
    ];
    for (what, deed, fault) in cases {
        let neighbour = Neighbour::open(move |_, _| deed.clone()).await;
        let call = Call { errand: within(Duration::from_millis(1500)), again: Again::Never, ..get("/a") };
        assert_eq!(neighbour.provider().call(call).await.unwrap_err(), fault, "{what}");
        assert_eq!(neighbour.connections(), [0], "{what}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn streams_are_reused_by_the_same_provider_only() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let provider = neighbour.provider();
    for _ in 0..3 {
        provider.call(get("/a")).await.unwrap();
    }
    provider.call(post("b")).await.unwrap();
    assert_eq!(neighbour.connections(), [0, 0, 0, 0]);
    neighbour.provider().call(get("/a")).await.unwrap();
    assert_eq!(neighbour.connections().last(), Some(&1), "compiled anew: nothing of the old one is used");

    let brief = compile(&ProviderSettings { idle: Duration::from_millis(50), ..neighbour.settings() });
    brief.call(get("/a")).await.unwrap();
    sleep(Duration::from_millis(80)).await;
    brief.call(get("/a")).await.unwrap();
    assert_eq!(neighbour.connections()[5..], [2, 3], "too long idle");

    let none = compile(&ProviderSettings { idle_streams: 0, ..neighbour.settings() });
    none.call(get("/a")).await.unwrap();
    none.call(get("/a")).await.unwrap();
    assert_eq!(neighbour.connections()[7..], [4, 5]);
}

#[tokio::test]
async fn a_stream_closed_while_idle_is_noticed_before_it_is_used() {
    let neighbour = Neighbour::open(|connection, _| match connection {
        0 => Deed::SayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na".to_owned()),
        _ => ok("b"),
    })
    .await;
    let provider = neighbour.provider();
    provider.call(get("/a")).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let reply = provider.call(post("not lost")).await.unwrap();
    assert_eq!(&reply.body[..], b"b");
    assert_eq!(neighbour.connections(), [0, 1]);
}

#[tokio::test]
async fn only_what_may_be_done_twice_is_sent_twice() {
    // The first connection dies on its second request, having read it.
    let script = |connection: usize, number: usize| match (connection, number) {
        (0, 1) => Deed::Close,
        _ => ok("a"),
    };
    let neighbour = Neighbour::open(script).await;
    let provider = neighbour.provider();
    provider.call(get("/a")).await.unwrap();
    assert_eq!(provider.call(get("/b")).await.unwrap().status, 200);
    assert_eq!(neighbour.connections(), [0, 0, 1]);

    let neighbour = Neighbour::open(script).await;
    let provider = neighbour.provider();
    provider.call(get("/a")).await.unwrap();
    assert_eq!(provider.call(post("once")).await.unwrap_err(), BROKEN);
    assert_eq!(neighbour.connections(), [0, 0], "a submit is never sent again");

    // A fresh connection that dies is no idle one: the provider itself failed.
    let neighbour = Neighbour::open(|_, _| Deed::Close).await;
    assert_eq!(neighbour.provider().call(get("/a")).await.unwrap_err(), BROKEN);
    assert_eq!(neighbour.connections(), [0]);
}

#[tokio::test]
async fn deadlines_say_whether_the_request_went_out() {
    let neighbour = Neighbour::open(|_, _| Deed::Silence).await;
    let began = Instant::now();
    let call = Call { errand: within(Duration::from_millis(200)), ..post("a") };
    assert_eq!(neighbour.provider().call(call).await.unwrap_err(), CallFault::TimedOut { sent: true });

    // A provider that accepts and never shakes hands.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = neighbour.settings();
    settings.endpoints[0].url = format!("https://{}", mute.local_addr().unwrap());
    let call = Call { errand: within(Duration::from_millis(200)), ..post("a") };
    assert_eq!(compile(&settings).call(call).await.unwrap_err(), CallFault::TimedOut { sent: false });
    settings.connect = Duration::from_millis(100);
    assert_eq!(compile(&settings).call(post("a")).await.unwrap_err(), CallFault::TimedOut { sent: false });
    assert!(began.elapsed() < Duration::from_secs(3));

    // Half a reply, and then nothing.
    let neighbour =
        Neighbour::open(|_, _| Deed::Say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_owned())).await;
    let call = Call { errand: within(Duration::from_millis(200)), ..get("/a") };
    assert_eq!(neighbour.provider().call(call).await.unwrap_err(), CallFault::TimedOut { sent: true });
}

#[tokio::test]
async fn replies_beyond_the_limit_are_given_up() {
    let large = "x".repeat(1001);
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{large}\r\n0\r\n\r\n");
    for deed in [ok(&large), Deed::Say(chunked), Deed::SayAndClose(format!("HTTP/1.1 200 OK\r\n\r\n{large}"))]
    {
        let neighbour = Neighbour::open(move |_, _| deed.clone()).await;
        assert_eq!(neighbour.provider().call(get("/a")).await.unwrap_err(), CallFault::TooLarge);
    }
}

#[tokio::test]
async fn an_answer_given_before_the_body_was_taken_counts() {
    let neighbour = Neighbour::open(|_, _| ok("")).await;
    // This one refuses at the head and closes without reading on.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = neighbour.authority.issue("voi", &["khcn.example"], 90);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(server.chain(), server.secret())
        .unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.unwrap();
        let mut buffer = [0; 100];
        let _ = stream.read(&mut buffer).await;
        let _ = stream
            .write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await;
        let _ = stream.flush().await;
        sleep(Duration::from_secs(5)).await;
    });
    let mut settings = neighbour.settings();
    settings.endpoints[0].url = format!("https://{address}");
    let call = Call { body: Bytes::from(vec![b'x'; 100_000]), ..post("") };
    let reply = timeout(Duration::from_secs(5), compile(&settings).call(call)).await.unwrap().unwrap();
    assert_eq!(reply.status.as_u16(), 413);
}

#[tokio::test]
async fn both_sides_must_trust_each_other() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let other = Authority::new("Goc La", neighbour.folder.path());
    let fault = async |change: &dyn Fn(&mut ProviderSettings)| {
        let mut settings = neighbour.settings();
        change(&mut settings);
        compile(&settings).call(get("/a")).await.unwrap_err()
    };
    let wrong_name = fault(&|settings| settings.server_name = "khac.example".to_owned()).await;
    assert_eq!(wrong_name, CallFault::Tls("the provider's certificate does not carry `server_name`"));
    let wrong_root = fault(&|settings| settings.trust = Material::File(other.certificate.clone())).await;
    assert_eq!(wrong_root, CallFault::Tls("the provider's certificate was not issued by its `trust`"));
    let nobody = fault(&|settings| settings.client = None).await;
    assert_eq!(nobody, CallFault::Tls("the provider asks for a client certificate"));
    let stranger = other.issue("la", &["la.example"], 90);
    let unknown = fault(&|settings| {
        settings.client =
            Some((Material::File(stranger.certificate.clone()), Material::File(stranger.key.clone())));
    })
    .await;
    assert_eq!(unknown, CallFault::Tls("the provider does not accept our certificate"));
    assert!(neighbour.heard().is_empty());
}

#[tokio::test]
async fn another_endpoint_takes_over_when_one_cannot_be_reached() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = neighbour.settings();
    settings.endpoints.insert(0, EndpointSettings { url: format!("https://{closed}/ws"), weight: 9 });
    let provider = compile(&settings);
    for _ in 0..3 {
        assert_eq!(provider.call(post("a")).await.unwrap().status, 200);
    }
    assert_eq!(neighbour.heard().len(), 3);
    settings.endpoints.truncate(1);
    assert_eq!(compile(&settings).call(post("a")).await.unwrap_err(), CallFault::Unreachable);
}

#[tokio::test]
async fn every_fault_of_an_upstream_is_told_at_once() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let rules = |settings: &ProviderSettings| -> Vec<&'static str> {
        let faults =
            Provider::compile(settings, &Standings::default(), Timestamp::now()).err().unwrap_or_default();
        faults.iter().map(|fault| fault.rule).collect()
    };
    let good = neighbour.settings();
    assert_eq!(rules(&good), Vec::<&str>::new());
    let mut bad = good.clone();
    bad.endpoints[0].url = "http://10.0.0.1/".to_owned();
    bad.server_name = String::new();
    bad.trust = Material::Env("LIENTHONG_TEST_NOT_SET".to_owned());
    bad.client = Some((Material::File("khong-co.pem".into()), Material::File("khong-co.key".into())));
    assert_eq!(
        rules(&bad),
        ["bad-endpoint", "bad-server-name", "unreadable-file", "unreadable-file", "unreadable-file"]
    );
    let other = neighbour.authority.issue("khac", &["x.example"], 90);
    let mut mismatched = good.clone();
    mismatched.client =
        Some((Material::File(neighbour.client.certificate.clone()), Material::File(other.key.clone())));
    assert_eq!(rules(&mismatched), ["key-mismatch"]);
    let mut none = good.clone();
    none.endpoints.clear();
    assert_eq!(rules(&none), ["no-endpoint"]);
    let old = neighbour.authority.issue("cu", &["x.example"], -1);
    let mut expired = good;
    expired.client = Some((Material::File(old.certificate.clone()), Material::File(old.key.clone())));
    let (_, warnings) = Provider::compile(&expired, &Standings::default(), Timestamp::now()).unwrap();
    assert_eq!(warnings[0].rule, "client-certificate-expired");
}
