//! Mã ISSN của xuất bản phẩm nhiều kỳ (ISO 3297): `NNNN-NNNC`.
//!
//! The last character makes 8·N1 + 7·N2 + … + 2·N7 + C a multiple of 11; a C of ten is written `X`.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) = (
    "Mã ISSN có dạng như 1234-5679: 8 ký tự, ký tự cuối là số kiểm tra, có thể là X.",
    "An ISSN looks like 1234-5679: 8 characters, the last of which is a check digit and may be X.",
);

pub(super) const FORM: Written =
    Written { pattern: "^[0-9]{4}-[0-9]{3}[0-9X]$", longest: None, exact: false };

pub(super) fn accepts(text: &str) -> bool {
    let Some((head, tail)) = text.split_once('-') else { return false };
    let Some((tail, check)) = tail.split_at_checked(3) else { return false };
    let check = match check {
        "X" => 10,
        digit if are_digits(digit, 1) => digit.bytes().map(|digit| u32::from(digit - b'0')).sum(),
        _ => return false,
    };
    let digits = head.bytes().chain(tail.bytes()).map(|digit| u32::from(digit.wrapping_sub(b'0')));
    are_digits(head, 4)
        && are_digits(tail, 3)
        && (digits.zip((2..=8).rev()).map(|(digit, weight)| digit * weight).sum::<u32>() + check)
            .is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_examples_pass() {
        for good in ["0317-8471", "2049-3630", "2434-561X"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "0317-8472",
            "3017-8471",
            "03178471",
            "0317-847",
            "0317-84710",
            "2434-561x",
            "2434-56X1",
            "X434-561X",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
