//! Refusals as RFC 9457 problem documents, in the caller's language and format.

use adapters::{
    soap::{FaultCode, PROBLEM_NAMESPACE, write_fault},
    xroad::rest,
};
use bytes::Bytes;
use contracts::Language;
use http::{HeaderMap, Method, StatusCode, header};
use uuid::Uuid;

use crate::{
    host::{
        Answer, Incoming,
        fields::{self, Name},
    },
    quota::RateLimit,
    refusal::{Blame, Face, Refusal},
    soap::{self, Version},
    stated,
};

/// Where the stable codes of `type` live; RFC 9457 section 3.1.1 asks for a URI.
pub const TYPE_PREFIX: &str = "urn:lienthong:problem:";

/// How the caller wants to be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The language of title, detail and messages.
    pub language: Language,
    /// Whether `application/problem+xml` is preferred.
    pub xml: bool,
    /// Whether a SOAP fault is, and of which version.
    pub soap: Option<Version>,
}

impl Manner {
    /// What `request` asks for.
    pub fn asked(request: &Incoming) -> Self {
        Self::of_head(Some(request.method()), Some(request.path()), request.headers())
    }

    /// What a head asks for: a fault if it speaks SOAP, else as its `Accept` fields say.
    pub fn of_head(method: Option<&Method>, path: Option<&str>, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let accepted = Self::of(text(header::ACCEPT_LANGUAGE), text(header::ACCEPT));
        Self { soap: soap::spoken(method, path, headers), ..accepted }
    }

    /// Read from `Accept-Language` and `Accept`; Vietnamese and JSON unless asked otherwise.
    pub fn of(accept_language: Option<&str>, accept: Option<&str>) -> Self {
        let quality = |tag: &str| accept_language.map_or(0, |header| quality_of(header, tag));
        let language = if quality("en") > quality("vi") { Language::En } else { Language::Vi };
        let xml = accept.is_some_and(|header| {
            let best =
                |suffixes: [&str; 2]| suffixes.iter().map(|kind| quality_of(header, kind)).max().unwrap_or(0);
            best(["application/xml", "application/problem+xml"])
                > best(["application/json", "application/problem+json"])
        });
        Self { language, xml, soap: None }
    }
}

/// The answer that tells of `refusal`, which looks like `face`; `exchange` is the id under which the
/// journal knows it.
pub fn answer(refusal: &Refusal, face: &Face, exchange: Uuid, manner: Manner) -> Answer {
    let mut buffer = Uuid::encode_buffer();
    let id: &str = exchange.hyphenated().encode_lower(&mut buffer);
    let language = manner.language;
    let (status, media, body) = match manner.soap {
        Some(version) => {
            let code = fault_code(face);
            let status = StatusCode::from_u16(code.status(version)).unwrap_or(face.status);
            (status, version.content_type(), write_soap(version, code, refusal, face, id, language))
        }
        None if manner.xml => {
            (face.status, "application/problem+xml", write_xml(refusal, face, id, language))
        }
        None => (face.status, "application/problem+json", write_json(refusal, face, id, language)),
    };
    let mut answer = Answer::new(status, Bytes::from(body));
    answer.fields.push(fields::CONTENT_TYPE, media);
    answer.fields.push(fields::CONTENT_LANGUAGE, code(language));
    // A 404 or 410 may be kept by default (RFC 9110 section 15.1); tomorrow's agreement says otherwise.
    answer.fields.push(fields::CACHE_CONTROL, "no-store");
    if let Some(wait) = face.retry_after {
        answer.fields.push(fields::RETRY_AFTER, itoa::Buffer::new().format(seconds(wait)));
    }
    if let Refusal::QuotaSpent(exceeded) = refusal {
        tell_limits(&mut answer, &exceeded.rate_limit);
    }
    if let Refusal::MethodNotAllowed { allow } = refusal {
        let names: Vec<&str> = allow.iter().map(http::Method::as_str).collect();
        answer.fields.push(fields::ALLOW, &names.join(", "));
    }
    name_exchange(&mut answer, exchange);
    answer
}

/// Adds `RateLimit` and `RateLimit-Policy`, where there is something to say.
pub fn tell_limits(answer: &mut Answer, limits: &RateLimit<'_>) {
    if !limits.policy.is_empty() {
        answer.fields.push(RATELIMIT_POLICY, &limits.policy);
    }
    if !limits.limit.is_empty() {
        answer.fields.push(RATELIMIT, &limits.limit);
    }
}

const RATELIMIT: Name = Name::of("ratelimit");
const RATELIMIT_POLICY: Name = Name::of("ratelimit-policy");

/// Adds the header by which an answer names its exchange.
pub fn name_exchange(answer: &mut Answer, exchange: Uuid) {
    let mut buffer = Uuid::encode_buffer();
    answer.fields.push(fields::EXCHANGE_ID, exchange.hyphenated().encode_lower(&mut buffer));
}

/// Gives the names of a request that came by X-Road's headers back, as its protocol asks, with the id
/// under which the request is known here; the client's only when it is `known` to be called so.
pub fn name_message(answer: &mut Answer, headers: &HeaderMap, exchange: Uuid, known: bool) {
    if !stated::speaks_xroad(headers) {
        return;
    }
    let id = stated::message_id(headers).ok().flatten().map(|id| (MESSAGE_ID, id));
    let client = stated::client(headers).ok().flatten().filter(|_| known);
    let client = client.map(|client| (CLIENT, client));
    if id.is_none() && client.is_none() {
        return;
    }
    let mut buffer = Uuid::encode_buffer();
    let request = (REQUEST_ID, &*exchange.hyphenated().encode_lower(&mut buffer));
    for (name, text) in id.into_iter().chain(client).chain([request]) {
        answer.fields.push(name, text);
    }
}

const MESSAGE_ID: Name = Name::of(rest::ID);
const CLIENT: Name = Name::of(rest::CLIENT);
const REQUEST_ID: Name = Name::of(rest::REQUEST_ID);

fn seconds(wait: std::time::Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn code(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}

fn write_json(refusal: &Refusal, face: &Face, exchange: &str, language: Language) -> Vec<u8> {
    let mut problem = serde_json::json!({
        "type": format!("{TYPE_PREFIX}{}", face.kind),
        "title": face.title.get(language),
        "status": face.status.as_u16(),
        "detail": face.detail.get(language),
        "exchange": exchange,
        "fault": face.blame.as_str(),
        "rule": face.rule,
    });
    let violations = refusal.violations();
    if !violations.is_empty()
        && let Some(members) = problem.as_object_mut()
    {
        let list: Vec<_> = violations
            .iter()
            .map(|v| serde_json::json!({"path": v.path, "rule": v.rule.code(), "message": v.message(language)}))
            .collect();
        members.insert("violations".to_owned(), list.into());
    }
    problem.to_string().into_bytes()
}

/// Whose fault, in SOAP's words.
fn fault_code(face: &Face) -> FaultCode {
    match (&*face.rule, face.blame) {
        ("soap-version", _) => FaultCode::VersionMismatch,
        ("must-understand", _) => FaultCode::MustUnderstand,
        (_, Blame::Consumer) => FaultCode::Sender,
        (_, Blame::Provider | Blame::Gateway) => FaultCode::Receiver,
    }
}

/// The problem in the detail of a fault. The binding has few statuses; the problem's own says which.
fn write_soap(
    version: Version,
    code: FaultCode,
    refusal: &Refusal,
    face: &Face,
    exchange: &str,
    language: Language,
) -> Vec<u8> {
    let writable = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let reason = format!("{}: {}", face.title.get(language), face.detail.get(language));
    let problem = write_xml(refusal, face, exchange, language);
    let mut out = Vec::with_capacity(problem.len() + 512);
    write_fault(version, code, &writable(&reason), self::code(language), &problem, &mut out);
    out
}

fn write_xml(refusal: &Refusal, face: &Face, exchange: &str, language: Language) -> Vec<u8> {
    // RFC 9457 appendix B: the namespace is RFC 7807's, kept by its successor.
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><problem xmlns=\"{PROBLEM_NAMESPACE}\">");
    let mut element = |name: &str, text: &str| {
        out.push_str(&format!("<{name}>{}</{name}>", escape(text)));
    };
    element("type", &format!("{TYPE_PREFIX}{}", face.kind));
    element("title", face.title.get(language));
    element("detail", face.detail.get(language));
    element("status", &face.status.as_u16().to_string());
    element("exchange", exchange);
    element("fault", face.blame.as_str());
    element("rule", &face.rule);
    let violations = refusal.violations();
    if !violations.is_empty() {
        out.push_str("<violations>");
        for violation in violations.iter() {
            // Appendix B writes a list's items as elements called `i`.
            out.push_str(&format!(
                "<i><path>{}</path><rule>{}</rule><message>{}</message></i>",
                escape(&violation.path),
                violation.rule.code(),
                escape(violation.message(language))
            ));
        }
        out.push_str("</violations>");
    }
    out.push_str("</problem>");
    out.into_bytes()
}

/// Escaped, and without the control characters that XML 1.0 has no way to write: an operator's words
/// may hold one.
pub(crate) fn escape(text: &str) -> String {
    let writable = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let text: String = text.chars().filter(writable).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The quality of `wanted` in an `Accept`-like header, in thousandths; 0 when absent.
fn quality_of(header: &str, wanted: &str) -> u16 {
    header
        .split(',')
        .filter_map(|item| {
            let mut parts = item.split(';');
            let name = parts.next()?.trim();
            let matches = name.eq_ignore_ascii_case(wanted)
                || name
                    .get(..wanted.len() + 1)
                    .is_some_and(|head| head.eq_ignore_ascii_case(&format!("{wanted}-")));
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1000, |text| {
                text.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u16)
            });
            matches.then_some(quality)
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(refusal: &Refusal, language: Option<&str>, accept: Option<&str>) -> (Answer, String) {
        let answer = answer(refusal, &refusal.face(), Uuid::nil(), Manner::of(language, accept));
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        (answer, body)
    }

    #[test]
    fn vietnamese_is_the_default_and_english_is_given_when_preferred() {
        let (_, vi) = told(&Refusal::SystemUnknown, None, None);
        assert!(vi.contains("Hệ thống chưa đăng ký"));
        let (_, en) = told(&Refusal::SystemUnknown, Some("en-GB, vi;q=0.3"), None);
        assert!(en.contains("System not registered"));
        let (_, vi) = told(&Refusal::SystemUnknown, Some("vi-VN,vi;q=0.9,en;q=0.8"), None);
        assert!(vi.contains("Hệ thống chưa đăng ký"));
    }

    #[test]
    fn who_speaks_xml_is_refused_in_xml() {
        let (answer, body) = told(&Refusal::NotFound, None, Some("application/xml"));
        assert!(body.starts_with("<?xml"));
        assert!(answer.fields.get("content-type") == Some(&b"application/problem+xml"[..]));
    }

    #[test]
    fn the_words_of_an_operator_cannot_break_the_document() {
        let reason = contracts::Bilingual::new("lộ khóa <b> & \u{1}", "leaked key <b> & \u{1}");
        let refusal = Refusal::Suspended { reason };
        let (_, xml) = told(&refusal, Some("en"), Some("application/xml"));
        assert!(xml.contains("leaked key &lt;b&gt; &amp; ") && !xml.contains('\u{1}'), "{xml}");
        let (answer, json) = told(&refusal, None, None);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        assert_eq!(answer.fields.get("cache-control"), Some(&b"no-store"[..]));
    }

    #[test]
    fn what_is_ruled_out_is_not_the_language_of_the_answer() {
        let (_, text) = told(&Refusal::SystemUnknown, Some("en;q=0"), None);
        assert!(text.contains("Hệ thống chưa đăng ký"));
        let (_, text) = told(&Refusal::SystemUnknown, Some("en;q=nan, é"), None);
        assert!(text.contains("Hệ thống chưa đăng ký"));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let refusal = Refusal::Maintenance { remaining: std::time::Duration::from_millis(1200) };
        let (answer, _) = told(&refusal, None, None);
        assert_eq!(answer.fields.get("retry-after"), Some(&b"2"[..]));
    }
}
