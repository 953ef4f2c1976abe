//! What a typed leaf's characters mean: XML Schema's lexical forms to the tree's.

use std::borrow::Cow;

use contracts::Number;

/// Whether there is nothing but XML's white space.
pub(crate) fn is_space(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// White space at both ends taken away, as `whiteSpace = collapse` asks; what stands within stays, and
/// no number or truth value has any.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// `xs:boolean`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match trim(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `xs:integer` or `xs:decimal` in JSON's form, the value and the number of decimals unchanged: `+5`,
/// `007`, `.50` and `5.` become `5`, `7`, `0.50` and `5`. What is none comes back as it was: XML Schema
/// gives decimals no exponent and integers no point, and says the same of such a document.
pub(super) fn decimal(text: Cow<'_, str>, integer: bool) -> Result<Number<'_>, Cow<'_, str>> {
    if text.bytes().any(|byte| matches!(byte, b'e' | b'E') || (integer && byte == b'.')) {
        return Err(text);
    }
    double(text)
}

/// The finite numbers of `xs:double`, as [`decimal`] but with an exponent where one stands.
pub(crate) fn double(text: Cow<'_, str>) -> Result<Number<'_>, Cow<'_, str>> {
    let as_written = match &text {
        Cow::Borrowed(text) => Number::new(trim(text)),
        Cow::Owned(text) => Number::new(trim(text).to_owned()),
    };
    as_written.or_else(|| normalised(trim(&text)).and_then(Number::new)).ok_or(text)
}

fn normalised(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let point = if decimals.is_empty() { "" } else { "." };
    Some([sign, whole, point, decimals].concat())
}

/// A number as XML Schema writes it: no exponent, and no point in an integer. `None` when it stands so
/// already; a number longer than any that a reader lets in is not written out.
pub(super) fn plain(number: &Number<'_>, integer: bool) -> Option<String> {
    let text = number.as_str();
    if !text.bytes().any(|byte| matches!(byte, b'e' | b'E') || (integer && byte == b'.'))
        || number.plain_length() > LONGEST
    {
        return None;
    }
    Some(if integer { number.plain_integer() } else { number.plain() }.into_owned())
}

/// Far beyond the readers' cap, so that only a number that nobody read keeps its exponent.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_value_and_decimals() {
        for (xml, json) in [
            ("5", "5"),
            (" \n5\t", "5"),
            ("+5", "5"),
            ("-05.10", "-5.10"),
            (".50", "0.50"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("000", "0"),
            ("-0", "-0"),
            ("12345678901234567890.0", "12345678901234567890.0"),
        ] {
            assert_eq!(decimal(xml.into(), false).unwrap().as_str(), json, "{xml}");
            assert_eq!(decimal(xml.to_owned().into(), false).unwrap().as_str(), json, "{xml}");
        }
        for other in [
            "", " ", ".", "+", "-", "e5", "1e", "1e+", "1 2", "1,5", "INF", "NaN", "0x1", "+-1", "1.2.3",
            "--1", "1e1.5", "٣", "1e5", "1E5", "+.5E+3",
        ] {
            assert_eq!(decimal(other.into(), false).unwrap_err(), other, "{other}");
        }
        assert_eq!(decimal("5.0".into(), true).unwrap_err(), "5.0", "no integer of XML Schema");
        assert_eq!(double("-1.5E3".into()).unwrap().as_str(), "-1.5E3");
        assert_eq!(double("1e".into()).unwrap_err(), "1e");
        assert_eq!(decimal(" +05 ".into(), true).unwrap().as_str(), "5");
    }

    #[test]
    fn numbers_are_written_as_xml_schema_reads_them() {
        let plain = |text: &'static str, integer| super::plain(&Number::new(text).unwrap(), integer);
        assert_eq!(plain("5.10", false), None);
        assert_eq!(plain("5", true), None);
        assert_eq!(plain("1.5E3", false).as_deref(), Some("1500"));
        assert_eq!(plain("5.0", true).as_deref(), Some("5"));
        assert_eq!(plain("5e0", true).as_deref(), Some("5"));
        assert_eq!(plain("1e999999999", false), None, "nobody reads it");
    }

    #[test]
    fn as_written_is_borrowed() {
        let number = decimal(" 12.5 ".into(), false).unwrap();
        assert_eq!(number, Number::new("12.5").unwrap());
    }

    #[test]
    fn truth_values() {
        assert_eq!(boolean(" true\n"), Some(true));
        assert_eq!(boolean("0"), Some(false));
        assert_eq!(boolean("True"), None);
        assert_eq!(boolean(""), None);
    }
}
