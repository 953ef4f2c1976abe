//! What a caller states in headers: why, for whom, on whose desk, and which of its requests this is.
//! The first three are codes and are journalled; a header given twice states nothing.
//!
//! Callers that come from X-Road have names of their own for some of it, and both are taken
//! (`adapters::xroad` says what theirs mean). Who uses both must say the same by both: a gateway
//! that believed one while a provider believes the other would be two gateways.

use std::time::Duration;

use adapters::xroad::{Identifier, rest};
use contracts::identifiers::IdentifierKind;
use http::{HeaderMap, HeaderValue};
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

/// What the fields of a request state, found in one pass over them: most requests have a handful of fields, and
/// to look for each of these by its name would take longer than the pass.
#[derive(Debug, Default)]
pub struct Stated {
    speaks_xroad: bool,
    purpose: Heard,
    officer: Heard,
    xroad_user: Heard,
    on_behalf_of: Heard,
    deadline: Heard,
}

/// A code as it was given.
#[derive(Debug, Default)]
enum Heard {
    #[default]
    Not,
    Once(HeaderValue),
    /// Malformed, or repeated.
    Badly,
}

impl Heard {
    fn hear(&mut self, value: &HeaderValue, cap: usize) {
        *self = match self {
            Self::Not if is_code(value, cap) => Self::Once(value.clone()),
            _ => Self::Badly,
        };
    }

    fn code(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self {
            Self::Not => Ok(None),
            Self::Once(value) => value.to_str().map(Some).map_err(|_| Refusal::Header { name }),
            Self::Badly => Err(Refusal::Header { name }),
        }
    }

    fn value(&self) -> Option<&HeaderValue> {
        match self {
            Self::Once(value) => Some(value),
            Self::Not | Self::Badly => None,
        }
    }
}

impl Stated {
    /// What `headers` state.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut stated = Self::default();
        for (name, value) in headers {
            let (heard, cap) = match name.as_str() {
                PURPOSE => (&mut stated.purpose, CODE_CAP),
                OFFICER => (&mut stated.officer, CODE_CAP),
                ON_BEHALF_OF => (&mut stated.on_behalf_of, CODE_CAP),
                DEADLINE => (&mut stated.deadline, DEADLINE_DIGITS),
                other => {
                    stated.speaks_xroad |= is_xroads(other);
                    if other != rest::USER_ID {
                        continue;
                    }
                    (&mut stated.xroad_user, CODE_CAP)
                }
            };
            heard.hear(value, cap);
        }
        stated
    }

    /// Whether any field is one of X-Road's. Most requests have none, and are not asked for each in turn.
    pub fn speaks_xroad(&self) -> bool {
        self.speaks_xroad
    }

    /// The purpose, if one is stated.
    ///
    /// # Errors
    /// The header is malformed or repeated.
    pub fn purpose(&self) -> Result<Option<&str>, Refusal> {
        self.purpose.code(PURPOSE)
    }

    /// The officer, if one is stated: by an id of the caller's own, which is recorded as it stands and
    /// must therefore not be the number of a person.
    ///
    /// # Errors
    /// The header is malformed, repeated, or a person's number.
    pub fn officer(&self) -> Result<Option<&str>, Refusal> {
        let theirs = no_person(&self.xroad_user, rest::USER_ID)?;
        let ours = no_person(&self.officer, OFFICER)?;
        match (ours, theirs) {
            (Some(one), Some(other)) if one != other => {
                Err(Refusal::Contradiction { one: "Lt-User", other: "X-Road-UserId" })
            }
            (ours, theirs) => Ok(ours.or(theirs)),
        }
    }

    /// The purpose as it was written, to be passed on, once [`Stated::purpose`] was heard.
    pub fn purpose_value(&self) -> Option<&HeaderValue> {
        self.purpose.value()
    }

    /// The officer as it was written, to be passed on, once [`Stated::officer`] was heard.
    pub fn officer_value(&self) -> Option<&HeaderValue> {
        self.officer.value().or_else(|| self.xroad_user.value())
    }

    /// How long the caller waits for the answer, if it says so.
    ///
    /// # Errors
    /// The header is no whole number of milliseconds from 1, or repeated.
    pub fn deadline(&self) -> Result<Option<Duration>, Refusal> {
        let Some(text) = self.deadline.code(DEADLINE)? else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u64>() {
            Ok(milliseconds) if digits && milliseconds > 0 => Ok(Some(Duration::from_millis(milliseconds))),
            _ => Err(Refusal::Header { name: DEADLINE }),
        }
    }
}

/// An officer's id. X-Road's are often a country's code and a person's number in that country.
fn no_person<'h>(heard: &'h Heard, name: &'static str) -> Result<Option<&'h str>, Refusal> {
    let is_person = |text: &str| IdentifierKind::SoDinhDanh.accepts(text);
    match heard.code(name)? {
        Some(text) if is_person(text) || text.get(2..).is_some_and(is_person) => {
            Err(Refusal::Header { name })
        }
        said => Ok(said),
    }
}

/// Whether any field is one of X-Road's.
pub fn speaks_xroad(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| is_xroads(name.as_str()))
}

fn is_xroads(name: &str) -> bool {
    name.starts_with("x-road-")
}

/// The represented member, if one is stated: it must be one of `allowed`, whom the system may speak for.
///
/// # Errors
/// A header is malformed or repeated, names nobody the system may speak for, or two name different
/// members.
pub fn represented(
    stated: &Stated,
    headers: &HeaderMap,
    register: &Register,
    allowed: &[MemberKey],
) -> Result<Option<MemberKey>, Refusal> {
    let may = |member: Option<MemberKey>| {
        member.filter(|member| allowed.contains(member)).ok_or(Refusal::RelayNotAllowed)
    };
    let ours = match stated.on_behalf_of.code(ON_BEHALF_OF)? {
        None => None,
        Some(name) => Some(may(register.member_named(name))?),
    };
    let party = match stated.speaks_xroad {
        true => code(headers, rest::REPRESENTED_PARTY, XROAD_CAP)?,
        false => None,
    };
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
    code(headers, rest::CLIENT, XROAD_CAP)
}

/// X-Road's id of the message, to be given back.
///
/// # Errors
/// The header is malformed or repeated.
pub fn message_id(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, rest::ID, XROAD_CAP)
}

/// The number of the case in which somebody asks, by X-Road's header: free text of one line, for an
/// X-Road provider and nobody else.
///
/// # Errors
/// The header is malformed or repeated.
pub fn issue(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(rest::ISSUE).iter();
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
    code(headers, IDEMPOTENCY_KEY, KEY_CAP)
}

fn code<'h>(headers: &'h HeaderMap, name: &'static str, cap: usize) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (values.next(), value.to_str()) {
        (None, Ok(text)) if is_code(value, cap) => Ok(Some(text)),
        _ => Err(Refusal::Header { name }),
    }
}

/// Whether a value is one word of visible ASCII.
fn is_code(value: &HeaderValue, cap: usize) -> bool {
    (1..=cap).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
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
            Stated::of(&headers).deadline().map_err(drop)
        };
        assert_eq!(asked("2500"), Ok(Some(Duration::from_millis(2500))));
        for bad in ["0", "", "-1", "+5", "1.5", "10s", "1000000000", "18446744073709551617"] {
            assert_eq!(asked(bad), Err(()), "{bad}");
        }
        assert!(matches!(Stated::default().deadline(), Ok(None)));
    }

    fn stated(values: &[&'static str]) -> Result<Option<String>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PURPOSE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Stated::of(&headers).purpose().map(|found| found.map(str::to_owned))
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
