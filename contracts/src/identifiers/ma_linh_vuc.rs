//! Mã lĩnh vực nghiên cứu khoa học và công nghệ (TT 24/2025/TT-BKHCN from 15/12/2025; before, QĐ
//! 12/2008/QĐ-BKHCN).
//!
//! One digit from 1 to 6 for the branch, then two digits for each level below: `[1-6](\d\d){0,3}`, so
//! 1, 3, 5 or 7 digits. The older table has the same form with at most five digits (`30218`), so one
//! rule holds for records of either; which entries exist is the code list's to say.

use super::Written;

pub(super) const ASKS: (&str, &str) = (
    "Mã lĩnh vực nghiên cứu gồm 1, 3, 5 hoặc 7 chữ số, chữ số đầu từ 1 đến 6, ví dụ 302 hoặc 30218.",
    "A code of a field of research has 1, 3, 5 or 7 digits and begins with 1 to 6, such as 302 or 30218.",
);

pub(super) const FORM: Written = Written { pattern: "^[1-6]([0-9]{2}){0,3}$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    matches!(text.len(), 1 | 3 | 5 | 7)
        && text.starts_with(['1', '2', '3', '4', '5', '6'])
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_both_tables_passes() {
        for good in ["1", "6", "302", "30218", "3021801"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in ["", "0", "7", "30", "3021", "302180", "302180101", "3.2", "70218", "302a8"] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
