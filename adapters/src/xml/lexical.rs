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

/// `xs:integer`, `xs:decimal` and the finite numbers of `xs:double` in JSON's form, the value and the
/// number of decimals unchanged: `+5`, `007`, `.50` and `5.` become `5`, `7`, `0.50` and `5`. What is no
/// number comes back as it was.
pub(crate) fn number(text: Cow<'_, str>) -> Result<Number<'_>, Cow<'_, str>> {
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
    let (mantissa, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let point = if decimals.is_empty() { "" } else { "." };
    // The exponent has JSON's form already, or `Number` refuses the whole.
    Some([sign, whole, point, decimals, exponent].concat())
}

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
            ("+.5E+3", "0.5E+3"),
            ("5.e-3", "5e-3"),
            ("12345678901234567890.0", "12345678901234567890.0"),
        ] {
            assert_eq!(number(xml.into()).unwrap().as_str(), json, "{xml}");
            assert_eq!(number(xml.to_owned().into()).unwrap().as_str(), json, "{xml}");
        }
        for other in [
            "", " ", ".", "+", "-", "e5", "1e", "1e+", "1 2", "1,5", "INF", "NaN", "0x1", "+-1", "1.2.3",
            "--1", "1e1.5", "٣",
        ] {
            assert_eq!(number(other.into()).unwrap_err(), other, "{other}");
        }
    }

    #[test]
    fn as_written_is_borrowed() {
        let number = number(" 12.5 ".into()).unwrap();
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
