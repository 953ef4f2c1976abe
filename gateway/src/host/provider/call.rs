//! One call: connect or take an idle stream, send, read the reply's head; the body is a [`Flow`]'s.

use std::{io, sync::atomic::Ordering, time::Duration};

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use pingora_core::{
    BError,
    protocols::{Stream, http::v1::client::HttpSession},
};
use rustls::{AlertDescription, CertificateError};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{
    Again, Call, CallFault, Endpoint, Flow, Provider,
    breaker::Failure,
    pool,
    pursue::Trail,
    request::{self, Framing},
    standing::Ticket,
};
use crate::host::{fields::is_hop_by_hop, link::Link};

/// A write towards a provider that makes no progress for this long is given up; the call's own
/// deadline is usually shorter.
const STALL: Duration = Duration::from_secs(30);

/// Interim (1xx) replies taken before the real one.
const INTERIM: usize = 8;

/// A reply's head.
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// Without the hop-by-hop ones.
    pub(super) headers: HeaderMap,
    /// The length that its body is said to have, if it has one.
    pub(super) declared: Option<usize>,
}

/// A reply whose head has come on a stream.
struct Heard {
    session: HttpSession,
    head: Head,
    sent_at: Timestamp,
}

/// Why an exchange on one stream failed.
enum Failed {
    /// The stream ended before any byte of reply.
    Silent(CallFault),
    /// Anything later.
    Final(CallFault),
}

impl Provider {
    /// Asks one endpoint and takes in its reply's head. `sent` becomes true once the request may have
    /// arrived.
    pub(super) async fn ask(
        &self,
        mut ticket: Ticket,
        index: usize,
        call: &Call<'_>,
        sent: &mut bool,
    ) -> Result<Flow, CallFault> {
        let endpoint = self.endpoints.get(index).ok_or(CallFault::Unreachable)?;
        if let Some(stream) = pool::take((self.id, index)) {
            match self.exchange(stream, endpoint, call, sent).await {
                Ok(heard) => return Ok(self.begun(heard, index, call, ticket)),
                // The provider closed it while it rested: once more, on a fresh one.
                Err(Failed::Silent(_)) if call.again != Again::Never => call.errand.sends_again(),
                Err(Failed::Silent(fault)) => {
                    // Nor does that say anything of the endpoint.
                    ticket.excuse();
                    return Err(fault);
                }
                Err(Failed::Final(fault)) => {
                    ticket.failed(Failure::NoAnswer);
                    return Err(fault);
                }
            }
        }
        let stream = match self.connect(endpoint).await {
            Ok(stream) => stream,
            Err(fault) => {
                ticket.failed(Failure::NoAnswer);
                // The first attempt may have arrived although this one could not be made.
                return Err(if *sent { CallFault::Broken { sent: true } } else { fault });
            }
        };
        match self.exchange(stream, endpoint, call, sent).await {
            Ok(heard) => Ok(self.begun(heard, index, call, ticket)),
            Err(Failed::Silent(fault) | Failed::Final(fault)) => {
                ticket.failed(Failure::NoAnswer);
                Err(fault)
            }
        }
    }

    fn begun(&self, heard: Heard, index: usize, call: &Call<'_>, mut ticket: Ticket) -> Flow {
        let Heard { session, head, sent_at } = heard;
        ticket.heard(head.status);
        let rests = ((self.id, index), self.idle, self.idle_streams);
        Flow::new(session, head, sent_at, call.errand.whole(), rests, ticket)
    }

    /// A connection made now, to whichever endpoint can be reached.
    pub(super) async fn fresh(&self) -> Result<(Stream, usize, Ticket), CallFault> {
        let mut trail = Trail::default();
        let mut why = None;
        loop {
            let (mut ticket, index) = match self.choose(&mut trail, Again::Never) {
                Ok(chosen) => chosen,
                Err(none) => return Err(why.unwrap_or(none)),
            };
            let endpoint = self.endpoints.get(index).ok_or(CallFault::Unreachable)?;
            match self.connect(endpoint).await {
                Ok(stream) => return Ok((stream, index, ticket)),
                Err(fault) => {
                    ticket.failed(Failure::NoAnswer);
                    if self.rules.alone {
                        return Err(fault);
                    }
                    why = Some(fault);
                }
            }
        }
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> usize {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.turns.get(turn.checked_rem(self.turns.len()).unwrap_or(0)).copied().unwrap_or(0)
    }

    /// A TLS connection, both sides proven.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, CallFault> {
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
        let tls = connected.await.unwrap_or(Err(CallFault::TimedOut { sent: false }))?;
        Ok(Box::new(Link::new(tls.into(), STALL, Duration::ZERO)))
    }

    async fn exchange(
        &self,
        mut stream: Stream,
        endpoint: &Endpoint,
        call: &Call<'_>,
        sent: &mut bool,
    ) -> Result<Heard, Failed> {
        let before = bytes_read(&stream);
        let head = self
            .head(endpoint, call, Framing::Length)
            .map_err(|()| Failed::Final(CallFault::Broken { sent: *sent }))?;
        let sent_at = Timestamp::now();
        *sent = true;
        let written = request::send(&mut stream, &[&head, &call.body]).await;
        let mut session = HttpSession::new(stream);
        // A provider may answer before it has taken the whole body, and close: its answer counts.
        match receive_head(&mut session).await {
            Ok(head) => Ok(Heard { session, head, sent_at }),
            Err(fault) => {
                let fault = written.err().as_ref().and_then(tls_fault).unwrap_or_else(|| fault.call_fault());
                let silent =
                    bytes_read(&session.into_inner()) == before && fault == CallFault::Broken { sent: true };
                Err(if silent { Failed::Silent(fault) } else { Failed::Final(fault) })
            }
        }
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
