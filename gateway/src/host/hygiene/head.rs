//! The head of an HTTP/1.1 request as its bytes came in, before the engine repairs anything.

use memchr::memchr_iter;

use super::{HygieneFault, Rules, target};

/// Where the head in `bytes` ends, if it has ended. A head that ends in bare line feeds ends too,
/// so that it is refused rather than waited for. `from` is where the last look left off.
pub fn end(bytes: &[u8], from: usize) -> Option<usize> {
    // The end may straddle the last look: step back over `\n\r`.
    let from = from.saturating_sub(2);
    let rest = bytes.get(from..)?;
    for at in memchr_iter(b'\n', rest) {
        match rest.get(at + 1..) {
            Some([b'\n', ..]) => return Some(from + at + 2),
            Some([b'\r', b'\n', ..]) => return Some(from + at + 3),
            _ => {}
        }
    }
    None
}

/// What of the head decides about framing and identity, seen once each.
#[derive(Default)]
struct Seen<'a> {
    fields: usize,
    host: Option<&'a [u8]>,
    length: bool,
    coding: bool,
    fault: Option<HygieneFault>,
}

/// Checks a whole head, its empty line included.
///
/// Faults of framing are reported before any other: after them nothing else of the head can be
/// believed, and the connection cannot go on.
pub(super) fn check(head: &[u8], rules: &Rules) -> Result<(), HygieneFault> {
    check_line_ends(head)?;
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(HygieneFault::BareLineEnd)?;
    let mut lines = lines(text).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let request = request_line(lines.next().unwrap_or(b""))?;
    let mut seen = Seen::default();
    for line in lines {
        field(line, &mut seen)?;
    }
    if seen.length && seen.coding {
        return Err(HygieneFault::LengthAndCoding);
    }
    let host = seen.host.ok_or(HygieneFault::MissingHost)?;
    if seen.fields > rules.headers {
        return Err(HygieneFault::TooManyHeaders);
    }
    if request.len() > rules.target_bytes {
        return Err(HygieneFault::TargetTooLong);
    }
    if let Some(fault) = seen.fault {
        return Err(fault);
    }
    check_target(request, host, rules)
}

/// Every LF follows a CR, and every CR is followed by LF.
fn check_line_ends(head: &[u8]) -> Result<(), HygieneFault> {
    // Without a stop between: sixteen bytes are one step.
    let pairs = head.iter().zip(head.get(1..).unwrap_or_default());
    let lone = pairs.fold(false, |lone, (one, next)| lone | ((*one == b'\r') != (*next == b'\n')));
    match lone || head.first() == Some(&b'\n') || head.last() == Some(&b'\r') {
        true => Err(HygieneFault::BareLineEnd),
        false => Ok(()),
    }
}

/// What stands between line feeds.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let split = memchr::memchr(b'\n', text).and_then(|at| text.split_at_checked(at));
        let (line, after) = split.map_or((text, None), |(line, after)| (line, after.get(1..)));
        rest = after;
        Some(line)
    })
}

/// The target of the request line.
fn request_line(line: &[u8]) -> Result<&[u8], HygieneFault> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(HygieneFault::RequestLine);
    };
    if method.is_empty() || method.len() > LONGEST_METHOD || !method.iter().all(|byte| is_token(*byte)) {
        return Err(HygieneFault::RequestLine);
    }
    if method == b"CONNECT" {
        return Err(HygieneFault::TargetForm);
    }
    match version {
        b"HTTP/1.1" => {}
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            return Err(HygieneFault::Version);
        }
        _ => return Err(HygieneFault::RequestLine),
    }
    if target.is_empty() || target.iter().any(|byte| byte.is_ascii_control()) {
        return Err(HygieneFault::RequestLine);
    }
    Ok(target)
}

/// The longest method name in IANA's registry is 17 letters (`UPDATEREDIRECTREF`).
const LONGEST_METHOD: usize = 17;

/// Checks one field line. Faults of framing return at once; others wait in `seen`.
fn field<'a>(line: &'a [u8], seen: &mut Seen<'a>) -> Result<(), HygieneFault> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(HygieneFault::Folded);
    }
    let colon = memchr::memchr(b':', line).ok_or(HygieneFault::FieldName)?;
    let (name, value) = line.split_at(colon);
    let value = trim(value.get(1..).unwrap_or(b""));
    if matches!(name.last(), Some(b' ' | b'\t')) {
        return Err(HygieneFault::SpaceBeforeColon);
    }
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(HygieneFault::FieldName);
    }
    if value.iter().fold(false, |found, byte| found | (byte.is_ascii_control() & (*byte != b'\t'))) {
        return Err(HygieneFault::ControlCharacter);
    }
    seen.fields += 1;
    if name.eq_ignore_ascii_case(b"content-length") {
        if std::mem::replace(&mut seen.length, true) || value.contains(&b',') {
            return Err(HygieneFault::RepeatedLength);
        }
        if value.is_empty() || value.len() > LONGEST_LENGTH || !value.iter().all(u8::is_ascii_digit) {
            return Err(HygieneFault::Length);
        }
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        if std::mem::replace(&mut seen.coding, true) || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(HygieneFault::TransferCoding);
        }
    } else if name.eq_ignore_ascii_case(b"host") {
        if seen.host.replace(value).is_some() {
            return Err(HygieneFault::RepeatedHost);
        }
    } else if name.eq_ignore_ascii_case(b"expect") && !value.eq_ignore_ascii_case(b"100-continue") {
        seen.fault.get_or_insert(HygieneFault::Expectation);
    }
    Ok(())
}

/// Without the white space that may surround a value (RFC 9110 section 5.6.3): spaces and tabs and nothing
/// else. A form feed, which others strip too, would hide a coding from those who do not.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// A line of the fields after a chunked body, without its end. What frames a request or says whom it is for
/// is too late there (RFC 9110 section 6.5.1).
pub(super) fn trailer(line: &[u8]) -> Result<(), HygieneFault> {
    let mut seen = Seen::default();
    field(line, &mut seen)?;
    match seen {
        Seen { host: None, length: false, coding: false, .. } => Ok(()),
        _ => Err(HygieneFault::Chunk),
    }
}

/// Whether a head that passed [`check`], or broke no rule of framing, announces a chunked body.
pub fn is_chunked(head: &[u8]) -> bool {
    const NAME: &[u8] = b"\ntransfer-encoding";
    memchr_iter(b'\n', head).any(|at| {
        head.get(at + NAME.len()) == Some(&b':')
            && head.get(at..at + NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    })
}

/// Eighteen digits are an exabyte, and fit every integer that will hold them.
const LONGEST_LENGTH: usize = 18;

/// Origin form, or absolute form whose authority is the `Host` (RFC 9112 section 3.2).
fn check_target(target: &[u8], host: &[u8], rules: &Rules) -> Result<(), HygieneFault> {
    let target = std::str::from_utf8(target).map_err(|_| HygieneFault::TargetCharacter)?;
    let origin = match target.get(..ABSOLUTE.len()).filter(|start| start.eq_ignore_ascii_case(ABSOLUTE)) {
        None => target,
        Some(_) => {
            let rest = target.get(ABSOLUTE.len()..).unwrap_or("");
            let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            if authority.as_bytes() != host {
                return Err(HygieneFault::Authority);
            }
            path
        }
    };
    if !origin.starts_with('/') {
        return Err(HygieneFault::TargetForm);
    }
    // `//host/path` is taken for another authority by some.
    if origin.starts_with("//") {
        return Err(HygieneFault::TargetForm);
    }
    rules.authorities.check(host)?;
    target::check(origin)
}

const ABSOLUTE: &str = "https://";

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

#[allow(clippy::indexing_slicing, reason = "computed by the compiler, which would say so")]
const TOKEN: [bool; 256] = {
    let (marks, mut token, mut byte) = (b"!#$%&'*+-.^_`|~", [false; 256], 0);
    while byte < 256 {
        token[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut mark = 0;
    while mark < marks.len() {
        token[marks[mark] as usize] = true;
        mark += 1;
    }
    token
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::Limits;
    use HygieneFault::*;

    fn rules() -> Rules {
        Rules::new(&["cong.vn".to_owned()], &Limits { headers: 8, target_bytes: 64, ..Limits::default() })
    }

    /// A head from its request line and fields, each to be followed by CRLF.
    fn judge(lines: &[&str]) -> Result<(), HygieneFault> {
        let head = format!("{}\r\n\r\n", lines.join("\r\n"));
        assert_eq!(end(head.as_bytes(), 0), Some(head.len()));
        check(head.as_bytes(), &rules())
    }

    #[test]
    fn clean_heads_pass() {
        assert_eq!(judge(&["GET / HTTP/1.1", "Host: cong.vn"]), Ok(()));
        assert_eq!(judge(&["POST /a?b=c HTTP/1.1", "host:cong.vn", "Content-Length: 5", "X:"]), Ok(()));
        assert_eq!(judge(&["POST /a HTTP/1.1", "HOST: CONG.VN", "Transfer-Encoding: Chunked"]), Ok(()));
        assert_eq!(judge(&["GET https://cong.vn/a HTTP/1.1", "Host: cong.vn"]), Ok(()));
        assert_eq!(judge(&["POST / HTTP/1.1", "Host: cong.vn", "Expect: 100-Continue"]), Ok(()));
        assert_eq!(judge(&["GET / HTTP/1.1", "Host: cong.vn", "X-Ten: Hà\tNội"]), Ok(()));
    }

    #[test]
    fn each_rule_of_heads() {
        let host = "Host: cong.vn";
        let cases: &[(&[&str], HygieneFault)] = &[
            (&["GET /", host], RequestLine),
            (&["GET  / HTTP/1.1", host], RequestLine),
            (&["GET / a HTTP/1.1", host], RequestLine),
            (&["GET\t/ HTTP/1.1", host], RequestLine),
            (&["G(T / HTTP/1.1", host], RequestLine),
            (&["GET / http/1.1", host], RequestLine),
            (&["GET / HTTP/1.0", host], Version),
            (&["GET / HTTP/3.0", host], Version),
            (&["CONNECT cong.vn:443 HTTP/1.1", host], TargetForm),
            (&["OPTIONS * HTTP/1.1", host], TargetForm),
            (&["GET //cong.vn/ HTTP/1.1", host], TargetForm),
            (&["GET http://cong.vn/ HTTP/1.1", host], TargetForm),
            (&["GET https://khac.vn/ HTTP/1.1", host], Authority),
            (&["GET https://ai@cong.vn/ HTTP/1.1", host], Authority),
            (&["GET / HTTP/1.1", "Host: khac.vn"], Misdirected),
            (&["GET / HTTP/1.1", "Host: ai@cong.vn"], Authority),
            (&["GET / HTTP/1.1", "Host:"], Authority),
            (&["GET / HTTP/1.1"], MissingHost),
            (&["GET / HTTP/1.1", host, host], RepeatedHost),
            (&["GET / HTTP/1.1", host, " folded"], Folded),
            (&["GET / HTTP/1.1", host, "\tfolded"], Folded),
            (&["GET / HTTP/1.1", "Host : cong.vn"], SpaceBeforeColon),
            (&["GET / HTTP/1.1", host, "no colon"], FieldName),
            (&["GET / HTTP/1.1", host, ": empty"], FieldName),
            (&["GET / HTTP/1.1", host, "a b: c"], FieldName),
            (&["GET / HTTP/1.1", host, "A: b\0c"], ControlCharacter),
            (&["GET / HTTP/1.1", host, "A: b\x1bc"], ControlCharacter),
            (&["POST / HTTP/1.1", host, "Content-Length: 5", "Transfer-Encoding: chunked"], LengthAndCoding),
            (&["POST / HTTP/1.1", host, "Content-Length: 5", "Content-Length: 5"], RepeatedLength),
            (&["POST / HTTP/1.1", host, "Content-Length: 5, 5"], RepeatedLength),
            (&["POST / HTTP/1.1", host, "Content-Length: +5"], Length),
            (&["POST / HTTP/1.1", host, "Content-Length: 0x5"], Length),
            (&["POST / HTTP/1.1", host, "Content-Length:"], Length),
            (&["POST / HTTP/1.1", host, "Content-Length: 99999999999999999999"], Length),
            (&["POST / HTTP/1.1", host, "Transfer-Encoding: gzip, chunked"], TransferCoding),
            (
                &["POST / HTTP/1.1", host, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
                TransferCoding,
            ),
            (&["POST / HTTP/1.1", host, "Transfer-Encoding: identity"], TransferCoding),
            (&["POST / HTTP/1.1", host, "Transfer-Encoding: xchunked"], TransferCoding),
            (&["POST / HTTP/1.1", host, "Expect: 200-ok"], Expectation),
            (&["GET / HTTP/1.1", host, "A:", "A:", "A:", "A:", "A:", "A:", "A:", "A:"], TooManyHeaders),
            (
                &["GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1", host],
                TargetTooLong,
            ),
            (&["GET /a/../b HTTP/1.1", host], DotSegment),
            (&["GET /\u{e1} HTTP/1.1", host], TargetCharacter),
        ];
        for (lines, fault) in cases {
            assert_eq!(judge(lines), Err(*fault), "{lines:?}");
        }
    }

    #[test]
    fn line_ends_are_crlf_and_nothing_else() {
        for head in [
            "GET / HTTP/1.1\nHost: cong.vn\n\n",
            "GET / HTTP/1.1\r\nHost: cong.vn\n\r\n",
            "GET / HTTP/1.1\r\nHost: cong.vn\r\n\n",
            "GET / HTTP/1.1\r\nHost: cong.vn\rX: y\r\n\r\n",
            "GET / HTTP/1.1\r\r\nHost: cong.vn\r\n\r\n",
        ] {
            assert_eq!(end(head.as_bytes(), 0), Some(head.len()), "{head:?}");
            assert_eq!(check(head.as_bytes(), &rules()), Err(BareLineEnd), "{head:?}");
        }
    }

    #[test]
    fn a_smuggled_length_is_told_before_a_foreign_host() {
        let lines =
            ["POST /../ HTTP/1.1", "Host: khac.vn", "Content-Length: 1", "Transfer-Encoding: chunked"];
        assert_eq!(judge(&lines), Err(LengthAndCoding));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&bytes, &rules());
            let _ = end(&bytes, 0);
        }

        #[test]
        fn near_heads_are_judged_without_panic_and_clean_ones_parse_alike(
            pieces in proptest::collection::vec(prop_oneof![
                Just("GET"), Just(" "), Just("/"), Just("HTTP/1.1"), Just("\r\n"), Just("\r"), Just("\n"),
                Just("Host: cong.vn"), Just("Content-Length: 3"), Just("Transfer-Encoding: chunked"), Just(":"),
                Just("\t"), Just("A: b"), Just("GET / HTTP/1.1\r\nHost: cong.vn\r\n"),
            ], 0..12)
        ) {
            let head = format!("{}\r\n\r\n", pieces.concat());
            let whole = end(head.as_bytes(), 0) == Some(head.len());
            if whole && check(head.as_bytes(), &rules()).is_ok() {
                let fields = |name: &str| head.split("\r\n").skip(1).filter(|line| line.starts_with(name)).count();
                prop_assert_eq!(fields("Host:"), 1);
                prop_assert!(fields("Content-Length:") + fields("Transfer-Encoding:") <= 1);
            }
        }

        #[test]
        fn the_end_is_found_however_the_bytes_arrive(cut in 1usize..40, tail in "[a-z]{0,5}") {
            let head = "GET / HTTP/1.1\r\nHost: cong.vn\r\n\r\n";
            let all = format!("{head}{tail}");
            let cut = cut.min(all.len());
            let first = end(&all.as_bytes()[..cut], 0);
            let found = first.or_else(|| end(all.as_bytes(), cut));
            prop_assert_eq!(found, Some(head.len()));
        }
    }
}
