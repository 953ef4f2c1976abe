//! What is asked, when it is asked by a message: SOAP has the operation, the filters, even purpose and
//! officer in the body, so the body is read before anything can be routed or decided. A request without a
//! message passes as it is, its body unread.
//!
//! Reading so early is paid for in bounds. Only a known, unsuspended system within its flood limit gets
//! here (`identify`); the path must name a service; the body is capped by that service's limit, then by the
//! readers' own. Who waits for `100 Continue` is therefore told to go on before the agreement is asked: an
//! agreement cannot be asked about an operation that nobody has named. What is refused from here on is
//! recorded with the message's length and digest, as any request whose body was read.

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use policies::Operation;

use super::Caller;
use crate::{
    host::{BodyFault, Incoming},
    negotiation::{self, Formats},
    refusal::Refusal,
    soap::{self, Dress, Meant, Place},
    stated::Stated,
};

/// What is asked: the request as it came, or the one that a message means.
pub struct Asked<'i> {
    incoming: &'i mut Incoming,
    message: Option<Box<Meant>>,
    stated: Stated,
}

/// The route's template of a message, whatever it asks for.
const TEMPLATE: &str = "POST /api/{member}/{service}/v{n}/soap";

impl Asked<'_> {
    /// The method.
    pub fn method(&self) -> &Method {
        self.message.as_ref().map_or_else(|| self.incoming.method(), |message| &message.method)
    }

    /// The path, escaped.
    pub fn path(&self) -> &str {
        self.message.as_ref().map_or_else(|| self.incoming.path(), |message| &message.path)
    }

    /// What follows `?`, escaped.
    pub fn query(&self) -> Option<&str> {
        match &self.message {
            Some(message) => message.query.as_deref(),
            None => self.incoming.query(),
        }
    }

    /// All header fields, and what header blocks state in their place.
    pub fn headers(&self) -> &HeaderMap {
        self.message.as_ref().map_or_else(|| self.incoming.headers(), |message| &message.headers)
    }

    /// What its fields and header blocks state.
    pub fn stated(&self) -> &Stated {
        &self.stated
    }

    /// The formats sent and read.
    pub fn formats(&self, operation: Operation) -> Formats {
        match &self.message {
            Some(_) => Formats::soap(operation),
            None => negotiation::formats(self.incoming.headers(), operation),
        }
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&Meant> {
        self.message.as_deref()
    }

    /// What the answer to a message is dressed in.
    pub fn dress(&self) -> Option<&Dress> {
        self.message.as_ref().map(|message| &message.dress)
    }

    /// The route's template, when a message has none of its own.
    pub fn template(&self) -> Option<&'static str> {
        self.message.as_ref().map(|_| TEMPLATE)
    }

    /// The request as it came.
    pub fn incoming(&mut self) -> &mut Incoming {
        self.incoming
    }

    /// The whole body of a request that is not a message.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, BodyFault> {
        self.incoming.body(limit).await
    }
}

/// Reads a message as the request that it means; a request that is none means what it `stated`. A message's header blocks may say for whom the caller speaks.
///
/// # Errors
/// The message cannot be had, cannot be read, contradicts itself, asks for nothing the service has, or
/// speaks for somebody its caller may not speak for.
pub async fn understand<'w, 'i>(
    caller: Caller<'w>,
    stated: Stated,
    request: &'i mut Incoming,
    now: Timestamp,
) -> Result<(Caller<'w>, Asked<'i>), Refusal> {
    if *request.method() != Method::POST || !request.path().ends_with("/soap") {
        return Ok((caller, Asked { incoming: request, message: None, stated }));
    }
    let path = request.path().to_owned();
    let base = path.strip_suffix("/soap").unwrap_or_default();
    let (service, version) = named(&caller, base).ok_or(Refusal::NotFound)?;
    if request.query().is_some_and(|query| !query.is_empty()) {
        // A message says everything in its body; what stands beside it would be ignored by some.
        return Err(Refusal::Parameter { rule: "unknown-parameter", name: "?".to_owned() });
    }
    let snapshot = &caller.world().snapshot;
    let own = service.body_limit.and_then(|limit| usize::try_from(limit).ok());
    let bytes = request.body(own.unwrap_or(snapshot.settings().limits.body)).await.map_err(Refusal::Body)?;
    let register = snapshot.register();
    let provider = register.member(register.system(service.system).member).alias("xroad");
    let place = Place { base, service, version, provider };
    let message = soap::meant(&place, request.headers(), &bytes)?;
    let stated = Stated::of(&message.headers);
    let caller = caller.stating(&stated, &message.headers, now)?;
    Ok((caller, Asked { incoming: request, message: Some(Box::new(message)), stated }))
}

/// The service and version that `/api/{member}/{service}/v{n}` names.
fn named<'w>(caller: &Caller<'w>, base: &str) -> Option<(&'w policies::Service, u32)> {
    let mut segments = base.strip_prefix("/api/")?.split('/');
    let (member, name, version) = (segments.next()?, segments.next()?, segments.next()?);
    let version = version.strip_prefix('v').and_then(super::route::number)?;
    let register = caller.world().snapshot.register();
    let key = register.service_named(member, name).filter(|_| segments.next().is_none())?;
    Some((register.service(key), version))
}
