//! Mã ISBN của sách (ISO 2108): 13 digits, without hyphens.
//!
//! Where hyphens stand follows from a table of publishers that changes; without them a book has one
//! way to be written. A number of ten digits, given before 2007, has a form of thirteen, which begins
//! with 978.
//!
//! N1 + 3·N2 + N3 + … + 3·N12 + N13 is a multiple of 10.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) = (
    "Mã ISBN gồm 13 chữ số viết liền, bắt đầu bằng 978 hoặc 979, chữ số cuối là số kiểm tra.",
    "An ISBN has 13 digits without hyphens, begins with 978 or 979 and ends in a check digit.",
);

pub(super) const FORM: Written = Written { pattern: "^97[89][0-9]{10}$", longest: None, exact: false };

pub(super) fn accepts(text: &str) -> bool {
    let weighted = text.bytes().zip([1, 3].into_iter().cycle());
    are_digits(text, 13)
        && (text.starts_with("978") || text.starts_with("979"))
        && weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass() {
        for good in ["9780306406157", "9783161484100", "9791090636071"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "9780306406158",
            "9780304606157",
            "978-0-306-40615-7",
            "0306406152",
            "9770306406157",
            "978030640615X",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
