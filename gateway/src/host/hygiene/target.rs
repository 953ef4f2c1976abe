//! A request target in origin form: what may stand in a path and a query.
//!
//! What is authorised is what is forwarded, so a target must mean the same to everyone who reads
//! it: to us after one decoding, to a provider, to a proxy between. Whatever could be read in two
//! ways is refused rather than repaired.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::HygieneFault;

/// Checks `path[?query]`.
pub(super) fn check(target: &str) -> Result<(), HygieneFault> {
    if !target.starts_with('/') {
        return Err(HygieneFault::TargetForm);
    }
    if is_plain(target) {
        return Ok(());
    }
    let (path, query) = target.split_once('?').map_or((target, ""), |(path, query)| (path, query));
    check_characters(target)?;
    check_path(path)?;
    decode(query).map(drop)
}

/// Whether nothing in `target` could be read in two ways: no escape, no parameter, no segment that
/// begins with a dot, and only characters that may stand there. Most targets are so, and one look at
/// each byte finds it out; every other one is judged rule by rule.
fn is_plain(target: &str) -> bool {
    let mut before = 0;
    target.bytes().all(|byte| {
        let plain = matches!(byte,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'/' | b'?' | b'=' | b'&')
            || (byte == b'.' && before != b'/');
        before = byte;
        plain
    })
}

/// RFC 3986 section 3: what is neither unreserved, reserved for paths and queries, nor an escape
/// has no business in a target. `[` and `]` are left out by the RFC too.
fn check_characters(target: &str) -> Result<(), HygieneFault> {
    for byte in target.bytes() {
        match byte {
            b'\\' => return Err(HygieneFault::EncodedSlash),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            | b';' | b'=' | b':' | b'@' | b'/' | b'?' | b'%' => {}
            _ => return Err(HygieneFault::TargetCharacter),
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), HygieneFault> {
    for segment in path.split('/') {
        let decoded = decode(segment)?;
        if decoded.contains(['/', '\\']) {
            return Err(HygieneFault::EncodedSlash);
        }
        // Some servers strip `;parameters` before they resolve dots.
        let name = decoded.split(';').next().unwrap_or("");
        if name == "." || name == ".." {
            return Err(HygieneFault::DotSegment);
        }
    }
    Ok(())
}

/// Decodes once; the decoded text holds no control character.
fn decode(text: &str) -> Result<Cow<'_, str>, HygieneFault> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let after = rest.get(at + 1..).unwrap_or("");
        match after.as_bytes() {
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {}
            _ => return Err(HygieneFault::BadEscape),
        }
        rest = after;
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| HygieneFault::OverlongUtf8)?;
    if decoded.chars().any(char::is_control) {
        return Err(HygieneFault::EscapedControl);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use HygieneFault::*;

    #[test]
    fn each_rule_of_targets() {
        for (target, fault) in [
            ("*", TargetForm),
            ("", TargetForm),
            ("api", TargetForm),
            ("/a b", TargetCharacter),
            ("/a#b", TargetCharacter),
            ("/a\"b", TargetCharacter),
            ("/nhiệm-vụ", TargetCharacter),
            ("/a[1]", TargetCharacter),
            ("/a\\b", EncodedSlash),
            ("/a%2Fb", EncodedSlash),
            ("/a%2fb", EncodedSlash),
            ("/a%5Cb", EncodedSlash),
            ("/a?b=\\", EncodedSlash),
            ("/.", DotSegment),
            ("/a/..", DotSegment),
            ("/a/./b", DotSegment),
            ("/a/%2e%2E/b", DotSegment),
            ("/a/.%2e/b", DotSegment),
            ("/a/..;x=1/b", DotSegment),
            ("/a/%2e%2e%3b/b", DotSegment),
            ("/a%", BadEscape),
            ("/a%4", BadEscape),
            ("/a%zz", BadEscape),
            ("/a%+1", BadEscape),
            ("/a?b=%4", BadEscape),
            ("/a%c0%af", OverlongUtf8),
            ("/a%e0%80%af", OverlongUtf8),
            ("/a%ed%a0%80", OverlongUtf8),
            ("/a?b=%ff", OverlongUtf8),
            ("/a%00", EscapedControl),
            ("/a%0d%0a", EscapedControl),
            ("/a?b=%0a", EscapedControl),
            ("/a%c2%85", EscapedControl),
        ] {
            assert_eq!(check(target), Err(fault), "{target}");
        }
    }

    #[test]
    fn what_clients_really_send_is_clean() {
        for target in [
            "/",
            "/api",
            "/api/G06/nhiem-vu/v1/records",
            "/api/G06/nhiem-vu/v1/records/KC.01.01",
            "/api/G06/nhiem-vu/v1/records/%C4%90T-2016-30218-%C4%90T",
            "/api/G06/nhiem-vu/v1/records?MaSo=KC.01.01%2F21-25&limit=10",
            "/api/x?MaSo=KC.01.01/21-25?",
            "/a/...",
            "/a/..b",
            "/a//b/",
            "/a?b=../..",
        ] {
            assert_eq!(check(target), Ok(()), "{target}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(target in any::<String>()) {
            let _ = check(&target);
        }

        #[test]
        fn what_is_plain_at_first_sight_is_clean_by_every_rule(target in "/[a-z./?&=_;%]{0,12}") {
            if is_plain(&target) {
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                prop_assert_eq!(check_characters(&target), Ok(()));
                prop_assert_eq!(check_path(path), Ok(()));
                prop_assert!(decode(query).is_ok());
            }
        }

        #[test]
        fn a_clean_path_hides_neither_dots_nor_separators(
            pieces in proptest::collection::vec(prop_oneof![
                Just("/"), Just("."), Just(".."), Just("%2e"), Just("%2F"), Just("%5c"), Just("\\"), Just("%"),
                Just("%c0%af"), Just("%c3"), Just("%a9"), Just(";"), Just("a"), Just("%25"), Just("%00"), Just("?"),
            ], 0..8)
        ) {
            let target = format!("/{}", pieces.concat());
            if check(&target).is_ok() {
                let path = target.split('?').next().unwrap();
                let decoded: Vec<u8> = percent_decode_str(path).collect();
                let decoded = String::from_utf8(decoded).expect("a clean path decodes to UTF-8");
                prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
                prop_assert!(!decoded.contains('\\'));
                prop_assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."));
                prop_assert!(!decoded.chars().any(char::is_control));
            }
        }
    }
}
