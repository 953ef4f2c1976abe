//! Mã DOI (ISO 26324): `10.`, who registered it, `/`, and whatever they named the thing.
//!
//! The handbook allows any printable character after the slash; registration agencies have long asked
//! for ASCII, and that is what passes here. A DOI is a name and not an address: the form with
//! `https://doi.org/` before it would be a second way to write the same one.

use super::Written;

pub(super) const ASKS: (&str, &str) = (
    "Mã DOI có dạng như 10.5555/mau.2026.1, không kèm địa chỉ https://doi.org/.",
    "A DOI looks like 10.5555/mau.2026.1, without the address https://doi.org/.",
);

/// The standard sets no length; a DOI of more characters than this is not met in practice.
const LONGEST: usize = 255;

pub(super) const FORM: Written =
    Written { pattern: r"^10\.[0-9]{4,9}(\.[0-9]{1,9})*/[!-~]+$", longest: Some(LONGEST), exact: true };

pub(super) fn accepts(text: &str) -> bool {
    let Some((prefix, suffix)) = text.split_once('/') else { return false };
    let mut parts = prefix.split('.');
    let are_digits = |text: &str, shortest| {
        (shortest..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    text.len() <= LONGEST
        && parts.next() == Some("10")
        && parts.next().is_some_and(|registrant| are_digits(registrant, 4))
        && parts.all(|part| are_digits(part, 1))
        && !suffix.is_empty()
        && suffix.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_use_pass() {
        for good in
            ["10.5555/12345678", "10.1000.10/123", "10.1002/(SICI)1097-4571(1998)49:8<693::AID>3.0.CO;2-O"]
        {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "",
            "https://doi.org/10.5555/1",
            "doi:10.5555/1",
            "10.5555",
            "10.5555/",
            "10.555/1",
            "11.5555/1",
            "10.5555./1",
            "10.5555/mẫu",
            "10.5555/a b",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(!accepts(&format!("10.5555/{}", "1".repeat(LONGEST))));
    }
}
