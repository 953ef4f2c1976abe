//! One call: connect or take an idle stream, send, read the reply's head; the body is a [`Flow`]'s.

use std::{
    io,
    sync::{LazyLock, atomic::Ordering},
    time::Duration,
};

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use pingora_core::{
    BError,
    protocols::{Stream, http::v1::client::HttpSession},
};
use rustls::{AlertDescription, CertificateError};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use super::{
    Call, CallFault, Endpoint, Flow, Provider, Reply, pool,
    request::{self, Framing},
};
use crate::host::{fields::is_hop_by_hop, link::Link};

/// How long an endpoint that could not be reached is passed over while others can be.
const DOWN: Duration = Duration::from_secs(2);

/// A write towards a provider that makes no progress for this long is given up; the call's own
/// deadline is usually shorter.
const STALL: Duration = Duration::from_secs(30);

/// Interim (1xx) replies taken before the real one.
const INTERIM: usize = 8;

/// The instant that `down_until` counts from.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How far a call has come, for when its deadline cuts it.
#[derive(Default)]
pub(super) struct Progress {
    sent: bool,
}

impl Progress {
    pub(super) fn sent(&self) -> bool {
        self.sent
    }
}

/// A reply's head.
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// Without the hop-by-hop ones.
    pub(super) headers: HeaderMap,
    /// The length that its body is said to have, if it has one.
    pub(super) declared: Option<usize>,
}

/// Why an exchange on one stream failed.
enum Failure {
    /// The stream ended before any byte of reply.
    Silent(CallFault),
    /// Anything later.
    Final(CallFault),
}

impl Provider {
    /// Sends one request and reads its whole reply.
    ///
    /// # Errors
    /// Why there is none, and whether the request may have been done.
    pub async fn call(&self, call: Call<'_>) -> Result<Reply, CallFault> {
        let mut progress = Progress::default();
        let whole = async { self.attempt(&call, &mut progress).await?.whole(call.reply_limit).await };
        match timeout(call.deadline, whole).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallFault::TimedOut { sent: progress.sent }),
        }
    }

    pub(super) async fn attempt(&self, call: &Call<'_>, progress: &mut Progress) -> Result<Flow, CallFault> {
        let mut why = CallFault::Unreachable;
        for index in self.candidates() {
            let Some(endpoint) = self.endpoints.get(index) else { continue };
            if let Some(stream) = pool::take((self.id, index)) {
                match self.exchange(stream, index, endpoint, call, progress).await {
                    Ok(flow) => return Ok(flow),
                    // The provider closed it while it rested: once more, on a fresh one.
                    Err(Failure::Silent(_)) if call.idempotent => {}
                    Err(Failure::Silent(fault) | Failure::Final(fault)) => return Err(fault),
                }
            }
            match self.connect(endpoint).await {
                Ok(stream) => {
                    return self.exchange(stream, index, endpoint, call, progress).await.map_err(|failure| {
                        let (Failure::Silent(fault) | Failure::Final(fault)) = failure;
                        fault
                    });
                }
                Err(fault) => why = fault,
            }
        }
        // The first attempt may have arrived although this one could not be made.
        Err(if progress.sent { CallFault::Broken { sent: true } } else { why })
    }

    /// A connection made now, to whichever endpoint can be reached.
    pub(super) async fn fresh(&self) -> Result<(Stream, usize, &Endpoint), CallFault> {
        let mut why = CallFault::Unreachable;
        for index in self.candidates() {
            let Some(endpoint) = self.endpoints.get(index) else { continue };
            match self.connect(endpoint).await {
                Ok(stream) => return Ok((stream, index, endpoint)),
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }

    /// The endpoint whose turn it is, then the others; those that could not be reached lately last.
    fn candidates(&self) -> Vec<usize> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let first = self.turns.get(turn.checked_rem(self.turns.len()).unwrap_or(0)).copied().unwrap_or(0);
        if self.endpoints.len() == 1 {
            return vec![0];
        }
        let now = since_epoch();
        let mut order: Vec<usize> =
            std::iter::once(first).chain((0..self.endpoints.len()).filter(|i| *i != first)).collect();
        order.sort_by_key(|index| {
            self.endpoints
                .get(*index)
                .is_some_and(|endpoint| endpoint.down_until.load(Ordering::Relaxed) > now)
        });
        order
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, CallFault> {
        let connected = timeout(self.connect, async {
            let tcp = TcpStream::connect((endpoint.host.as_str(), endpoint.port))
                .await
                .map_err(|_| CallFault::Unreachable)?;
            tcp.set_nodelay(true).map_err(|_| CallFault::Unreachable)?;
            let connector = TlsConnector::from(self.tls.clone());
            connector
                .connect(self.server_name.clone(), tcp)
                .await
                .map_err(|error| tls_fault(&error).unwrap_or(CallFault::Unreachable))
        });
        match connected.await.unwrap_or(Err(CallFault::TimedOut { sent: false })) {
            Ok(tls) => {
                endpoint.down_until.store(0, Ordering::Relaxed);
                Ok(Box::new(Link::new(tls.into(), STALL, Duration::ZERO)))
            }
            Err(fault) => {
                let until = since_epoch() + u64::try_from(DOWN.as_millis()).unwrap_or(u64::MAX);
                endpoint.down_until.store(until, Ordering::Relaxed);
                Err(fault)
            }
        }
    }

    async fn exchange(
        &self,
        mut stream: Stream,
        index: usize,
        endpoint: &Endpoint,
        call: &Call<'_>,
        progress: &mut Progress,
    ) -> Result<Flow, Failure> {
        let before = bytes_read(&stream);
        let head = self
            .head(endpoint, call, Framing::Length)
            .map_err(|()| Failure::Final(CallFault::Broken { sent: progress.sent }))?;
        let sent_at = Timestamp::now();
        progress.sent = true;
        let sent = request::send(&mut stream, &[&head, &call.body]).await;
        let mut session = HttpSession::new(stream);
        // A provider may answer before it has taken the whole body, and close: its answer counts.
        let head = match receive_head(&mut session).await {
            Ok(head) => head,
            Err(fault) => {
                let fault = sent.err().as_ref().and_then(tls_fault).unwrap_or_else(|| fault.call_fault());
                let silent =
                    bytes_read(&session.into_inner()) == before && fault == CallFault::Broken { sent: true };
                return Err(if silent { Failure::Silent(fault) } else { Failure::Final(fault) });
            }
        };
        let rests = ((self.id, index), self.idle, self.idle_streams);
        Ok(Flow::new(session, head, sent_at, call.deadline, rests))
    }
}

/// Why there is no reply's head.
pub(super) enum Headless {
    /// The connection failed.
    Error(BError),
    /// What came is not HTTP as we take it.
    Broken,
}

impl From<BError> for Headless {
    fn from(error: BError) -> Self {
        Self::Error(error)
    }
}

impl Headless {
    pub(super) fn call_fault(&self) -> CallFault {
        let cause = match self {
            Self::Error(error) => cause(Some(error)),
            Self::Broken => None,
        };
        cause.unwrap_or(CallFault::Broken { sent: true })
    }
}

pub(super) async fn receive_head(session: &mut HttpSession) -> Result<Head, Headless> {
    let mut interim = 0;
    let status = loop {
        session.read_response().await?;
        match session.get_status() {
            Some(StatusCode::SWITCHING_PROTOCOLS) | None => return Err(Headless::Broken),
            Some(status) if status.is_informational() => interim += 1,
            Some(status) => break status,
        }
        if interim > INTERIM {
            return Err(Headless::Broken);
        }
    };
    if !is_framed_once(&session.get_headers_raw_bytes()) {
        return Err(Headless::Broken);
    }
    let headers = end_to_end(session.resp_header().map(|head| &head.headers));
    let declared: Option<usize> = session
        .get_header(header::CONTENT_LENGTH)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok()?.trim().parse().ok());
    // HEAD is never asked of a provider.
    Ok(Head { status, headers, declared: declared.filter(|_| status != StatusCode::NOT_MODIFIED) })
}

/// Whether the raw head frames its body in one way: one length, or chunked once, or neither. The
/// engine repairs the rest, and a repaired reply may be someone else's.
fn is_framed_once(head: &[u8]) -> bool {
    let mut lengths = 0;
    let mut codings = 0;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return false;
        }
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or(b"").trim_ascii();
        if name.trim_ascii().eq_ignore_ascii_case(b"content-length") {
            lengths += 1;
            if !value.iter().all(u8::is_ascii_digit) {
                return false;
            }
        } else if name.trim_ascii().eq_ignore_ascii_case(b"transfer-encoding") {
            codings += 1;
            if !value.eq_ignore_ascii_case(b"chunked") {
                return false;
            }
        }
    }
    lengths + codings <= 1
}

/// The fields that are not of this connection alone, nor named by its `Connection` field.
fn end_to_end(headers: Option<&HeaderMap>) -> HeaderMap {
    let Some(headers) = headers else { return HeaderMap::new() };
    let named: Vec<&str> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(',').map(str::trim))
        .collect();
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let of_connection = is_hop_by_hop(name) || *name == header::CONTENT_LENGTH;
        if !of_connection && !named.iter().any(|other| name.as_str().eq_ignore_ascii_case(other)) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

fn bytes_read(stream: &Stream) -> u64 {
    stream.as_any().downcast_ref::<Link>().map_or(u64::MAX, Link::bytes_read)
}

/// A TLS fault behind an engine's error: TLS 1.3 providers refuse our certificate only after the
/// request was written, and say so with an alert.
pub(super) fn cause(error: Option<&BError>) -> Option<CallFault> {
    let cause = error?.cause.as_ref()?;
    tls_fault(cause.downcast_ref::<io::Error>()?)
}

pub(super) fn tls_fault(error: &io::Error) -> Option<CallFault> {
    use AlertDescription as Alert;
    let text = match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the provider's certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the provider's certificate is not valid yet"
            }
            CertificateError::UnknownIssuer => "the provider's certificate was not issued by its `trust`",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the provider's certificate does not carry `server_name`"
            }
            _ => "the provider's certificate is not acceptable",
        },
        rustls::Error::AlertReceived(alert) => match alert {
            Alert::CertificateRequired => "the provider asks for a client certificate",
            Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate => "the provider does not accept our certificate",
            Alert::CertificateExpired => "the provider says that our certificate has expired",
            Alert::CertificateRevoked => "the provider says that our certificate is revoked",
            Alert::AccessDenied => "the provider denies us access",
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::NoApplicationProtocol => {
                "the provider speaks no TLS that we do"
            }
            _ => return None,
        },
        rustls::Error::PeerIncompatible(_) => "the provider speaks no TLS that we do",
        rustls::Error::InvalidMessage(_) => "the provider does not speak TLS at its endpoint",
        _ => return None,
    };
    Some(CallFault::Tls(text))
}

fn since_epoch() -> u64 {
    u64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(u64::MAX)
}
