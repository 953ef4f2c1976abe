//! What a caller may use, and how the gateway sees it: `GET /api` and `GET /api/me`; and the code lists
//! that records are checked against, `GET /api/danh-muc` ([`crate::code_lists`]).
//!
//! All answer from the snapshot alone. The first two show a caller its own agreements and never anyone
//! else's, and no field that its agreement does not release.

use std::collections::BTreeMap;

use contracts::{FieldPath, Language};
use http::{Method, StatusCode};
use jiff::Timestamp;
use policies::{MemberId, PurposeId, Service, ServiceVersion};
use serde_json::{Value, json};

use crate::{
    description::page::Kind,
    host::{Answer, Incoming, fields},
    lifetime,
    problem::Manner,
    quota::Meter,
    refusal::Refusal,
    stages::Caller,
};

/// The methods of both.
const ALLOW: &[Method] = &[Method::GET];

/// One of the gateway's own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// What the caller may use.
    Services,
    /// How the gateway sees the caller.
    Me,
    /// The code lists.
    CodeLists,
    /// One code list.
    CodeList,
}

/// Where the code lists are.
const CODE_LISTS: &str = "/api/danh-muc";

impl Page {
    /// The page at `path`, if there is one.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/api" | "/api/" => Some(Self::Services),
            "/api/me" => Some(Self::Me),
            CODE_LISTS => Some(Self::CodeLists),
            _ => list_named(path).map(|_| Self::CodeList),
        }
    }

    /// The route's template, for logs and the journal.
    pub fn template(self) -> &'static str {
        match self {
            Self::Services => "GET /api",
            Self::Me => "GET /api/me",
            Self::CodeLists => "GET /api/danh-muc",
            Self::CodeList => "GET /api/danh-muc/{list}",
        }
    }

    /// Shows it.
    ///
    /// # Errors
    /// Another method than `GET`; of code lists, what they do not have.
    pub fn show(self, caller: &Caller<'_>, request: &Incoming, now: Timestamp) -> Result<Answer, Refusal> {
        if request.method() != Method::GET {
            return Err(Refusal::MethodNotAllowed { allow: ALLOW });
        }
        let snapshot = &caller.world().snapshot;
        let language = Manner::asked(request).language;
        let body = match self {
            Self::Services => services(caller, language, now),
            Self::Me => me(caller, request, language, now),
            Self::CodeLists => return snapshot.code_lists().index(request.query(), request.headers()),
            Self::CodeList => {
                let (lists, name) = (snapshot.catalog().code_lists(), list_named(request.path()));
                let (pages, name) = (snapshot.code_lists(), name.unwrap_or_default());
                return pages.list(lists, name, request.query(), request.headers());
            }
        };
        let mut answer = Answer::new(StatusCode::OK, body.to_string());
        answer.fields.push(fields::CONTENT_TYPE, "application/json");
        // What may be used changes with every agreement; nobody keeps a copy.
        answer.fields.push(fields::CACHE_CONTROL, "no-store");
        Ok(answer)
    }
}

/// The list that a path names.
fn list_named(path: &str) -> Option<&str> {
    path.strip_prefix(CODE_LISTS)?.strip_prefix('/').filter(|name| !name.is_empty() && !name.contains('/'))
}

fn services(caller: &Caller<'_>, language: Language, now: Timestamp) -> Value {
    let register = caller.world().snapshot.register();
    let today = policies::local(now).date();
    let paths = |paths: &[FieldPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let offers: Vec<Value> = register
        .usable_by(caller.key(), caller.represented(), now)
        .map(|usable| {
            let (service, version) = (register.service(usable.service), usable.version);
            let masked: BTreeMap<_, _> =
                usable.release.masked().iter().map(|(path, mask)| (path.to_string(), mask.as_str())).collect();
            json!({
                "service": service.id.as_str(),
                "version": version.number,
                "contract": version.contract.id().to_string(),
                "title": version.contract.title().get(language),
                "status": version.contract.status().as_str(),
                "caution": version.contract.status().caution().map(|caution| caution.get(language).to_owned()),
                "url": format!("/api/{}/v{}", service.id, version.number),
                "descriptions": descriptions(service, version.number),
                "basis": usable.basis.as_str(),
                "agreement": usable.agreement.map(|agreement| agreement.id.as_str()),
                "operations": usable.operations.iter().map(|operation| operation.as_str()).collect::<Vec<_>>(),
                "formats": usable.formats.iter().map(|format| format.as_str()).collect::<Vec<_>>(),
                "purposes": usable.purposes.iter().map(PurposeId::as_str).collect::<Vec<_>>(),
                "fields": paths(usable.release.released()),
                "masked": masked,
                "filters": usable.agreement.map(|agreement| paths(&agreement.filter)),
                "deprecated_from": version.deprecated_from.map(|date| date.to_string()),
                "retired_from": version.retired_from.map(|date| date.to_string()),
                "successor": leaving(version).then(|| lifetime::successor(service, version.number, today)).flatten()
                    .map(|successor| format!("/api/{}/v{successor}", service.id)),
            })
        })
        .collect();
    json!({ "services": offers })
}

/// Whether the version is on its way out.
fn leaving(version: &ServiceVersion) -> bool {
    version.deprecated_from.is_some() || version.retired_from.is_some()
}

/// Where the version is described, as this caller sees it.
fn descriptions(service: &Service, version: u32) -> BTreeMap<&'static str, String> {
    let kinds = Kind::ALL.into_iter();
    kinds
        .filter_map(|kind| Some((kind.name()?, format!("/api/{}/v{version}/{}", service.id, kind.file()))))
        .collect()
}

fn me(caller: &Caller<'_>, request: &Incoming, language: Language, now: Timestamp) -> Value {
    let snapshot = &caller.world().snapshot;
    let register = snapshot.register();
    let system = caller.system();
    let facts = &request.connection().peer.facts;
    let agreements: Vec<Value> = register
        .agreements()
        .filter(|agreement| agreement.consumer == caller.key())
        .map(|agreement| {
            let meters = snapshot.meters(Some(agreement), agreement.service);
            json!({
                "id": agreement.id.as_str(),
                "service": register.service(agreement.service).id.as_str(),
                "valid": {"from": agreement.valid.from.map(|date| date.to_string()), "until": agreement.valid.until.map(|date| date.to_string())},
                "quota": meters.iter().filter(|meter| meter.key().starts_with("agreement:")).map(|meter| quota(meter, now)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "system": system.id.as_str(),
        "member": {"id": system.id.member(), "name": register.member(system.member).name.get(language)},
        "on_behalf_of": caller.represented_id().map(MemberId::as_str),
        "environment": &*system.environment,
        "certificate": {
            "serial": facts.serial,
            "issuer": facts.issuer,
            "expires": facts.not_after.to_string(),
            "days_left": (facts.not_after.as_second() - now.as_second()) / 86_400,
        },
        "agreements": agreements,
        "clock": clock(request, now),
    })
}

/// The gateway's time, and how far the caller's `Date` is from it: X-Road and the population
/// database both refuse requests whose clock is off, and nobody notices where.
fn clock(request: &Incoming, now: Timestamp) -> Value {
    let theirs = request.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    json!({
        "gateway": now.to_string(),
        "skew_seconds": theirs.map(|theirs| theirs.timestamp().as_second() - now.as_second()),
    })
}

/// What is left of an agreement's quota; other consumers' use of a service is not told.
fn quota(meter: &Meter, now: Timestamp) -> Value {
    let usage = meter.usage(now);
    json!({
        "per_second": usage.per_second,
        "concurrent_left": usage.concurrent.left(),
        "day": usage.date.to_string(),
        "requests_left": usage.day.requests.left(),
        "records_left": usage.day.records.left(),
        "bytes_left": usage.day.bytes.left(),
        "month": {
            "requests_left": usage.month.requests.left(),
            "records_left": usage.month.records.left(),
            "bytes_left": usage.month.bytes.left(),
        },
    })
}
