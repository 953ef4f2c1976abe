//! Descriptions over HTTP: `GET /api/{member}/{service}/v{n}/openapi.json` and its like.
//!
//! A caller gets them by the same right as the data: whoever has no agreement and no sharing rule for
//! the version is refused by the rule that a request would meet. Nothing is charged and nothing is
//! forwarded; the exchange is recorded like any other.

use bytes::Bytes;
use contracts::{Bilingual, Language, description};
use http::{Method, StatusCode};
use jiff::Timestamp;
use policies::{Parties, Rule, Service, ServiceKey};
use ring::digest::{SHA256, digest};

use super::{
    Offer, openapi,
    rights::{self, Look},
    shelf::{Key, Made},
    wsdl,
};
use crate::{
    host::{Answer, Incoming, fields},
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
    /// XML Schema 1.0 of records.
    Xsd,
    /// WSDL 1.1.
    Wsdl,
    /// The data dictionary, as a page.
    Dictionary,
    /// The data dictionary, as Markdown.
    Markdown,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::OpenApi, Self::Schema, Self::Xsd, Self::Wsdl, Self::Dictionary, Self::Markdown];

    /// Its name among a service's descriptions; none when it is another form of one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::OpenApi => Some("openapi"),
            Self::Schema => Some("schema"),
            Self::Xsd => Some("xsd"),
            Self::Wsdl => Some("wsdl"),
            Self::Dictionary => Some("dictionary"),
            Self::Markdown => None,
        }
    }

    /// What follows the version in its address.
    pub fn file(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi.json",
            Self::Schema => "schema.json",
            Self::Xsd => "schema.xsd",
            Self::Wsdl => "soap?wsdl",
            Self::Dictionary | Self::Markdown => "dictionary",
        }
    }

    /// The kind that `request` asks for by the last part of its path, its query and, of a dictionary,
    /// by what it reads.
    fn asked(file: &str, request: &Incoming) -> Option<Self> {
        match file {
            "openapi.json" => Some(Self::OpenApi),
            "schema.json" => Some(Self::Schema),
            "schema.xsd" => Some(Self::Xsd),
            // Toolkits ask for `?wsdl` and `?WSDL`.
            "soap" => {
                request.query().is_some_and(|query| query.eq_ignore_ascii_case("wsdl")).then_some(Self::Wsdl)
            }
            "dictionary" => {
                let page = request.header("accept").is_some_and(|accept| accept.contains("text/html"));
                Some(if page { Self::Dictionary } else { Self::Markdown })
            }
            _ => None,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::OpenApi => "GET /api/{member}/{service}/v{n}/openapi.json",
            Self::Schema => "GET /api/{member}/{service}/v{n}/schema.json",
            Self::Xsd => "GET /api/{member}/{service}/v{n}/schema.xsd",
            Self::Wsdl => "GET /api/{member}/{service}/v{n}/soap?wsdl",
            Self::Dictionary | Self::Markdown => "GET /api/{member}/{service}/v{n}/dictionary",
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
        // By its last part first: most requests are told apart by that.
        let Some((base, file)) = rest.rsplit_once('/') else { return Ok(None) };
        let Some(kind) = Kind::asked(file, request) else { return Ok(None) };
        let mut segments = base.split('/');
        let (Some(member), Some(name), Some(version), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Ok(None);
        };
        // What is posted there is a message.
        if kind == Kind::Wsdl && request.method() == Method::POST {
            return Ok(None);
        }
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
        let authorities = &snapshot.settings().listen.authorities;
        let host = request.header("host").unwrap_or_default();
        let authority = authorities.iter().position(|own| own.eq_ignore_ascii_case(host)).unwrap_or(0);
        let key = Key {
            authority: if self.kind == Kind::Wsdl { authority } else { 0 },
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
            let authority = authorities.get(authority).map_or("localhost", String::as_str);
            make(&offer, self.kind, authority, language).ok_or_else(no_soap)
        })?;
        let known = request.header("if-none-match").is_some_and(|tags| names(tags, &made.etag));
        let mut answer = if known {
            Answer::new(StatusCode::NOT_MODIFIED, Bytes::new())
        } else {
            Answer::new(StatusCode::OK, made.body.clone())
        };
        if !known {
            answer.fields.push(fields::CONTENT_TYPE, made.media_type);
        }
        answer.fields.push(fields::ETAG, &made.etag);
        // The caller may keep it, for itself alone, and asks each time whether it still holds.
        answer.fields.push(fields::CACHE_CONTROL, "private, no-cache");
        answer.fields.push(fields::VARY, "Accept, Accept-Language");
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

/// Writes the description `kind` of `offer`, at `authority` where that is named; nothing when there is
/// nothing to describe, which only a WSDL can be short of.
pub fn make(offer: &Offer<'_>, kind: Kind, authority: &str, language: Language) -> Option<Made> {
    let (contract, view) = (offer.contract, offer.records());
    let (body, media_type) = match kind {
        Kind::OpenApi => (openapi::describe(offer, language).to_string(), "application/json"),
        Kind::Schema => (description::json_schema(contract, &view).to_string(), "application/schema+json"),
        Kind::Xsd => (description::xsd(contract, &view).document, "application/xml"),
        Kind::Wsdl => (wsdl::describe(offer, authority, language)?, "text/xml; charset=utf-8"),
        Kind::Dictionary => (description::dictionary::html(contract, &view), "text/html; charset=utf-8"),
        Kind::Markdown => {
            (description::dictionary::markdown(contract, &view), "text/markdown; charset=utf-8")
        }
    };
    let body = match kind {
        Kind::Dictionary => {
            body.replacen("<body>", &format!("<body>{}", notice(offer, ["<p><strong>", "</strong></p>"])), 1)
        }
        Kind::Markdown => format!("{}{body}", notice(offer, ["**", "**\n\n"])),
        _ => body,
    };
    let digest = digest(&SHA256, body.as_bytes());
    // Sixteen bytes tell two descriptions apart as well as thirty-two.
    let tag: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Some(Made { body: body.into(), media_type, etag: format!("\"{tag}\"") })
}

/// What readers of the dictionary are told of a version on its way out, between two marks.
fn notice(offer: &Offer<'_>, [start, end]: [&str; 2]) -> String {
    let mut told = Vec::new();
    if let Some(day) = &offer.deprecated_from {
        told.push(format!("Nên chuyển phiên bản từ ngày {day} / Deprecated from {day}"));
    }
    if let Some(day) = &offer.retired_from {
        told.push(format!("Ngừng phục vụ từ ngày {day} / Gone from {day}"));
    }
    if let (Some(number), false) = (offer.successor, told.is_empty()) {
        told.push(format!("Chuyển sang v{number} / Move to v{number}"));
    }
    if told.is_empty() { String::new() } else { format!("{start}{}{end}", told.join("; ")) }
}

/// No agreement of the caller allows SOAP.
fn no_soap() -> Refusal {
    let rule = Rule::FormatNotAgreed;
    let detail = Bilingual::new(
        "Không thao tác nào được phép dùng định dạng `soap`.",
        "None of the operations may be asked in the format `soap`.",
    );
    Refusal::Denied(policies::Refusal { rule, detail, agreement: None })
}

/// Whether `If-None-Match` names `etag` (RFC 9110 section 13.1.2: compared weakly).
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
