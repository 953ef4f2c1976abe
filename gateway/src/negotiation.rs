//! Which format a consumer sends and reads (RFC 9110 section 12.5.1), among those this release has.

use policies::Format;

/// The formats the gateway reads and writes records in.
const SPOKEN: [Format; 2] = [Format::Json, Format::Xml];

/// What `Accept` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// One of ours is preferred.
    Exactly(Format),
    /// Anything will do.
    Anything,
    /// None of ours will do.
    Nothing,
}

/// Reads `Accept`; absent means anything. Ties go to what is named first.
pub fn wish(accept: Option<&str>) -> Wish {
    let Some(accept) = accept else { return Wish::Anything };
    let mut best: Option<(u16, Wish)> = None;
    for item in accept.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
        let wish = match media {
            "*/*" | "application/*" => Wish::Anything,
            media => match format_of(media) {
                Some(format) => Wish::Exactly(format),
                None => continue,
            },
        };
        if quality > 0 && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, wish));
        }
    }
    best.map_or(Wish::Nothing, |(_, wish)| wish)
}

/// The format of a body by its `Content-Type`; `None` when it is not one of ours or not UTF-8.
pub fn content_format(content_type: Option<&str>) -> Option<Format> {
    let mut parts = content_type?.split(';').map(str::trim);
    let format = format_of(parts.next()?)?;
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    utf8.then_some(format)
}

/// Both registered media types of XML (RFC 7303) and ours are taken.
fn format_of(media: &str) -> Option<Format> {
    if media.eq_ignore_ascii_case("text/xml") {
        return Some(Format::Xml);
    }
    SPOKEN.into_iter().find(|format| media.eq_ignore_ascii_case(format.media_type()))
}

fn thousandths(text: &str) -> u16 {
    // At most three digits after the point (RFC 9110 section 12.4.2).
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("0", Ok(fraction)) => fraction,
        ("1", _) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_ours_wins() {
        assert_eq!(wish(None), Wish::Anything);
        assert_eq!(wish(Some("*/*")), Wish::Anything);
        assert_eq!(wish(Some("application/xml")), Wish::Exactly(Format::Xml));
        assert_eq!(wish(Some("application/json;q=0.5, application/xml;q=0.9")), Wish::Exactly(Format::Xml));
        assert_eq!(wish(Some("text/html, application/xhtml+xml, */*;q=0.8")), Wish::Anything);
        assert_eq!(wish(Some("text/csv")), Wish::Nothing);
        assert_eq!(wish(Some("application/json;q=0")), Wish::Nothing);
    }

    #[test]
    fn a_body_must_be_one_of_ours_in_utf_8() {
        assert_eq!(content_format(Some("application/json")), Some(Format::Json));
        assert_eq!(content_format(Some("text/xml; charset=UTF-8")), Some(Format::Xml));
        assert_eq!(content_format(Some("application/xml; charset=\"utf-8\"")), Some(Format::Xml));
        assert_eq!(content_format(Some("application/xml; charset=utf-16")), None);
        assert_eq!(content_format(Some("text/plain")), None);
        assert_eq!(content_format(None), None);
    }
}
