//! Mã đơn vị hành chính cấp xã: five digits. There is no district level since 1/7/2025.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) =
    ("Mã xã, phường, đặc khu gồm đúng 5 chữ số.", "A commune code has exactly 5 digits.");

pub(super) const FORM: Written = Written { pattern: "^[0-9]{5}$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    are_digits(text, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_digits() {
        assert!(accepts("00004"));
        assert!(!accepts("0004") && !accepts("000041") && !accepts("0000x") && !accepts(""));
    }
}
