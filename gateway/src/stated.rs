//! What a caller states in headers: why, for whom, on whose desk, and which of its requests this is.
//! The first three are codes and are journalled; a header given twice states nothing.
//!
//! Callers that come from X-Road have names of their own for some of it, and both are taken
//! (`adapters::xroad` says what theirs mean). Who uses both must say the same by both: a gateway
//! that believed one while a provider believes the other would be two gateways.

use std::time::Duration;

use adapters::xroad::{Identifier, rest};
use contracts::identifiers::IdentifierKind;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use policies::{MemberId, MemberKey, Register};

use crate::refusal::Refusal;

/// The longest code that is taken; purposes, members and officers' ids are all shorter.
const CODE_CAP: usize = 64;

/// The longest key of a request; those in use are UUIDs.
const KEY_CAP: usize = 255;

/// The longest X-Road identifier, message id or case number that is taken: four parts of 255 characters
/// would be allowed there, and none in use comes near that.
const XROAD_CAP: usize = 255;

/// A field by its name, made once: a name looked up as text is checked and hashed anew each time.
struct Stated {
    name: HeaderName,
    text: &'static str,
}

impl Stated {
    const fn named(text: &'static str) -> Self {
        Self { name: HeaderName::from_static(text), text }
    }
}

static PURPOSE_FIELD: Stated = Stated::named(PURPOSE);
static OFFICER_FIELD: Stated = Stated::named(OFFICER);
static ON_BEHALF_OF_FIELD: Stated = Stated::named(ON_BEHALF_OF);
static IDEMPOTENCY_KEY_FIELD: Stated = Stated::named(IDEMPOTENCY_KEY);
static DEADLINE_FIELD: Stated = Stated::named(DEADLINE);
static XROAD_USER: Stated = Stated::named(rest::USER_ID);
static XROAD_PARTY: Stated = Stated::named(rest::REPRESENTED_PARTY);
static XROAD_CLIENT: Stated = Stated::named(rest::CLIENT);
static XROAD_MESSAGE: Stated = Stated::named(rest::ID);
static XROAD_ISSUE: Stated = Stated::named(rest::ISSUE);

/// Why the data is asked for.
pub const PURPOSE: &str = "lt-purpose";
/// The officer who asks, an opaque id of the caller's own.
pub const OFFICER: &str = "lt-user";
/// The member a relay speaks for.
pub const ON_BEHALF_OF: &str = "lt-on-behalf-of";
/// Which request this is, for who may have to send it twice.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How many milliseconds the caller has for the answer.
pub const DEADLINE: &str = "lt-deadline-ms";

/// The most digits of a number of milliseconds: some eleven days, more than any provider has.
const DEADLINE_DIGITS: usize = 9;
/// The most milliseconds that can be stated in so many digits.
pub const DEADLINE_CAP: u32 = 999_999_999;

/// Whether any field is one of X-Road's. Most requests have none, and are not asked for each in turn.
pub fn speaks_xroad(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with("x-road-"))
}

/// The purpose, if one is stated.
///
/// # Errors
/// The header is malformed or repeated.
pub fn purpose(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, &PURPOSE_FIELD, CODE_CAP)
}

/// The officer, if one is stated: by an id of the caller's own, which is recorded as it stands and
/// must therefore not be the number of a person.
///
/// # Errors
/// The header is malformed, repeated, or a person's number.
pub fn officer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let theirs = if speaks_xroad(headers) { named(headers, &XROAD_USER)? } else { None };
    let ours = named(headers, &OFFICER_FIELD)?;
    match (ours, theirs) {
        (Some(one), Some(other)) if one != other => {
            Err(Refusal::Contradiction { one: "Lt-User", other: "X-Road-UserId" })
        }
        (ours, theirs) => Ok(ours.or(theirs)),
    }
}

/// An officer's id. X-Road's are often a country's code and a person's number in that country.
fn named<'h>(headers: &'h HeaderMap, field: &Stated) -> Result<Option<&'h str>, Refusal> {
    let said = code(headers, field, CODE_CAP)?;
    let is_person = |text: &str| IdentifierKind::SoDinhDanh.accepts(text);
    match said {
        Some(text) if is_person(text) || text.get(2..).is_some_and(is_person) => {
            Err(Refusal::Header { name: field.text })
        }
        said => Ok(said),
    }
}

/// The purpose as it was written, to be passed on, once [`purpose`] was heard.
pub fn purpose_value(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(&PURPOSE_FIELD.name).cloned()
}

/// The officer as it was written, to be passed on, once [`officer`] was heard.
pub fn officer_value(headers: &HeaderMap) -> Option<HeaderValue> {
    let ours = headers.get(&OFFICER_FIELD.name);
    ours.or_else(|| headers.get(&XROAD_USER.name)).cloned()
}

/// The represented member, if one is stated: it must be one of `allowed`, whom the system may speak for.
///
/// # Errors
/// A header is malformed or repeated, names nobody the system may speak for, or two name different
/// members.
pub fn represented(
    headers: &HeaderMap,
    register: &Register,
    allowed: &[MemberKey],
) -> Result<Option<MemberKey>, Refusal> {
    let may = |member: Option<MemberKey>| {
        member.filter(|member| allowed.contains(member)).ok_or(Refusal::RelayNotAllowed)
    };
    let ours = match code(headers, &ON_BEHALF_OF_FIELD, CODE_CAP)? {
        None => None,
        Some(name) => Some(may(register.member_named(name))?),
    };
    let party = if speaks_xroad(headers) { code(headers, &XROAD_PARTY, XROAD_CAP)? } else { None };
    let theirs = match party {
        None => None,
        Some(party) => Some(may(allowed.iter().copied().find(|key| is_party(register, *key, party)))?),
    };
    match (ours, theirs) {
        (Some(one), Some(other)) if one != other => {
            Err(Refusal::Contradiction { one: "Lt-On-Behalf-Of", other: "X-Road-Represented-Party" })
        }
        (ours, theirs) => Ok(ours.or(theirs)),
    }
}

/// Whether `party`, `class/code` or `code`, is the member by its alias or by its own identifier.
fn is_party(register: &Register, member: MemberKey, party: &str) -> bool {
    let member = register.member(member);
    let alias = member.alias("xroad").and_then(|alias| alias.split_once('/')).map(|(_, party)| party);
    let code = alias.and_then(|alias| alias.split_once('/')).map(|(_, code)| code);
    party == member.id.as_str() || alias == Some(party) || code == Some(party)
}

/// Holds an X-Road client's name against the member and system that the certificate belongs to. It says
/// nothing that the certificate does not; it must not say anything else either.
///
/// # Errors
/// The header is malformed or repeated, or names another member or system.
pub fn is_client(
    headers: &HeaderMap,
    alias: Option<&str>,
    member: &MemberId,
    system: &str,
) -> Result<(), Refusal> {
    let Some(written) = client(headers)? else { return Ok(()) };
    let decoded = percent_decode_str(written).decode_utf8().ok();
    let client = decoded.and_then(|text| text.parse::<Identifier>().ok());
    let client = client.ok_or(Refusal::Header { name: rest::CLIENT })?;
    let same = alias.is_some_and(|alias| {
        client.to_string() == alias
            || (client.member_name() == alias && client.subsystem.as_deref() == Some(system))
    });
    if same { Ok(()) } else { Err(Refusal::XRoadClient { member: member.clone(), known: alias.is_some() }) }
}

/// The client as X-Road's header writes it, escaped.
///
/// # Errors
/// The header is malformed or repeated.
pub fn client(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, &XROAD_CLIENT, XROAD_CAP)
}

/// X-Road's id of the message, to be given back.
///
/// # Errors
/// The header is malformed or repeated.
pub fn message_id(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, &XROAD_MESSAGE, XROAD_CAP)
}

/// The number of the case in which somebody asks, by X-Road's header: free text of one line, for an
/// X-Road provider and nobody else.
///
/// # Errors
/// The header is malformed or repeated.
pub fn issue(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(&XROAD_ISSUE.name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).ok();
    let good =
        |text: &&str| (1..=XROAD_CAP).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    match (text.filter(good), values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refusal::Header { name: rest::ISSUE }),
    }
}

/// The key by which a request sent twice is known again, if one is stated.
///
/// # Errors
/// The header is malformed or repeated.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, &IDEMPOTENCY_KEY_FIELD, KEY_CAP)
}

/// How long the caller waits for the answer, if it says so.
///
/// # Errors
/// The header is no whole number of milliseconds from 1, or repeated.
pub fn deadline(headers: &HeaderMap) -> Result<Option<Duration>, Refusal> {
    let Some(text) = code(headers, &DEADLINE_FIELD, DEADLINE_DIGITS)? else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(milliseconds) if digits && milliseconds > 0 => Ok(Some(Duration::from_millis(milliseconds))),
        _ => Err(Refusal::Header { name: DEADLINE }),
    }
}

fn code<'h>(headers: &'h HeaderMap, field: &Stated, cap: usize) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(&field.name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).ok();
    let good =
        |text: &&str| !text.is_empty() && text.len() <= cap && text.bytes().all(|b| b.is_ascii_graphic());
    match (text.filter(good), values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refusal::Header { name: field.text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_deadline_is_a_number_of_milliseconds() {
        let asked = |value: &'static str| {
            let headers =
                HeaderMap::from_iter([(DEADLINE.parse().unwrap(), HeaderValue::from_static(value))]);
            deadline(&headers).map_err(drop)
        };
        assert_eq!(asked("2500"), Ok(Some(Duration::from_millis(2500))));
        for bad in ["0", "", "-1", "+5", "1.5", "10s", "1000000000", "18446744073709551617"] {
            assert_eq!(asked(bad), Err(()), "{bad}");
        }
        assert!(matches!(deadline(&HeaderMap::new()), Ok(None)));
    }

    fn stated(values: &[&'static str]) -> Result<Option<String>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PURPOSE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        purpose(&headers).map(|found| found.map(str::to_owned))
    }

    #[test]
    fn one_code_is_taken_and_nothing_else() {
        assert_eq!(stated(&[]).unwrap(), None);
        assert_eq!(stated(&["quan-ly-nhiem-vu"]).unwrap().as_deref(), Some("quan-ly-nhiem-vu"));
        for bad in [&["a", "b"][..], &[""], &["hai từ"], &["two words"]] {
            assert!(stated(bad).is_err(), "{bad:?}");
        }
        let long: &'static str = Box::leak("x".repeat(CODE_CAP + 1).into_boxed_str());
        assert!(stated(&[long]).is_err());
    }
}
