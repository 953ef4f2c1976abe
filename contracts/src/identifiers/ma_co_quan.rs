//! Mã định danh điện tử của cơ quan, tổ chức (QĐ 20/2020/QĐ-TTg, amended by QĐ 09/2025/QĐ-TTg).
//!
//! At most 35 characters of `0-9`, `A-Z` and dots: groups from the highest level down, such as `G06`
//! or `G06.01.02`. The older form of four groups, lowest level first (`000.00.00.G06`, QCVN
//! 102:2016/BTTTT), is still met and has the same alphabet; it is kept as written, because the two
//! are different codes and only their owner may say which replaces which.

use super::Written;

pub(super) const ASKS: (&str, &str) = (
    "Mã định danh cơ quan gồm các nhóm chữ số và chữ in hoa không dấu cách nhau bằng một dấu chấm, tối đa 35 ký tự, ví \
     dụ G06 hoặc G06.01.02.",
    "An agency code consists of groups of digits and capital letters A-Z separated by single dots, at most 35 \
     characters, such as G06 or G06.01.02.",
);

const LONGEST: usize = 35;

pub(super) const FORM: Written =
    Written { pattern: "^[0-9A-Z]+(\\.[0-9A-Z]+)*$", longest: Some(LONGEST), exact: true };

pub(super) fn accepts(text: &str) -> bool {
    let good = |group: &str| {
        !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    text.len() <= LONGEST && text.split('.').all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_pass() {
        for good in ["G06", "G06.01.02", "H26", "H26.99.01", "000.00.00.G06", "000.00.00.H26"] {
            assert!(accepts(good), "{good}");
        }
        assert!(accepts(&format!("G06{}", ".01".repeat(10))));
    }

    #[test]
    fn near_misses_fail() {
        for bad in ["", "g06", "G06.", ".G06", "G06..01", "G06-01", "G06 01", "Đ06"] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(!accepts(&format!("G06{}", ".01".repeat(11))), "36 characters");
    }
}
