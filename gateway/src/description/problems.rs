//! The problems that requests may be answered with: what the refusals say of themselves.

use std::collections::BTreeMap;

use contracts::{Bilingual, Language};
use policies::{Operation, Rule};
use serde_json::{Map, Value, json};

use super::openapi::{put, say};
use crate::{problem::TYPE_PREFIX, refusal::Refusal};

/// The statuses by which `operation` may be refused.
pub(super) fn statuses(operation: Operation) -> impl Iterator<Item = u16> {
    kinds().into_keys().filter(move |status| match status {
        404 => operation.names_record() || !operation.carries_record(),
        400 | 413 | 415 | 422 => operation.carries_record() || *status == 400,
        405 => false,
        _ => true,
    })
}

/// The problems, by status: what refusals say of themselves.
fn kinds() -> BTreeMap<u16, Vec<(&'static str, Bilingual)>> {
    let denied = |rule: Rule| {
        Refusal::Denied(policies::Refusal { rule, detail: Bilingual::new("", ""), agreement: None })
    };
    let examples = Rule::ALL.into_iter().map(denied).chain([
        Refusal::NotFound,
        Refusal::RecordNotFound,
        Refusal::RecordOutsideScope,
        Refusal::MediaType,
        Refusal::NotAcceptable,
        Refusal::RelayNotAllowed,
        Refusal::SystemUnknown,
        Refusal::Suspended { reason: Bilingual::new("", "") },
        Refusal::Parameter { rule: "parameter", name: String::new() },
        Refusal::Header { name: "Lt-Purpose" },
        Refusal::ProviderUnreachable,
        Refusal::ProviderCircuitOpen { wait: std::time::Duration::ZERO },
        Refusal::ProviderBusy,
        Refusal::DeadlinePassed { sent: false },
        Refusal::ProviderTimedOut { outcome_unknown: false },
        Refusal::ProviderTimedOut { outcome_unknown: true },
        Refusal::ProviderBroken { outcome_unknown: false },
        Refusal::QuotaAway { retry_after: std::time::Duration::ZERO },
        Refusal::Maintenance { remaining: std::time::Duration::ZERO },
    ]);
    let mut kinds: BTreeMap<u16, Vec<(&'static str, Bilingual)>> = BTreeMap::new();
    let told = examples.map(|refusal| {
        let face = refusal.face();
        (face.status.as_u16(), face.kind, face.title)
    });
    // These two hold what cannot be made here: counts of a meter, violations of a contract.
    let more = [
        (429, "quota-exceeded", Bilingual::new("Hết hạn mức", "Quota spent")),
        (422, "contract-violation", Bilingual::new("Dữ liệu trái hợp đồng", "The data breaks the contract")),
    ];
    for (status, kind, title) in told.chain(more) {
        let known = kinds.entry(status).or_default();
        if known.iter().all(|(other, _)| *other != kind) {
            known.push((kind, title));
        }
    }
    kinds
}

/// The refusals of each status, as responses.
pub(super) fn problems(language: Language) -> Value {
    let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    kinds()
        .into_iter()
        .map(|(status, kinds)| {
            let told: Vec<String> =
                kinds.iter().map(|(kind, title)| format!("`{kind}`: {}", title.get(language))).collect();
            let types: Vec<String> = kinds.iter().map(|(kind, _)| format!("{}{kind}", TYPE_PREFIX)).collect();
            let mut headers = json!({ "Lt-Exchange-Id": { "$ref": "#/components/headers/Lt-Exchange-Id" } });
            if matches!(status, 429 | 503) {
                put(&mut headers, "Retry-After", json!({ "$ref": "#/components/headers/Retry-After" }));
            }
            let response = json!({
                "description": told.join("; "), "headers": headers, "x-problem-types": types,
                "content": { "application/problem+json": schema, "application/problem+xml": schema },
            });
            (format!("problem{status}"), response)
        })
        .collect::<Map<String, Value>>()
        .into()
}

/// RFC 9457, with the gateway's own members.
pub(super) fn problem(language: Language) -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": say(language, "Thông báo lỗi theo RFC 9457", "A problem as RFC 9457 has it"),
        "required": ["type", "title", "status", "detail", "exchange", "fault", "rule"],
        "properties": {
            "type": { "type": "string", "format": "uri" }, "title": text, "status": { "type": "integer" },
            "detail": text, "exchange": { "type": "string", "format": "uuid" },
            "fault": { "type": "string", "enum": ["consumer", "provider", "gateway"] }, "rule": text,
            "violations": { "type": "array", "items": {
                "type": "object", "required": ["path", "rule", "message"],
                "properties": { "path": text, "rule": text, "message": text },
            } },
        },
        "xml": { "name": "problem", "namespace": "urn:ietf:rfc:7807" },
    })
}
