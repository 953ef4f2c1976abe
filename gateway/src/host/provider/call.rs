//! One call: connect or take an idle stream, send, read the reply's head; the body is a [`Flow`]'s.

use std::{io, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use super::{
    Again, Call, CallFault, Endpoint, Flow, Provider,
    breaker::Failure,
    pool,
    pursue::Trail,
    reply::{Head, Source, Unheard, hear},
    request::{self, Framing},
    standing::Ticket,
};
use crate::host::{link::Link, wire::Wire};

/// A write towards a provider that makes no progress for this long is given up; the call's own
/// deadline is usually shorter.
const STALL: Duration = Duration::from_secs(30);

/// A reply whose head has come on a stream.
struct Heard {
    head: Head,
    source: Source,
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
    ) -> Result<Box<Flow>, CallFault> {
        let endpoint = self.endpoints.get(index).ok_or(CallFault::Unreachable)?;
        if let Some(stream) = pool::take((self.id, index), ticket.begun()) {
            match self.exchange(stream, endpoint, call, ticket.begun(), sent).await {
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
        match self.exchange(stream, endpoint, call, Instant::now(), sent).await {
            Ok(heard) => Ok(self.begun(heard, index, call, ticket)),
            Err(Failed::Silent(fault) | Failed::Final(fault)) => {
                ticket.failed(Failure::NoAnswer);
                Err(fault)
            }
        }
    }

    /// Boxed: on its way to who asked, it is passed on by value.
    fn begun(&self, heard: Heard, index: usize, call: &Call<'_>, mut ticket: Ticket) -> Box<Flow> {
        let Heard { head, source, sent_at } = heard;
        ticket.heard(head.status);
        let rests = ((self.id, index), self.idle, self.idle_streams);
        Box::new(Flow::new(head, source, sent_at, call.errand.whole(), rests, ticket))
    }

    /// A connection made now, to whichever endpoint can be reached.
    pub(super) async fn fresh(&self) -> Result<(Box<Link>, usize, Ticket), CallFault> {
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
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<Box<Link>, CallFault> {
        let connected = timeout(self.connect, async {
            let tcp = TcpStream::connect((endpoint.host.as_str(), endpoint.port))
                .await
                .map_err(|_| CallFault::Unreachable)?;
            tcp.set_nodelay(true).map_err(|_| CallFault::Unreachable)?;
            let connector = TlsConnector::from(self.tls.clone());
            connector
                .connect(self.server_name.clone(), Wire(tcp))
                .await
                .map_err(|error| tls_fault(&error).unwrap_or(CallFault::Unreachable))
        });
        let tls = connected.await.unwrap_or(Err(CallFault::TimedOut { sent: false }))?;
        Ok(Box::new(Link::new(tls.into(), STALL, Duration::ZERO)))
    }

    async fn exchange(
        &self,
        mut stream: Box<Link>,
        endpoint: &Endpoint,
        call: &Call<'_>,
        now: Instant,
        sent: &mut bool,
    ) -> Result<Heard, Failed> {
        let before = stream.bytes_read();
        let head = self
            .head(endpoint, call, now, Framing::Length)
            .map_err(|()| Failed::Final(CallFault::Broken { sent: *sent }))?;
        let sent_at = Timestamp::now();
        *sent = true;
        let written = request::send(&mut stream, &[&head, &call.body]).await;
        // A provider may answer before it has taken the whole body, and close: its answer counts.
        match hear(stream).await {
            Ok((head, source)) => Ok(Heard { head, source, sent_at }),
            Err(Unheard { fault, read }) => {
                let fault = written.err().as_ref().and_then(tls_fault).unwrap_or(fault);
                let silent = read == before && fault == CallFault::Broken { sent: true };
                Err(if silent { Failed::Silent(fault) } else { Failed::Final(fault) })
            }
        }
    }
}

/// A TLS fault behind an error of a connection: TLS 1.3 providers refuse our certificate only after the
/// request was written, and say so with an alert.
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
