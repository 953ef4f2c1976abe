//! Numbers as they were written, compared without ever becoming a machine number.
//!
//! A budget of 18 digits or a reading with a meaningful trailing zero must leave as it came. So a
//! number keeps its text; bounds, steps and equality are decided on the digits, exactly and in time
//! linear in their count, whatever the exponent says.

use std::{borrow::Cow, cmp::Ordering};

/// A number in JSON's lexical form (RFC 8259 section 6), never converted to a machine number.
/// `==` compares the text; [`Number::compare`] compares the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

impl<'a> Number<'a> {
    /// Accepts `text` when it is a number of JSON's grammar; XML readers normalise first
    /// (`+5` and `.5` are XML numbers that JSON has not).
    pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        is_json_number(text.as_bytes()).then_some(Self(text))
    }

    /// The digits as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The order of the values: `1.0` and `1` are equal.
    pub fn compare(&self, other: &Number<'_>) -> Ordering {
        let (one, two) = (Decimal::of(&self.0), Decimal::of(&other.0));
        one.sign().cmp(&two.sign()).then_with(|| match one.sign() {
            Ordering::Less => two.compare_size(&one),
            Ordering::Equal => Ordering::Equal,
            Ordering::Greater => one.compare_size(&two),
        })
    }

    /// Whether the value has no fraction: `1`, `1.0` and `1e2`, as JSON Schema's `integer` means it.
    pub fn is_integer(&self) -> bool {
        if self.0.bytes().all(|byte| !matches!(byte, b'.' | b'e' | b'E')) {
            return true;
        }
        let decimal = Decimal::of(&self.0);
        decimal.is_zero() || decimal.exponent_of_last() >= 0
    }

    /// Whether the value is a whole number of `step`s. A step of zero, and one whose digits do not fit
    /// 64 bits, divide nothing; JSON Schema refuses the first and no schema's number has the second.
    pub fn is_multiple_of(&self, step: &Number<'_>) -> bool {
        let (value, step) = (Decimal::of(&self.0), Decimal::of(&step.0));
        let Some(divisor) = step.significand().filter(|divisor| *divisor != 0) else { return false };
        if value.is_zero() {
            return true;
        }
        // value / step = (digits / divisor) * 10^shift, and the digits do not end in zero: a
        // negative shift would need them to.
        let Ok(shift) = u64::try_from(value.exponent_of_last().saturating_sub(step.exponent_of_last()))
        else {
            return false;
        };
        let divisor = u128::from(divisor);
        let remainder =
            value.digits().fold(0, |remainder, digit| (remainder * 10 + u128::from(digit - b'0')) % divisor);
        (remainder * power_of_ten(shift, divisor)).is_multiple_of(divisor)
    }

    /// The characters of [`plain`](Self::plain); `usize::MAX` stands for more than anyone counts.
    pub fn plain_length(&self) -> usize {
        let (mantissa, Some(exponent)) = scientific(self.0.as_bytes()) else { return self.0.len() };
        let size = usize::try_from(read_exponent(exponent).unsigned_abs()).unwrap_or(usize::MAX);
        // Each step of the exponent moves the point over a digit, or over a zero to be written.
        mantissa.len().saturating_add(size).saturating_add(2)
    }

    /// The same value without an exponent, which XML Schema's decimals have not, and with the decimals
    /// that the shifted point leaves: `1.50e1` is `15.0`. Write it out only after a look at
    /// [`plain_length`](Self::plain_length): `1e999999999` is a number too.
    pub fn plain(&self) -> Cow<'_, str> {
        let Some((mantissa, exponent)) = self.0.split_once(['e', 'E']) else {
            return Cow::Borrowed(&self.0);
        };
        let (sign, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => ("-", unsigned),
            None => ("", mantissa),
        };
        let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = [integer, fraction].concat();
        // Where the point stands among the digits.
        let point = length(integer.as_bytes()) + read_exponent(exponent.as_bytes());
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        let (whole, decimals) = match usize::try_from(point) {
            Ok(point) if point < digits.len() => {
                let (whole, decimals) = digits.split_at(point);
                (whole.to_owned(), decimals.to_owned())
            }
            Ok(_) => (format!("{digits}{}", zeros(point - length(digits.as_bytes()))), String::new()),
            Err(_) => (String::new(), format!("{}{digits}", zeros(-point))),
        };
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        };
        let dot = if decimals.is_empty() { "" } else { "." };
        Cow::Owned([sign, whole, dot, &decimals].concat())
    }

    /// A whole number as XML Schema writes integers: without a point. A number with a fraction stays
    /// [`plain`](Self::plain).
    pub fn plain_integer(&self) -> Cow<'_, str> {
        let mut plain = self.plain();
        if let Some((whole, decimals)) = plain.split_once('.')
            && decimals.bytes().all(|digit| digit == b'0')
        {
            plain = Cow::Owned(whole.to_owned());
        }
        plain
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }

    /// A text that is the same for equal values: what makes repeats in a list findable by hash.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        let decimal = Decimal::of(&self.0);
        if decimal.is_zero() {
            out.push(b'0');
            return;
        }
        if decimal.negative {
            out.push(b'-');
        }
        out.extend(decimal.digits());
        out.push(b'e');
        out.extend_from_slice(decimal.exponent_of_last().to_string().as_bytes());
    }
}

/// A number's parts: ± `integer`.`fraction` × 10^`exponent`, where the two runs of digits taken
/// together begin and end with a digit other than zero, or are empty for zero.
struct Decimal<'a> {
    negative: bool,
    integer: &'a [u8],
    fraction: &'a [u8],
    /// The power of ten of the digit before the point; far beyond any real number it saturates.
    exponent: i64,
}

/// Exponents are read up to here. Beyond, two numbers of different exponents compare as equal in
/// magnitude class; no value of this world has 10^15 digits.
const EXPONENT_CAP: i64 = 1_000_000_000_000_000;

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Self {
        let (negative, text) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (mantissa, exponent) = scientific(text);
        let exponent = exponent.map_or(0, read_exponent);
        let (integer, fraction) = cut(mantissa, |byte| byte == b'.');
        let fraction = fraction.unwrap_or_default();
        // The exponent below is that of the last digit of `integer`; trimming an empty side moves it.
        let integer = trim_start(integer);
        let fraction = trim_end(fraction);
        if integer.is_empty() {
            let trimmed = trim_start(fraction);
            let skipped = length(fraction) - length(trimmed);
            return Self { negative, integer: &[], fraction: trimmed, exponent: exponent - skipped };
        }
        if fraction.is_empty() {
            let trimmed = trim_end(integer);
            let skipped = length(integer) - length(trimmed);
            return Self { negative, integer: trimmed, fraction: &[], exponent: exponent + skipped };
        }
        Self { negative, integer, fraction, exponent }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + 'a {
        self.integer.iter().chain(self.fraction).copied()
    }

    fn is_zero(&self) -> bool {
        self.integer.is_empty() && self.fraction.is_empty()
    }

    /// Below, at or above zero.
    fn sign(&self) -> Ordering {
        match (self.is_zero(), self.negative) {
            (true, _) => Ordering::Equal,
            (false, true) => Ordering::Less,
            (false, false) => Ordering::Greater,
        }
    }

    /// Compares two values other than zero, signs aside.
    fn compare_size(&self, other: &Self) -> Ordering {
        let magnitude = |decimal: &Self| decimal.exponent + length(decimal.integer);
        magnitude(self).cmp(&magnitude(other)).then_with(|| self.digits().cmp(other.digits()))
    }

    /// The power of ten of the last digit.
    fn exponent_of_last(&self) -> i64 {
        self.exponent - length(self.fraction)
    }

    /// The digits as an integer, when it fits.
    fn significand(&self) -> Option<u64> {
        self.digits()
            .try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
    }
}

/// A number's mantissa, and its exponent if it has one.
fn scientific(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    cut(text, |byte| matches!(byte, b'e' | b'E'))
}

/// What stands before the first byte that `is_meant`, and what stands behind it. Numbers are short: any
/// search that must first be set up costs more than this one.
fn cut(text: &[u8], is_meant: impl Fn(u8) -> bool) -> (&[u8], Option<&[u8]>) {
    let parts = text.iter().position(|byte| is_meant(*byte)).and_then(|at| text.split_at_checked(at));
    match parts {
        Some((before, [_, behind @ ..])) => (before, Some(behind)),
        _ => (text, None),
    }
}

fn read_exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let size = digits
        .iter()
        .fold(0_i64, |size, digit| (size * 10 + i64::from(digit.saturating_sub(b'0'))).min(EXPONENT_CAP));
    if negative { -size } else { size }
}

/// 10^`exponent` mod `modulus`, by squaring; the modulus fits 64 bits, so no product overflows.
fn power_of_ten(exponent: u64, modulus: u128) -> u128 {
    let (mut result, mut base, mut left) = (1 % modulus, 10 % modulus, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        left >>= 1;
    }
    result
}

fn trim_start(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

fn trim_end(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    digits.get(..digits.len() - zeros).unwrap_or_default()
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(EXPONENT_CAP)
}

fn is_json_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> (&[u8], bool) {
        let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
        let (head, rest) = text.split_at(end);
        (rest, !head.is_empty())
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut rest = match text {
        [b'0', rest @ ..] => rest,
        [b'1'..=b'9', rest @ ..] => digits(rest).0,
        _ => return false,
    };
    if let [b'.', fraction @ ..] = rest {
        let (after, some) = digits(fraction);
        if !some {
            return false;
        }
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let unsigned = match exponent {
            [b'+' | b'-', unsigned @ ..] => unsigned,
            unsigned => unsigned,
        };
        let (after, some) = digits(unsigned);
        if !some {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number<'_> {
        Number::new(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for good in ["0", "-0", "10", "0.5", "1e9", "1E+9", "-12.50e-3", "123456789012345678901234567890"] {
            assert!(Number::new(good).is_some(), "{good}");
        }
        for bad in ["", "-", "+5", ".5", "5.", "01", "1e", "1e+", "0x1", "NaN", "1_000", " 1", "1 ", "١"] {
            assert!(Number::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn values_compare_exactly_and_not_as_floats() {
        let order = |one, two| number(one).compare(&number(two));
        assert_eq!(order("1", "1.0"), Ordering::Equal);
        assert_eq!(order("-0", "0e5"), Ordering::Equal);
        assert_eq!(order("100", "1e2"), Ordering::Equal);
        assert_eq!(order("0.00120", "12e-4"), Ordering::Equal);
        assert_eq!(order("1000000000000000", "1000000000000000.00000001"), Ordering::Less);
        assert_eq!(order("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(order("-3", "-20"), Ordering::Greater);
        assert_eq!(order("-0.1", "0.01"), Ordering::Less);
        assert_eq!(order("1e999999999999999999999", "5"), Ordering::Greater);
        assert_eq!(order("1e-999999999999999999999", "0"), Ordering::Greater);
    }

    #[test]
    fn integers_are_known_by_value() {
        for yes in ["0", "-0.0", "7", "7.00", "1e3", "1.5e1", "120e-1", "0e-9"] {
            assert!(number(yes).is_integer(), "{yes}");
        }
        for no in ["0.5", "7.01", "15e-1", "1.25e1"] {
            assert!(!number(no).is_integer(), "{no}");
        }
    }

    #[test]
    fn steps_divide_exactly() {
        let divides = |value, step| number(value).is_multiple_of(&number(step));
        assert!(divides("0.3", "0.1"), "0.3 is no multiple of 0.1 in binary");
        assert!(divides("1", "0.25"));
        assert!(divides("7e400", "14e399") && !divides("1e400", "7e399"));
        assert!(divides("123456789012345678901234567890", "10"));
        assert!(!divides("0.35", "0.1"));
        assert!(!divides("5", "0"));
        assert!(divides("0", "3"));
    }

    #[test]
    fn exponents_are_written_out() {
        for (written, plain) in [
            ("5", "5"),
            ("-0", "-0"),
            ("5.00", "5.00"),
            ("1E5", "100000"),
            ("1.50e1", "15.0"),
            ("-1.5e-3", "-0.0015"),
            ("15e-1", "1.5"),
            ("0e3", "0"),
            ("0.001e2", "0.1"),
            ("0.001e+3", "1"),
        ] {
            assert_eq!(number(written).plain(), plain, "{written}");
        }
        assert_eq!(number("5.00").plain_integer(), "5");
        assert_eq!(number("1.5e1").plain_integer(), "15");
        assert_eq!(number("5.01").plain_integer(), "5.01");
        assert!(number("1e999999999999").plain_length() > 1_000_000_000);
    }

    proptest! {
        #[test]
        fn plain_numbers_keep_their_value(
            text in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        ) {
            let number = number(&text);
            let plain = number.plain();
            prop_assert!(plain.len() <= number.plain_length());
            let plain = Number::new(plain.to_string());
            prop_assert!(plain.is_some_and(|plain| plain.compare(&number) == Ordering::Equal && !plain.as_str().contains(['e', 'E'])));
        }

        #[test]
        fn comparison_agrees_with_integers(one in any::<i64>(), two in any::<i64>(), zeros in 0_usize..6) {
            let (left, right) = (format!("{one}.{}", "0".repeat(zeros + 1)), format!("{two}e0"));
            prop_assert_eq!(number(&left).compare(&number(&right)), one.cmp(&two));
        }

        #[test]
        fn canonical_texts_are_equal_exactly_when_values_are(
            one in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
            two in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
        ) {
            let canonical = |text: &str| { let mut out = Vec::new(); number(text).canonical(&mut out); out };
            let equal = number(&one).compare(&number(&two)) == Ordering::Equal;
            prop_assert_eq!(equal, canonical(&one) == canonical(&two));
        }

        #[test]
        fn any_text_is_judged_as_the_json_reader_judges_it(text in "[-+0-9.eE]{0,12}") {
            let read = text.parse::<serde_json::Number>().is_ok();
            let ours = Number::new(text.as_str()).is_some();
            // serde_json refuses numbers beyond f64 too; those are numbers all the same.
            prop_assert!(ours || !read);
        }
    }
}
