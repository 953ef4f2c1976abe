//! Where to: path and method to a service, an operation and a contract version, decoded once. What
//! is decoded here is what is authorised and what is forwarded.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;
use policies::{Operation, Service, ServiceKey};

use super::{Asked, Caller};
use crate::{negotiation::Formats, refusal::Refusal, soap::Dress};

/// The most parameters of a query: a contract has fewer filterable fields.
const PARAMETERS_CAP: usize = 32;
/// The most records one page may ask for.
pub const LIMIT_CAP: usize = 10_000;

/// Proof that the request names a service's operation in a version that is served.
pub struct Routed<'w> {
    caller: Caller<'w>,
    key: ServiceKey,
    service: &'w Service,
    version: u32,
    operation: Operation,
    formats: Formats,
    id: Option<String>,
    filters: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    limit: Option<usize>,
    since: Option<String>,
    template: &'static str,
    /// Boxed: proofs are passed on by value, and few requests are messages.
    dress: Option<Box<Dress>>,
}

impl<'w> Routed<'w> {
    /// Who asks.
    pub fn caller(&self) -> &Caller<'w> {
        &self.caller
    }

    /// The service, as the register knows it.
    pub fn key(&self) -> ServiceKey {
        self.key
    }

    /// The service.
    pub fn service(&self) -> &'w Service {
        self.service
    }

    /// The contract version asked for.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What is asked of it.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The formats sent and read.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }

    /// The record's key, decoded.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Fields to filter on and their values, decoded.
    pub fn filters(&self) -> &[(Cow<'static, str>, Cow<'static, str>)] {
        &self.filters
    }

    /// The most records wanted.
    pub fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// The point changes are asked from.
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }

    /// The route's template, for logs and the journal, which never see the path.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// The SOAP message that the answer is to be, when it was asked by one.
    pub fn dress(&self) -> Option<&Dress> {
        self.dress.as_deref()
    }
}

/// Routes `head`.
///
/// # Errors
/// No such path, method, version or parameter.
pub fn route<'w>(caller: Caller<'w>, head: &Asked<'_>) -> Result<Routed<'w>, Refusal> {
    let mut segments = Segments(Some(head.path().strip_prefix("/api/").ok_or(Refusal::NotFound)?));
    let (Some(member), Some(name), Some(version), Some(place)) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(Refusal::NotFound);
    };
    let rest = (segments.next(), segments.next(), segments.next());
    let target = match (place, rest) {
        ("records", (None, ..)) => Target::Collection,
        ("records", (Some(id), None, _)) if !id.is_empty() => Target::Record(id),
        ("records", (Some(id), Some("withdraw"), None)) if !id.is_empty() => Target::Withdrawal(id),
        ("changes", (None, ..)) => Target::Changes,
        ("verify", (None, ..)) => Target::Verification,
        // Messages were read as what they ask before this; what is left are other methods.
        ("soap", (None, ..)) => return Err(Refusal::MethodNotAllowed { allow: POST }),
        _ => return Err(Refusal::NotFound),
    };
    let version = version.strip_prefix('v').and_then(number).ok_or(Refusal::NotFound)?;
    let register = caller.world().snapshot.register();
    let key = register.service_named(member, name).ok_or(Refusal::NotFound)?;
    let service = register.service(key);
    let (operation, template) = target.operation(head.method())?;
    let id = target.id().map(record_key).transpose()?;

    let mut routed = Routed {
        caller,
        key,
        service,
        version,
        operation,
        formats: head.formats(operation),
        template: head.template().unwrap_or(template),
        dress: head.dress().cloned().map(Box::new),
        id: id.map(Cow::into_owned),
        filters: Vec::new(),
        limit: None,
        since: None,
    };
    if let Some(query) = head.query().filter(|query| !query.is_empty()) {
        routed.read_query(query)?;
    }
    Ok(routed)
}

impl<'w> Routed<'w> {
    fn read_query(&mut self, query: &str) -> Result<(), Refusal> {
        for (count, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, true, "?")?;
            let known = self.known(&name);
            let bad = |rule| Refusal::Parameter { rule, name: known.to_owned() };
            if count >= PARAMETERS_CAP {
                return Err(bad("too-many-parameters"));
            }
            let reads = self.operation.reads_records() && self.id.is_none();
            match &*name {
                "limit" if reads => {
                    let limit = decode(value, true, known)?;
                    let limit = number(&limit)
                        .and_then(|limit| usize::try_from(limit).ok())
                        .filter(|limit| (1..=LIMIT_CAP).contains(limit))
                        .ok_or_else(|| bad("parameter"))?;
                    if self.limit.replace(limit).is_some() {
                        return Err(bad("repeated-parameter"));
                    }
                }
                "since" if self.operation == Operation::Changes => {
                    let since = decode(value, true, "since")?.into_owned();
                    if self.since.replace(since).is_some() {
                        return Err(bad("repeated-parameter"));
                    }
                }
                _ if !reads || !name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                    return Err(bad("unknown-parameter"));
                }
                _ if self.filters.iter().any(|(known, _)| *known == name) => {
                    return Err(bad("repeated-parameter"));
                }
                _ => {
                    let value = decode(value, true, known)?.into_owned();
                    self.filters.push((Cow::Owned(name.into_owned()), Cow::Owned(value)));
                }
            }
        }
        Ok(())
    }

    /// A parameter's name is told back only when it is ours or the contract's: a caller may have
    /// put anything there, personal data too.
    fn known(&self, name: &str) -> &'w str {
        const OURS: [&str; 2] = ["limit", "since"];
        if let Some(ours) = OURS.into_iter().find(|ours| *ours == name) {
            return ours;
        }
        let service: &'w Service = self.service;
        let shape = service.version(self.version).map(|version| version.contract.shape());
        let field = shape.zip(name.parse().ok()).and_then(|(shape, path)| shape.field(&path));
        field.map_or("?", |field| field.path.as_str())
    }
}

const POST: &[Method] = &[Method::POST];

enum Target<'p> {
    Collection,
    Record(&'p str),
    Withdrawal(&'p str),
    Changes,
    Verification,
}

impl<'p> Target<'p> {
    fn id(&self) -> Option<&'p str> {
        match self {
            Self::Record(id) | Self::Withdrawal(id) => Some(id),
            Self::Collection | Self::Changes | Self::Verification => None,
        }
    }

    fn operation(&self, method: &Method) -> Result<(Operation, &'static str), Refusal> {
        const COLLECTION: &[Method] = &[Method::GET, Method::POST];
        const RECORD: &[Method] = &[Method::GET, Method::PUT];
        const GET: &[Method] = &[Method::GET];
        let not = |allow| Err(Refusal::MethodNotAllowed { allow });
        match self {
            Self::Collection => match *method {
                Method::GET => Ok((Operation::Query, "GET /api/{member}/{service}/v{n}/records")),
                Method::POST => Ok((Operation::Submit, "POST /api/{member}/{service}/v{n}/records")),
                _ => not(COLLECTION),
            },
            Self::Record(_) => match *method {
                Method::GET => Ok((Operation::Read, "GET /api/{member}/{service}/v{n}/records/{id}")),
                Method::PUT => Ok((Operation::Update, "PUT /api/{member}/{service}/v{n}/records/{id}")),
                _ => not(RECORD),
            },
            Self::Withdrawal(_) if method == Method::POST => {
                Ok((Operation::Withdraw, "POST /api/{member}/{service}/v{n}/records/{id}/withdraw"))
            }
            Self::Changes if method == Method::GET => {
                Ok((Operation::Changes, "GET /api/{member}/{service}/v{n}/changes"))
            }
            Self::Verification if method == Method::POST => {
                Ok((Operation::Verify, "POST /api/{member}/{service}/v{n}/verify"))
            }
            Self::Withdrawal(_) | Self::Verification => not(POST),
            Self::Changes => not(GET),
        }
    }
}

/// The parts of a path. They are short: looked for byte by byte, as `str::split` does not.
struct Segments<'p>(Option<&'p str>);

impl<'p> Iterator for Segments<'p> {
    type Item = &'p str;

    fn next(&mut self) -> Option<&'p str> {
        let path = self.0.take()?;
        let Some(end) = path.bytes().position(|byte| byte == b'/') else { return Some(path) };
        self.0 = path.get(end + 1..);
        path.get(..end)
    }
}

/// A record's key. The host has refused dot segments; were one to come another way, it would lead
/// out of the provider's own path, since dots are not escaped.
fn record_key(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    let key = decode(raw, false, "id")?;
    if matches!(&*key, "." | "..") {
        return Err(Refusal::Parameter { rule: "parameter", name: "id".to_owned() });
    }
    Ok(key)
}

/// A number in its one way of writing: `1`, never `01` or `+1`, so that nothing has two names.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leads = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| digits && !leads)
}

/// Percent-decodes once. The host has refused what decodes to a separator or to invalid UTF-8; a
/// control character left over is refused here, since it would reach a provider's path.
fn decode<'t>(raw: &'t str, form: bool, name: &str) -> Result<Cow<'t, str>, Refusal> {
    let bad = || Refusal::Parameter { rule: "parameter", name: name.to_owned() };
    let raw = if form && raw.contains('+') { Cow::Owned(raw.replace('+', " ")) } else { Cow::Borrowed(raw) };
    let text = match raw {
        Cow::Borrowed(raw) => percent_decode_str(raw).decode_utf8().map_err(|_| bad())?,
        Cow::Owned(raw) => {
            Cow::Owned(percent_decode_str(&raw).decode_utf8().map_err(|_| bad())?.into_owned())
        }
    };
    if text.chars().any(char::is_control) { Err(bad()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plus_is_a_space_in_a_query_and_itself_in_a_path() {
        assert_eq!(decode("a+b", true, "x").unwrap(), "a b");
        assert_eq!(decode("a+b", false, "x").unwrap(), "a+b");
        assert_eq!(decode("Vi%E1%BB%87n", false, "x").unwrap(), "Viện");
    }

    #[test]
    fn what_could_end_a_line_or_a_string_at_a_provider_is_refused() {
        for raw in ["%00", "a%0d%0ab", "%7f", "%c2%85", "%ff"] {
            assert!(decode(raw, true, "x").is_err(), "{raw}");
        }
    }

    #[test]
    fn a_key_that_is_a_dot_segment_leads_nowhere() {
        for raw in [".", "..", "%2e%2e", ".%2E"] {
            assert!(record_key(raw).is_err(), "{raw}");
        }
        assert_eq!(record_key("DTDL-2025.01").unwrap(), "DTDL-2025.01");
        assert_eq!(
            record_key("%252e%252e").unwrap(),
            "%2e%2e",
            "decoded once, and escaped again for the provider"
        );
    }

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!(number("1"), Some(1));
        for text in ["01", "+1", "-1", " 1", "1.0", "", "4294967296"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_path_has_the_parts_that_it_is_split_into(path in "[a-zđ/]{0,12}") {
            let parts: Vec<_> = Segments(Some(&path)).collect();
            prop_assert_eq!(parts, path.split('/').collect::<Vec<_>>());
        }

        #[test]
        fn decoding_never_panics_and_gives_clean_text(raw in ".{0,64}", form: bool) {
            if let Ok(text) = decode(&raw, form, "x") {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
