//! Descriptions over HTTP: `GET /api/{member}/{service}/v{n}/openapi.json` and its like.
//!
//! A caller gets them by the same right as the data: whoever has no agreement and no sharing rule for
//! the version is refused by the rule that a request would meet. Nothing is charged and nothing is
//! forwarded; the exchange is recorded like any other.

use bytes::Bytes;
use contracts::Language;
use http::{HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use policies::{Parties, Service, ServiceKey};
use ring::digest::{SHA256, digest};

use super::{
    Offer, openapi,
    rights::{self, Look},
    shelf::{Key, Made},
};
use crate::{
    host::{Answer, Incoming},
    problem::Manner,
    refusal::Refusal,
    stages::Caller,
};

const ALLOW: &[Method] = &[Method::GET];

/// One of the descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenAPI 3.1.
    OpenApi,
    /// JSON Schema 2020-12 of one record.
    Schema,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::OpenApi, Self::Schema];

    /// The last part of its path.
    pub fn file(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi.json",
            Self::Schema => "schema.json",
        }
    }

    /// Its name among a service's descriptions.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi",
            Self::Schema => "schema",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::OpenApi => "GET /api/{member}/{service}/v{n}/openapi.json",
            Self::Schema => "GET /api/{member}/{service}/v{n}/schema.json",
        }
    }
}

/// A description that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    kind: Kind,
    key: ServiceKey,
    service: &'w Service,
    version: u32,
}

impl<'w> Wanted<'w> {
    /// The description at `request`'s path, if there is one.
    ///
    /// # Errors
    /// The path is a description's, and leads to no service.
    pub fn at(caller: &Caller<'w>, request: &Incoming) -> Result<Option<Self>, Refusal> {
        let Some(rest) = request.path().strip_prefix("/api/") else { return Ok(None) };
        let mut segments = rest.split('/');
        let (Some(member), Some(name), Some(version), Some(file), None) =
            (segments.next(), segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Ok(None);
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.file() == file) else { return Ok(None) };
        let number = version.strip_prefix('v').and_then(|text| {
            // One way of writing, as for records.
            text.parse().ok().filter(|number: &u32| number.to_string() == text)
        });
        let register = caller.world().snapshot.register();
        let key = register.service_named(member, name).ok_or(Refusal::NotFound)?;
        let version = number.ok_or(Refusal::NotFound)?;
        Ok(Some(Self { kind, key, service: register.service(key), version }))
    }

    /// The route's template, for logs and the journal.
    pub fn template(&self) -> &'static str {
        self.kind.template()
    }

    /// The service.
    pub fn service(&self) -> &'w Service {
        self.service
    }

    /// The version of it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Shows it.
    ///
    /// # Errors
    /// Another method than `GET`, a suspension, or no right to the version.
    pub fn show(&self, caller: &Caller<'w>, request: &Incoming, now: Timestamp) -> Result<Answer, Refusal> {
        if request.method() != Method::GET {
            return Err(Refusal::MethodNotAllowed { allow: ALLOW });
        }
        self.unsuspended(caller, now)?;
        let snapshot = &caller.world().snapshot;
        let language = Manner::asked(request).language;
        let key = Key {
            caller: caller.key(),
            represented: caller.represented(),
            service: self.key,
            version: self.version,
            kind: self.kind,
            language,
            day: policies::local(now).date(),
        };
        let look = Look {
            caller: caller.key(),
            represented: caller.represented(),
            service: self.key,
            version: self.version,
            environment: snapshot.environment(),
            at: now,
        };
        let made = snapshot.descriptions().take(key, || {
            let offer = rights::offer(snapshot.register(), &look).map_err(Refusal::Denied)?;
            Ok::<_, Refusal>(make(&offer, self.kind, language))
        })?;
        let known = request.header("if-none-match").is_some_and(|tags| names(tags, &made.etag));
        let mut answer = if known {
            Answer::new(StatusCode::NOT_MODIFIED, Bytes::new())
        } else {
            Answer::new(StatusCode::OK, made.body.clone())
        };
        if !known {
            answer.push(header::CONTENT_TYPE, HeaderValue::from_static(made.media_type));
        }
        if let Ok(etag) = HeaderValue::from_str(&made.etag) {
            answer.push(header::ETAG, etag);
        }
        // The caller may keep it, for itself alone, and asks each time whether it still holds.
        answer.push(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        answer.push(header::VARY, HeaderValue::from_static("Accept-Language"));
        Ok(answer)
    }

    /// An emergency stop reaches descriptions too.
    fn unsuspended(&self, caller: &Caller<'w>, now: Timestamp) -> Result<(), Refusal> {
        let parties = Parties {
            system: &caller.system().id,
            represented: caller.represented_id(),
            service: Some(&self.service.id),
            agreement: None,
        };
        match caller.world().overlay.suspends(&parties, now) {
            Some(suspension) => Err(Refusal::Suspended { reason: suspension.reason.clone() }),
            None => Ok(()),
        }
    }
}

/// Writes the description `kind` of `offer`.
pub fn make(offer: &Offer<'_>, kind: Kind, language: Language) -> Made {
    let (body, media_type) = match kind {
        Kind::OpenApi => (openapi::describe(offer, language).to_string(), "application/json"),
        Kind::Schema => (offer.records().schema.to_string(), "application/schema+json"),
    };
    let digest = digest(&SHA256, body.as_bytes());
    // Sixteen bytes tell two descriptions apart as well as thirty-two.
    let tag: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Made { body: body.into(), media_type, etag: format!("\"{tag}\"") }
}

/// Whether `If-None-Match` names `etag` (RFC 9110 section 13.1.2: compared weakly).
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
