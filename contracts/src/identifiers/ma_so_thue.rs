//! Mã số thuế (TT 105/2020/TT-BTC, TT 86/2024/TT-BTC).
//!
//! An enterprise has ten digits, the tenth a check digit; a dependent unit adds `-001` to `-999`.
//! Since 1/7/2025 persons and households use the twelve-digit personal number instead, which has no
//! check digit.
//!
//! N10 = 10 − (31·N1 + 29·N2 + 23·N3 + 19·N4 + 17·N5 + 13·N6 + 7·N7 + 5·N8 + 3·N9) mod 11. A remainder
//! of 0 would ask for a tenth digit of 10, so no such code is given out.

use super::{Written, are_digits, so_dinh_danh};

pub(super) const ASKS: (&str, &str) = (
    "Mã số thuế gồm 10 chữ số với chữ số cuối là số kiểm tra, có thể thêm mã đơn vị phụ thuộc từ -001 đến -999; cá \
     nhân, hộ gia đình dùng số định danh 12 chữ số.",
    "A tax code has 10 digits, the last of which is a check digit, optionally followed by a branch from -001 to -999; \
     persons and households use their 12-digit personal number.",
);

const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

pub(super) const FORM: Written =
    Written { pattern: "^([0-9]{10}(-[0-9]{3})?|[0-9]{12})$", longest: None, exact: false };

pub(super) fn accepts(text: &str) -> bool {
    match text.split_once('-') {
        Some((code, branch)) => is_code(code) && are_digits(branch, 3) && branch != "000",
        None => is_code(text) || so_dinh_danh::accepts(text),
    }
}

fn is_code(text: &str) -> bool {
    if !are_digits(text, 10) {
        return false;
    }
    let digits = || text.bytes().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    digits().next_back() == Some(10 - sum % 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_pass() {
        for good in ["0100233488", "0314409058-002", "0100047516", "0314409058-999"] {
            assert!(accepts(good), "{good}");
        }
        assert!(accepts("001099000001"), "a person's number since 1/7/2025");
    }

    #[test]
    fn near_misses_fail() {
        for bad in [
            "0100233489",      // check digit
            "1000233488",      // two digits swapped
            "0314409058-000",  // no such branch
            "0314409058-02",   // branch too short
            "0314409058002",   // branch without its dash
            "0314409058-0021", // branch too long
            "001099000001-001",
            "010023348",
            "01002334 88",
            "",
            "-001",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
    }

    #[test]
    fn no_check_digit_fits_a_remainder_of_zero() {
        // 31·1 + 19·1 + 5·1 = 55: a multiple of 11.
        assert!((0..=9).all(|last| !accepts(&format!("100100010{last}"))));
    }

    #[test]
    fn exactly_one_last_digit_fits_any_other() {
        let fitting = (0..=9).filter(|last| accepts(&format!("010023348{last}"))).count();
        assert_eq!(fitting, 1);
    }
}
