//! Mã đơn vị hành chính cấp tỉnh: two digits (NQ 202/2025/QH15 left the form as it was).
//!
//! Which codes exist depends on the date: `x-code-list` with the list of provinces says so. This
//! rule is for codes whose edition is not known.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) =
    ("Mã tỉnh, thành phố gồm đúng 2 chữ số.", "A province code has exactly 2 digits.");

pub(super) const FORM: Written = Written { pattern: "^[0-9]{2}$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    are_digits(text, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits() {
        assert!(accepts("01") && accepts("96"));
        assert!(!accepts("1") && !accepts("001") && !accepts("0A") && !accepts(""));
    }
}
