//! Which formats a consumer sends and reads (RFC 9110 sections 8.3 and 12.5.1), among those that the
//! adapters have.

use http::{HeaderMap, header};
use policies::{Format, Operation};

/// How many formats there are to choose from.
const FORMATS: usize = Format::ALL.len();

/// What a request's headers say of formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// The format of the body; `None` when the operation carries none, or it is not one of ours.
    pub sent: Option<Format>,
    /// The formats that may be given, best first; all `None` when none of ours will do.
    pub read: [Option<Format>; FORMATS],
    /// Whether a translation may come with its original beside it, as `multipart/related`. It has to be
    /// named: who takes anything seldom means an answer in two parts.
    pub beside: bool,
}

impl Formats {
    /// The formats of a SOAP message: itself, both ways.
    pub fn soap(operation: Operation) -> Self {
        let mut read = [None; FORMATS];
        if let Some(first) = read.first_mut() {
            *first = Some(Format::Soap);
        }
        Self { sent: operation.carries_record().then_some(Format::Soap), read, beside: false }
    }
}

/// Reads `Content-Type` and `Accept`. Who names no preference reads what it sends, or JSON.
pub fn formats(headers: &HeaderMap, operation: Operation) -> Formats {
    let sent = if operation.carries_record() { content_format(headers) } else { None };
    if let Some(read) = the_one_accepted(headers) {
        return Formats { sent, read, beside: false };
    }
    let read = readable(headers, sent.unwrap_or(Format::Json), adapters::writes);
    Formats { sent, read, beside: names_related(headers) }
}

/// The reading of an `Accept` that is one of the two media types that every dataset has and nothing
/// else, which most are: nothing has to be weighed.
fn the_one_accepted(headers: &HeaderMap) -> Option<[Option<Format>; FORMATS]> {
    let mut values = headers.get_all(header::ACCEPT).iter();
    let value = values.next().filter(|_| values.next().is_none())?.as_bytes();
    let one =
        [Format::Json, Format::Xml].into_iter().find(|format| value == format.media_type().as_bytes())?;
    let mut read = [None; FORMATS];
    *read.first_mut()? = Some(one);
    Some(read)
}

/// Whether `Accept` names `multipart/related`.
fn names_related(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| {
        let (media, quality) = range_of(range);
        media.eq_ignore_ascii_case("multipart/related") && quality > 0
    })
}

/// The best by `Accept` of the formats that one of the gateway's own pages has; the first of them when
/// nothing is preferred.
pub fn choose(headers: &HeaderMap, offered: &[Format]) -> Option<Format> {
    let natural = *offered.first()?;
    let read = readable(headers, natural, |format| offered.contains(&format));
    read.into_iter().flatten().next()
}

/// The format of a body by its one `Content-Type`; `None` when it is not one of ours.
pub fn content_format(headers: &HeaderMap) -> Option<Format> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    if value == Format::Json.media_type() {
        return Some(Format::Json);
    }
    let mut parts = std::str::from_utf8(value.as_bytes()).ok()?.split(';').map(str::trim);
    let format = format_of(parts.next()?).filter(|format| adapters::reads(*format))?;
    // Two statements of the encoding may be read either way.
    let charsets = parts.filter_map(charset_in).count();
    (charsets < 2).then_some(format)
}

/// The encoding that `Content-Type` says a body is in.
pub fn charset(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE).filter(|value| *value != Format::Json.media_type())?;
    std::str::from_utf8(value.as_bytes()).ok()?.split(';').skip(1).find_map(|part| charset_in(part.trim()))
}

fn charset_in(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"'))
}

/// How much a format is wanted. The most specific range that covers it decides, so that
/// `application/json;q=0, */*` is anything but JSON.
#[derive(Clone, Copy)]
struct Want {
    format: Format,
    /// 2 for the type itself, 1 for `type/*`, 0 for `*/*`.
    specificity: u8,
    /// In thousandths.
    quality: u16,
    /// Of equals, what is named comes before what is only covered, in the order named.
    rank: usize,
}

fn readable(headers: &HeaderMap, natural: Format, has: impl Fn(Format) -> bool) -> [Option<Format>; FORMATS] {
    // What nobody names ranks behind any position in a header, in the order of `Format::ALL`.
    let unnamed = |format| usize::MAX / 2 + if format == natural { 0 } else { 1 + format as usize };
    let mut wants =
        Format::ALL.map(|format| Want { format, specificity: 0, quality: 0, rank: unnamed(format) });
    if headers.contains_key(header::ACCEPT) {
        let lines = headers.get_all(header::ACCEPT).iter();
        let ranges = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        for (position, range) in ranges.enumerate() {
            read_range(range, position, &mut wants);
        }
    } else {
        wants = wants.map(|want| Want { quality: FULL, ..want });
    }
    wants.sort_by_key(|want| (std::cmp::Reverse(want.quality), want.rank));
    wants.map(|want| (want.quality > 0 && has(want.format)).then_some(want.format))
}

fn read_range(range: &str, position: usize, wants: &mut [Want]) {
    let (media, quality) = range_of(range);
    for want in wants {
        let named = format_of(media) == Some(want.format);
        let specificity = match media {
            _ if named => 2,
            _ if is_range_of(media, want.format) => 1,
            "*/*" => 0,
            _ => continue,
        };
        if specificity > want.specificity
            || (specificity == want.specificity && (quality > want.quality || want.quality == 0))
        {
            let rank = if named { want.rank.min(position) } else { want.rank };
            *want = Want { specificity, quality, rank, ..*want };
        }
    }
}

/// A range's media type and quality.
fn range_of(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let quality = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("q"))
        .map_or(FULL, |(_, value)| thousandths(value));
    (media, quality)
}

/// Whether `media` is `type/*` and covers `format`; XML is registered under both types (RFC 7303).
fn is_range_of(media: &str, format: Format) -> bool {
    let Some(kind) = media.strip_suffix("/*") else { return false };
    let own = format.media_type().split('/').next();
    own == Some(kind) || (format == Format::Xml && kind == "text")
}

/// Both registered media types of XML are taken, and ours. SOAP has a path of its own.
fn format_of(media: &str) -> Option<Format> {
    if media.eq_ignore_ascii_case("text/xml") {
        return Some(Format::Xml);
    }
    Format::ALL.into_iter().find(|format| media.eq_ignore_ascii_case(format.media_type()))
}

/// The quality of what has none.
const FULL: u16 = 1000;

fn thousandths(text: &str) -> u16 {
    // At most three digits after the point (RFC 9110 section 12.4.2).
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("0", Ok(fraction)) => fraction,
        ("1", _) => FULL,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    use Format::{Json, NdJson, Xml};

    fn headers(name: header::HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    /// What may be given, of the two that every dataset has.
    fn read(accept: &[&'static str]) -> Vec<Format> {
        all(accept).into_iter().filter(|format| matches!(format, Json | Xml)).collect()
    }

    fn all(accept: &[&'static str]) -> Vec<Format> {
        formats(&headers(header::ACCEPT, accept), Operation::Query).read.into_iter().flatten().collect()
    }

    #[test]
    fn what_is_only_covered_comes_after_what_every_dataset_has() {
        let every: Vec<Format> = Format::ALL.into_iter().filter(|format| adapters::writes(*format)).collect();
        assert_eq!(all(&["*/*"]), every);
        assert_eq!(all(&[]), every);
        assert_eq!(all(&["application/x-ndjson"]), [NdJson]);
        assert_eq!(all(&["application/x-ndjson, */*;q=0.1"])[..2], [NdJson, Json]);
    }

    #[test]
    fn the_best_of_ours_wins() {
        assert_eq!(read(&[]), [Json, Xml]);
        assert_eq!(read(&["*/*"]), [Json, Xml]);
        assert_eq!(read(&["application/xml"]), [Xml]);
        assert_eq!(read(&["application/json;q=0.5, application/xml;q=0.9"]), [Xml, Json]);
        assert_eq!(read(&["text/html, application/xhtml+xml, */*;q=0.8"]), [Json, Xml]);
        assert_eq!(read(&["application/xml, */*"]), [Xml, Json]);
        assert_eq!(read(&["application/xml, application/json"]), [Xml, Json]);
        assert_eq!(read(&["image/png"]), []);
    }

    #[test]
    fn what_is_ruled_out_is_not_given_by_a_wildcard() {
        assert_eq!(read(&["application/json;q=0"]), []);
        assert_eq!(read(&["application/json;q=0, */*"]), [Xml]);
        assert_eq!(read(&["*/*, application/json;Q=0"]), [Xml]);
        assert_eq!(read(&["*/*;q=0, application/xml"]), [Xml]);
        assert_eq!(read(&["text/*"]), [Xml]);
    }

    #[test]
    fn two_parts_are_given_to_who_names_them() {
        let beside = |accept: &'static str| {
            let formats = formats(&headers(header::ACCEPT, &[accept]), Operation::Query);
            (formats.beside, formats.read[0])
        };
        assert_eq!(beside("application/json, multipart/related"), (true, Some(Json)));
        assert_eq!(beside("Multipart/Related;q=0.5, application/json;q=0.9"), (true, Some(Json)));
        assert_eq!(beside("multipart/related;q=0, application/json"), (false, Some(Json)));
        assert!(!beside("*/*").0 && !beside("multipart/*, */*").0);
        assert_eq!(beside("multipart/related"), (true, None), "of what, it does not say");
    }

    #[test]
    fn one_plain_media_type_reads_as_if_it_were_weighed() {
        for format in [Json, Xml] {
            let plain = headers(header::ACCEPT, &[format.media_type()]);
            let weighed = readable(&plain, Json, adapters::writes);
            assert_eq!(the_one_accepted(&plain), Some(weighed));
        }
        assert_eq!(
            the_one_accepted(&headers(header::ACCEPT, &["application/json", "application/xml"])),
            None
        );
    }

    #[test]
    fn every_line_of_accept_is_read() {
        assert_eq!(read(&["image/png", "application/xml"]), [Xml]);
    }

    #[test]
    fn who_names_no_preference_reads_what_it_sends() {
        let sent = headers(header::CONTENT_TYPE, &["application/xml"]);
        let submitted = formats(&sent, Operation::Submit);
        assert_eq!(
            (submitted.sent, submitted.read[0], submitted.read[1]),
            (Some(Xml), Some(Xml), Some(Json))
        );
        assert_eq!(formats(&sent, Operation::Query).read[0], Some(Json), "nothing is sent");
    }

    #[test]
    fn a_body_must_be_one_of_ours_in_utf_8() {
        let sent = |values: &[&'static str]| content_format(&headers(header::CONTENT_TYPE, values));
        assert_eq!(sent(&["application/json"]), Some(Json));
        assert_eq!(sent(&["text/xml; charset=UTF-8"]), Some(Xml));
        assert_eq!(sent(&["application/xml; charset=\"utf-8\""]), Some(Xml));
        assert_eq!(sent(&["application/json; charset=utf-8; charset=utf-7"]), None);
        assert_eq!(sent(&["text/plain"]), None);
        assert_eq!(sent(&["application/json", "application/xml"]), None, "stated twice states nothing");
        assert_eq!(sent(&[]), None);
    }
}
