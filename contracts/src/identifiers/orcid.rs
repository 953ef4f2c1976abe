//! Mã ORCID của nhà nghiên cứu: `NNNN-NNNN-NNNN-NNNC`, a form of ISO 27729.
//!
//! The last character is that of ISO 7064 MOD 11-2; ten is written `X`. As with a DOI, the address
//! before it is not part of the name.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) = (
    "Mã ORCID có dạng như 0000-0002-1825-0097: 16 ký tự thành bốn nhóm, ký tự cuối là số kiểm tra, có thể là X.",
    "An ORCID iD looks like 0000-0002-1825-0097: 16 characters in four groups, the last of which is a check digit and \
     may be X.",
);

pub(super) const FORM: Written =
    Written { pattern: "^([0-9]{4}-){3}[0-9]{3}[0-9X]$", longest: None, exact: false };

pub(super) fn accepts(text: &str) -> bool {
    let groups: Vec<&str> = text.splitn(5, '-').collect();
    let [one, two, three, last] = groups.as_slice() else { return false };
    let Some((last, check)) = last.split_at_checked(3) else { return false };
    if ![one, two, three].into_iter().all(|group| are_digits(group, 4)) || !are_digits(last, 3) {
        return false;
    }
    let digits = [one, two, three, &last].into_iter().flat_map(|group| group.bytes());
    let sum = digits.fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => check == "X",
        digit => char::from_digit(digit, 10).is_some_and(|digit| check.chars().eq([digit])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrys_own_examples_pass() {
        for good in ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "0000-0002-1825-0098",
            "0000-0002-8125-0097",
            "0000000218250097",
            "0000-0002-1694-233x",
            "0000-0002-1694-23",
            "0000-0002-1825-0097-1",
            "https://orcid.org/0000-0002-1825-0097",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
