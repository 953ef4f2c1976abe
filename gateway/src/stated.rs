//! What a caller states in headers: why, for whom, on whose desk, and which of its requests this is.
//! The first three are codes and are journalled; a header given twice states nothing.

use contracts::identifiers::IdentifierKind;
use http::HeaderMap;

use crate::refusal::Refusal;

/// The longest code that is taken; purposes, members and officers' ids are all shorter.
const CODE_CAP: usize = 64;

/// The longest key of a request; those in use are UUIDs.
const KEY_CAP: usize = 255;

/// Why the data is asked for.
const PURPOSE: &str = "lt-purpose";
/// The officer who asks, an opaque id of the caller's own.
const OFFICER: &str = "lt-user";
/// The member a relay speaks for.
const ON_BEHALF_OF: &str = "lt-on-behalf-of";
/// Which request this is, for who may have to send it twice.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The purpose, if one is stated.
///
/// # Errors
/// The header is malformed or repeated.
pub fn purpose(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, PURPOSE, CODE_CAP)
}

/// The officer, if one is stated: by an id of the caller's own, which is recorded as it stands and
/// must therefore not be the number of a person.
///
/// # Errors
/// The header is malformed, repeated, or a person's number.
pub fn officer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    match code(headers, OFFICER, CODE_CAP)? {
        Some(number) if IdentifierKind::SoDinhDanh.accepts(number) => Err(Refusal::Header { name: OFFICER }),
        officer => Ok(officer),
    }
}

/// The represented member, if one is stated.
///
/// # Errors
/// The header is malformed or repeated.
pub fn on_behalf_of(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    code(headers, ON_BEHALF_OF, CODE_CAP)
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
    let text = std::str::from_utf8(value.as_bytes()).ok();
    let good =
        |text: &&str| !text.is_empty() && text.len() <= cap && text.bytes().all(|b| b.is_ascii_graphic());
    match (text.filter(good), values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refusal::Header { name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
