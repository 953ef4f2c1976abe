//! A gateway between one consumer or another and one provider, all in a folder of its own.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use policies::MaskKeys;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, pki_types::ServerName, server::WebPkiClientVerifier,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::{
    exchange::Gateway,
    host::{
        Limits, Listener, Serving, Settings,
        tests::pki::{Authority, Identity},
    },
    journal::{self, Journal, Record, SubjectKey, faulty::Faulty},
    metrics::Metrics,
    quota::{self, Quota},
    world::{self, Keeper, OneOffs, Parts},
};

/// Nothing here takes this long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An invented person.
pub const NUMBER: &str = "024188000004";

/// A script's word for saying nothing at all.
pub const SILENCE: &str = "…";

/// The end of a script's answer after which the connection is closed.
pub const CUT: &str = "✂";

/// The end of a script's answer, a chunked array of records, after which its last record is repeated
/// until nobody takes it any more; that is then heard as [`GONE`].
pub const ENDLESS: &str = "∞";

/// What is heard when nobody takes an endless answer any more.
pub const GONE: &str = "gone";

/// An invented task of Hà Nội that conforms.
pub fn task(key: &str) -> String {
    of_province(key, "01")
}

/// The same, of another province.
pub fn of_province(key: &str, province: &str) -> String {
    format!(
        r#"{{"MaSo":"{key}","TenNhiemVu":"Nhiệm vụ cấp cơ sở mẫu","MaLinhVuc":"5","ToChucChuTri":{{"Ten":"Hợp tác xã Mẫu","MaSoThue":"9999000037"}},"MaTinh":"{province}","CapQuanLy":"co-so","ChuNhiem":{{"HoVaTen":"Phạm Thị Ví Dụ","SoDinhDanh":"{NUMBER}"}},"NoiDungChinh":["Khảo sát."],"ThoiGianBatDau":"2026-01-05","ThoiGianKetThuc":"2026-12-31","TinhTrang":"dang-tien-hanh"}}"#
    )
}

/// After this character every character of a text stands for the byte of its number.
pub const BYTES: char = '\u{E000}';

/// A body that is no UTF-8, as a text of this stage.
pub fn bytes(body: &[u8]) -> String {
    std::iter::once(BYTES).chain(body.iter().map(|byte| char::from(*byte))).collect()
}

/// What is sent for a text.
fn sent(text: &str) -> Vec<u8> {
    let (text, rest) = text.split_once(BYTES).unwrap_or((text, ""));
    text.bytes().chain(rest.chars().filter_map(|byte| u8::try_from(byte).ok())).collect()
}

/// A whole reply with a JSON body.
pub fn json(body: &str) -> String {
    reply("200 OK", "Content-Type: application/json\r\n", body)
}

/// A whole reply.
pub fn reply(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", sent(body).len())
}

/// A whole reply in chunks of about `size` bytes.
pub fn chunked(body: &str, size: usize) -> String {
    let mut reply = CHUNKED.to_owned();
    let mut rest = body;
    while !rest.is_empty() {
        let end = (size.min(rest.len())..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap();
        let (piece, after) = rest.split_at(end);
        reply.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        rest = after;
    }
    reply + "0\r\n\r\n"
}

/// The head of a chunked reply.
pub const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Who calls.
#[derive(Clone, Copy)]
pub enum Who {
    /// `H26/he-thong`: every field of Hà Nội's tasks, every operation.
    Hanoi = 0,
    /// `G03/he-thong`: titles and provinces of any task, never their keys.
    Partner = 1,
}

/// What came back.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Said {
    /// A header field, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Status, stable code and rule of a refusal.
    pub fn refusal(&self) -> (u16, String, String) {
        let problem = self.json();
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let kind = text("type").rsplit(':').next().unwrap().to_owned();
        (self.status, kind, text("rule"))
    }

    /// The same, held against what it must be.
    #[track_caller]
    pub fn is_refused(&self, status: u16, kind: &str, rule: &str) {
        assert_eq!(self.refusal(), (status, kind.to_owned(), rule.to_owned()), "{self:?}");
    }
}

type Script = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Everything, running.
pub struct Stage {
    pub gateway: Arc<Gateway>,
    /// Removed with the stage.
    _folder: tempfile::TempDir,
    serving: Option<Serving>,
    address: SocketAddr,
    authority: Authority,
    callers: [Identity; 2],
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// A provider that answers each request as `script` says; an empty text closes the connection.
    pub async fn set(script: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::with(script, &[], Faulty::default()).await
    }

    /// The same with passages of documents replaced (or, where there is nothing to replace, documents
    /// added), and on a disk that may fail.
    pub async fn with(
        script: impl Fn(&str) -> String + Send + Sync + 'static,
        edits: &[(&str, &str, &str)],
        disk: Faulty,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir_all(at.join("pki")).unwrap();
        let authority = Authority::new("Goc Thu", &at.join("pki"));
        authority.publish(&[], 7);
        let server = authority.issue("cong", &["localhost"], 90);
        let callers = [
            authority.issue("ha-noi", &["he-thong.h26.example"], 30),
            authority.issue("doi-tac", &["he-thong.g03.example"], 30),
        ];
        let heard = Arc::new(Mutex::new(Vec::new()));
        let port = perform(&authority, Arc::new(script), Arc::clone(&heard)).await;
        write_documents(at, &authority, &server, port);
        for (file, from, to) in edits {
            let file = at.join("policies").join(file);
            let text = fs::read_to_string(&file).unwrap_or_default();
            assert!(text.contains(from), "`{from}` in {}", file.display());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text.replacen(from, to, 1)).unwrap();
        }
        let (gateway, serving, address) = open(at, disk);
        Self { gateway, _folder: folder, serving: Some(serving), address, authority, callers, heard }
    }

    /// The requests that reached the provider.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// `who` gets `path` below the service.
    pub async fn get(&self, who: Who, path: &str) -> Said {
        self.ask(who, "GET", path, "", "").await
    }

    /// `who` sends JSON.
    pub async fn send(&self, who: Who, method: &str, path: &str, body: &str) -> Said {
        self.ask(who, method, path, "Content-Type: application/json\r\n", body).await
    }

    /// `who` sends a request with fields of its own.
    pub async fn ask(&self, who: Who, method: &str, path: &str, fields: &str, body: &str) -> Said {
        self.send_text(who, method, &request(method, path, fields, body)).await
    }

    /// `who` sends a request as it is written.
    pub async fn send_text(&self, who: Who, method: &str, text: &str) -> Said {
        timeout(PATIENCE, self.exchange(who, method, text)).await.unwrap()
    }

    async fn exchange(&self, who: Who, method: &str, text: &str) -> Said {
        let mut stream = self.dial(who).await;
        stream.write_all(&sent(text)).await.unwrap();
        let mut bytes = Vec::new();
        loop {
            let answers_head = method == "HEAD" && bytes.ends_with(b"\r\n\r\n");
            let head_alone =
                answers_head.then(|| (String::from_utf8_lossy(&bytes).into_owned(), String::new()));
            if let Some((head, body)) = head_alone.or_else(|| whole(&bytes)) {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return Said { status, head, body };
            }
            let mut buffer = [0; 8192];
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&buffer[..count]);
        }
    }

    /// `who` sends a request as it is written and hears an answer in pieces to its end.
    pub async fn hear_pieces(&self, who: Who, text: &str) -> Pieces {
        let mut stream = self.dial(who).await;
        stream.write_all(text.as_bytes()).await.unwrap();
        timeout(PATIENCE, Pieces::read(&mut stream, usize::MAX)).await.unwrap()
    }

    /// Puts a document where the gateway finds it, and has it looked for.
    pub fn put(&self, file: &str, text: &str) {
        let file = self._folder.path().join("policies").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self.gateway.keeper().reload("test");
    }

    /// A connection of `who`.
    pub async fn dial(&self, who: Who) -> client::TlsStream<TcpStream> {
        let caller = &self.callers[who as usize];
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(caller.chain(), caller.secret())
            .unwrap();
        let tcp = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
    }

    /// The journal's record of an answer, its opening and closing joined.
    pub fn record(&self, said: &Said) -> Record {
        let id = said.header("lt-exchange-id").parse().unwrap();
        let found = self.gateway.journal().find(id).unwrap().expect("a record of the exchange");
        assert_eq!(found.outcome, journal::Outcome::Known);
        found.record
    }

    /// Every line of the journal about an exchange.
    pub fn lines(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        for process in fs::read_dir(self.gateway.journal().folder()).unwrap() {
            for file in fs::read_dir(process.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "jsonl") {
                    let text = fs::read_to_string(path).unwrap();
                    lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
                }
            }
        }
        lines.retain(|line| line.get("exchange").is_some());
        lines
    }

    /// The kinds of an exchange's lines, in order.
    pub fn kinds(&self, said: &Said) -> Vec<String> {
        let id = said.header("lt-exchange-id");
        let lines = self.lines().into_iter().filter(|line| line["exchange"] == id);
        lines.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the provider has heard something.
    pub async fn until_heard(&self) {
        self.until(|heard| !heard.is_empty()).await;
    }

    /// Waits until what the provider has heard is as it should be.
    pub async fn until(&self, right: impl Fn(&[String]) -> bool) {
        let waiting = async {
            while !right(&self.heard()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap();
    }

    /// Waits until the journal's lines about exchanges are as they should be.
    pub async fn until_lines(&self, right: impl Fn(&[Value]) -> bool) {
        let waiting = async {
            while !right(&self.lines()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap();
    }

    /// The journal's record of an answer that its consumer did not wait for.
    pub async fn until_recorded(&self, said: &Said) -> Record {
        let closes =
            |line: &Value| line["exchange"] == said.header("lt-exchange-id") && line["kind"] == "closing";
        self.until_lines(|lines| lines.iter().any(closes)).await;
        self.record(said)
    }

    /// Stops serving, and cuts what is under way.
    pub async fn cut(&mut self) {
        let serving = self.serving.take().unwrap();
        tokio::task::spawn_blocking(move || serving.stop(Duration::ZERO)).await.unwrap();
    }
}

/// An answer in pieces, as far as it came.
pub struct Pieces {
    pub said: Said,
    pub bytes: Vec<u8>,
    /// The last chunk came.
    pub whole: bool,
}

impl Pieces {
    /// Reads until the last chunk, the end of the connection, or `most` bytes.
    pub async fn read(stream: &mut client::TlsStream<TcpStream>, most: usize) -> Self {
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 16 * 1024];
            let count = stream.read(&mut buffer).await.unwrap_or(0);
            bytes.extend_from_slice(&buffer[..count]);
            let ended = bytes.ends_with(b"\r\n0\r\n\r\n");
            if count == 0 || ended || bytes.len() >= most {
                return Self::of(&bytes);
            }
        }
    }

    fn of(bytes: &[u8]) -> Self {
        let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let (body, whole) = if head.to_lowercase().contains("transfer-encoding: chunked") {
            unchunked(&bytes[at + 4..])
        } else {
            (bytes[at + 4..].to_vec(), true)
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        Self { said: Said { status, head, body: text }, bytes: body, whole }
    }
}

/// What a chunked body says so far, and whether its last chunk is there.
fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        let rest = &bytes[at + 2..];
        if size == 0 {
            return (body, rest.starts_with(b"\r\n"));
        }
        if rest.len() < size + 2 {
            body.extend_from_slice(rest);
            break;
        }
        body.extend_from_slice(&rest[..size]);
        bytes = &rest[size + 2..];
    }
    (body, false)
}

/// A request of a caller who states the purpose agreed.
pub fn request(method: &str, path: &str, fields: &str, body: &str) -> String {
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", sent(body).len()) };
    let target = if path.starts_with("/api") { path.to_owned() } else { format!("/api/G06/thu/v1{path}") };
    let common = "Host: localhost\r\nLt-Purpose: quan-ly\r\nAccept-Language: en\r\n";
    format!("{method} {target} HTTP/1.1\r\n{common}{fields}{length}\r\n{body}")
}

/// Head and body, once all of it is there.
fn whole(bytes: &[u8]) -> Option<(String, String)> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        let (body, whole) = unchunked(&bytes[at + 4..]);
        return whole.then(|| (head, String::from_utf8_lossy(&body).into_owned()));
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    (body.len() >= length.unwrap_or(0)).then(|| (head.to_owned(), body.to_owned()))
}

fn open(at: &Path, disk: Faulty) -> (Arc<Gateway>, Serving, SocketAddr) {
    let loaded = world::Settings::read(&at.join("gateway.toml")).unwrap();
    let data = loaded.settings.data.folder.clone();
    fs::create_dir_all(&data).unwrap();
    let (journal, _) = Journal::open_on(Box::new(disk), &data, journal::Settings::default()).unwrap();
    let journal = Arc::new(journal);
    let quota = Arc::new(Quota::open(&data, journal.process(), quota::Settings::default()).unwrap());
    let metrics = Arc::new(Metrics::default());
    let parts = Parts {
        mask_keys: Arc::new(MaskKeys::new(&[7; 32])),
        one_offs: OneOffs::default(),
        quota: Arc::clone(&quota),
        journal: Arc::clone(&journal),
        metrics: Arc::clone(&metrics),
        standings: crate::host::Standings::default(),
    };
    let keeper = match Keeper::open(loaded, parts) {
        Ok(keeper) => keeper,
        Err(faults) => panic!("{faults:#?}"),
    };
    let settings = Settings {
        address: "127.0.0.1:0".parse().unwrap(),
        authorities: vec!["localhost".to_owned()],
        workers: 1,
        limits: Limits::default(),
    };
    let listener = Listener::bind(settings, Arc::clone(keeper.tls())).unwrap();
    let address = listener.address().unwrap();
    let subjects = SubjectKey::new(&[9; 32]).unwrap();
    let gateway = Arc::new(Gateway::new(keeper, journal, quota, metrics, subjects));
    let serving = listener.serve(Arc::clone(&gateway)).unwrap();
    (gateway, serving, address)
}

/// The provider; gives its port.
async fn perform(authority: &Authority, script: Script, heard: Arc<Mutex<Vec<String>>>) -> u16 {
    let identity = authority.issue("ben-cung-cap", &["khcn.example"], 90);
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), ring.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain(), identity.secret())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (acceptor, script, heard) = (acceptor.clone(), Arc::clone(&script), Arc::clone(&heard));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(tcp).await {
                    attend(stream, script, heard).await;
                }
            });
        }
    });
    port
}

async fn attend(mut stream: server::TlsStream<TcpStream>, script: Script, heard: Arc<Mutex<Vec<String>>>) {
    let mut bytes = Vec::new();
    loop {
        if let Some((head, body)) = whole(&bytes) {
            let request = format!("{head}\r\n\r\n{body}");
            bytes.clear();
            heard.lock().unwrap().push(request.clone());
            let answer = script(&request);
            if answer == SILENCE {
                tokio::time::sleep(PATIENCE).await;
            }
            let (answer, cut) = answer.strip_suffix(CUT).map_or((&*answer, false), |answer| (answer, true));
            let (answer, endless) =
                answer.strip_suffix(ENDLESS).map_or((answer, false), |answer| (answer, true));
            if answer.is_empty() || stream.write_all(&sent(answer)).await.is_err() {
                return;
            }
            let _ = stream.flush().await;
            if endless {
                repeat(&mut stream).await;
                heard.lock().unwrap().push(GONE.to_owned());
            }
            if cut || endless {
                let _ = stream.shutdown().await;
                return;
            }
        }
        let mut buffer = [0; 8192];
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
}

/// Repeats a record, in an array that began, until it is taken no more.
async fn repeat(stream: &mut server::TlsStream<TcpStream>) {
    let record = format!(",{}", task("LAP"));
    let chunk = format!("{:x}\r\n{record}\r\n", record.len());
    while stream.write_all(chunk.as_bytes()).await.is_ok() && stream.flush().await.is_ok() {}
}

fn write_documents(at: &Path, authority: &Authority, server: &Identity, port: u16) {
    let put = |file: &str, text: String| {
        let file = at.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let (certificate, key) = (server.certificate.display(), server.key.display());
    let (ca, crl) = (authority.certificate.display(), authority.list.display());
    put(
        "gateway.toml",
        format!(
            r#"
environment = "production"
listen = {{ address = "127.0.0.1:0", authorities = ["localhost"] }}
documents = {{ policies = "policies", contracts = "{}" }}
data = {{ folder = "data" }}
keys = {{ subject = {{ file = "none" }}, pseudonym = {{ file = "none" }} }}
admin = {{ address = "127.0.0.1:0" }}
[tls]
certificate = {{ file = "{certificate}" }}
key = {{ file = "{key}" }}
anchors = [{{ certificate = {{ file = "{ca}" }}, crl = "required", crl_file = "{crl}" }}]
"#,
            contracts.display(),
        ),
    );
    for (id, dns) in
        [("H26", "he-thong.h26.example"), ("G03", "he-thong.g03.example"), ("G06", "khcn.example")]
    {
        put(
            &format!("policies/members/{id}.toml"),
            format!(
                r#"
id = "{id}"
name = {{ vi = "Cơ quan mẫu {id}", en = "Sample agency {id}" }}
kind = "ministry"
valid = {{ from = 2020-01-01 }}
contacts = [{{ role = "dau-moi", unit = "Đơn vị mẫu" }}]
[[systems]]
id = "he-thong"
environment = "production"
security_level = 3
certificates = [{{ san_dns = "{dns}" }}]
"#
            ),
        );
    }
    put("policies/purposes/quan-ly.toml", PURPOSE.to_owned());
    put(
        "policies/services/G06/thu.toml",
        format!("{SERVICE}{OPERATIONS}")
            .replace("<port>", &port.to_string())
            .replace("<ca>", &ca.to_string())
            .replace("<certificate>", &certificate.to_string())
            .replace("<key>", &key.to_string()),
    );
    for (id, consumer, rest) in [("TT-2026-001", "H26/he-thong", ALL), ("TT-2026-002", "G03/he-thong", SOME)]
    {
        let text = AGREEMENT.replace("<id>", id).replace("<consumer>", consumer);
        put(&format!("policies/agreements/{id}.toml"), format!("{text}{rest}"));
    }
}

const PURPOSE: &str = r#"
id = "quan-ly"
title = { vi = "Quản lý", en = "Management" }
legal_basis = ["Văn bản mẫu"]
"#;

const SERVICE: &str = r#"
system = "G06/he-thong"
mode = "on-request"
authority = "source"
legal_basis = ["Văn bản mẫu"]
update = { frequency = "realtime" }
publication = { ready = 2026-06-01, published = 2026-06-01, review_every = "6 months" }
[versions.1]
contract = "nhiem-vu@1"
format = "json"
unknown_fields = "drop"
[versions.1.upstream]
endpoints = [{ url = "https://127.0.0.1:<port>/ws" }]
server_name = "khcn.example"
trust = { file = "<ca>" }
client_certificate = { cert = { file = "<certificate>" }, key = { file = "<key>" } }
timeout = { connect = "5s", request = "15s" }
"#;

/// What the service offers.
pub const OPERATIONS: &str = r#"[versions.1.operations]
query = { method = "GET", path = "/", filter = ["MaSo", "MaLinhVuc", "MaTinh"] }
read = { method = "GET", path = "/{id}" }
submit = { method = "POST", path = "/" }
update = { method = "PUT", path = "/{id}" }
withdraw = { method = "DELETE", path = "/{id}" }
"#;

const AGREEMENT: &str = r#"
id = "<id>"
kind = "standing"
consumer = "<consumer>"
service = "G06/thu"
contract = "nhiem-vu@1"
document = { number = "MAU-1", signed = 2025-12-20 }
legal_basis = ["Văn bản mẫu"]
purposes = ["quan-ly"]
valid = { from = 2026-01-01, until = 2099-12-31 }
formats = ["json", "xml"]
reuse = "no-onward-sharing"
personal = { ground = "Văn bản mẫu", impact_assessment = "MAU", retention = "P1Y" }
"#;

/// What Hà Nội's agreement adds.
pub const ALL: &str = r#"
operations = ["query", "read", "submit", "update", "withdraw"]
[fields]
release = ["*", "ChuNhiem.HoVaTen", "ChuNhiem.SoDinhDanh", "ChuNhiem.GiayToKhac.Loai", "ChuNhiem.GiayToKhac.So",
    "ChuNhiem.GiayToKhac.NuocCap", "ThanhVien.HoVaTen", "ThanhVien.SoDinhDanh", "ThanhVien.GiayToKhac.Loai",
    "ThanhVien.GiayToKhac.So", "ThanhVien.GiayToKhac.NuocCap", "UngDung.HieuQuaKinhTe.GiaTri"]
filter = ["MaSo", "MaLinhVuc"]
[records]
MaTinh = { in = ["01"] }
"#;

/// What the partner's agreement adds.
pub const SOME: &str = r#"
operations = ["query", "read", "submit", "withdraw"]
[fields]
release = ["TenNhiemVu", "MaTinh"]
filter = ["MaTinh"]
"#;
