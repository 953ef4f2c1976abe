//! Mã ngành kinh tế (VSIC): a section's letter, or the 2 to 5 digits of a lower level, with or without
//! the letter before them.
//!
//! Sections are A to V since 15/11/2025 (QĐ 36/2025/QĐ-TTg) and were A to U before: the form takes the
//! wider. Which codes exist is the table's to say.

use super::Written;

pub(super) const ASKS: (&str, &str) = (
    "Mã ngành kinh tế là một chữ cái A-V (cấp 1) hoặc 2 đến 5 chữ số (cấp 2 đến 5), có thể kèm chữ cái đứng trước.",
    "An industry code is a letter A-V (level 1) or 2 to 5 digits (levels 2 to 5), with or without the letter before them.",
);

pub(super) const FORM: Written =
    Written { pattern: "^([A-V]|[A-V]?[0-9]{2,5})$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    let digits = text.strip_prefix(|letter: char| ('A'..='V').contains(&letter));
    match (digits, digits.unwrap_or(text)) {
        (Some(_), "") => true,
        (_, digits) => (2..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_two_to_five_digits() {
        for good in ["A", "V", "01", "0111", "01110", "M72", "M7211"] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["", "W", "a", "AB", "0", "011100", "M7", "7x", "M 72", "01A"] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
