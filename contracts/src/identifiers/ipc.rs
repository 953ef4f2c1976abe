//! Chỉ số phân loại sáng chế quốc tế (IPC): `[A-H]\d{2}[A-Z] ?\d{1,4}/\d{2,6}`, the form in general use.

use super::Written;

pub(super) const ASKS: (&str, &str) = (
    "Chỉ số IPC có dạng như G06F 16/25: phần A-H, lớp 2 chữ số, phân lớp 1 chữ cái, nhóm và phân nhóm.",
    "An IPC symbol looks like G06F 16/25: section A-H, class of 2 digits, subclass letter, group and subgroup.",
);

pub(super) const FORM: Written =
    Written { pattern: "^[A-H][0-9]{2}[A-Z] ?[0-9]{1,4}/[0-9]{2,6}$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    let [section, class @ .., subclass] = text.as_bytes().get(..4).unwrap_or_default() else { return false };
    // Four ASCII bytes came before, so the cut below lies on a character's edge.
    let rest = text.get(4..).unwrap_or_default();
    let Some((group, subgroup)) = rest.strip_prefix(' ').unwrap_or(rest).split_once('/') else {
        return false;
    };
    let are_digits = |text: &str, shortest, longest| {
        (shortest..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    (b'A'..=b'H').contains(section)
        && class.iter().all(u8::is_ascii_digit)
        && subclass.is_ascii_uppercase()
        && are_digits(group, 1, 4)
        && are_digits(subgroup, 2, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_in_use_pass() {
        for good in ["G06F 16/25", "A01B1/00", "H04L 9/3247", "C12N 15/113"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "",
            "I06F 16/25",
            "G6F 16/25",
            "G06f 16/25",
            "G06F  16/25",
            "G06F 16",
            "G06F 16/2",
            "G06F 12345/00",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
