//! Số định danh cá nhân: twelve digits (Luật Căn cước 26/2023/QH15, NĐ 70/2024/NĐ-CP).
//!
//! Twelve digits are the hard rule. The digits also have a structure: three for the province of
//! birth registration (the list of **63**, whatever the province is called now) or the country, one
//! for century and sex, two for the year of birth, six at random; there is no check digit. Numbers
//! that contradict the structure exist, so it is a ground for doubt, never for refusal.

use super::{Written, are_digits};

pub(super) const ASKS: (&str, &str) =
    ("Số định danh cá nhân gồm đúng 12 chữ số.", "A personal identification number has exactly 12 digits.");

pub(super) const FORM: Written = Written { pattern: "^[0-9]{12}$", longest: None, exact: true };

pub(super) fn accepts(text: &str) -> bool {
    are_digits(text, 12)
}

/// What makes a well-formed number doubtful. It is a warning for whoever moderates the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The first three digits name no province of the 63, and their form says province.
    UnknownProvince,
    /// The year of birth lies ahead.
    BornInFuture,
}

/// The doubts about `number`, which has the hard form; any other text raises none here.
/// `is_province` knows the two digits of the 63-province edition; `year` is the present one.
pub fn doubts(number: &str, is_province: impl Fn(&str) -> bool, year: u16) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if !accepts(number) {
        return doubts;
    }
    // A province's code is written with a leading zero; anything else is a country's.
    if let Some(province) = number.get(..3).and_then(|place| place.strip_prefix('0'))
        && !is_province(province)
    {
        doubts.push(Doubt::UnknownProvince);
    }
    if birth_year(number).is_some_and(|born| born > year) {
        doubts.push(Doubt::BornInFuture);
    }
    doubts
}

/// 0 and 1 stand for men and women born in the 1900s, 2 and 3 for the 2000s, and so on.
fn birth_year(number: &str) -> Option<u16> {
    let century: u16 = number.get(3..4)?.parse().ok()?;
    let year: u16 = number.get(4..6)?.parse().ok()?;
    Some(1900 + century / 2 * 100 + year)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Invented numbers: only their form means anything.
    #[test]
    fn twelve_digits_and_nothing_else() {
        assert!(accepts("001099000001"));
        for bad in
            ["", "00109900000", "0010990000011", "00109900000a", "001099 00001", "００１０９９００００００"]
        {
            assert!(!accepts(bad), "{bad}");
        }
    }

    #[test]
    fn structure_raises_doubts_only() {
        let known = |province: &str| province == "01";
        assert_eq!(doubts("001099000001", known, 2026), []);
        assert_eq!(doubts("003099000001", known, 2026), [Doubt::UnknownProvince]);
        assert_eq!(doubts("001230000001", known, 2026), [Doubt::BornInFuture]);
        assert_eq!(doubts("001225000001", known, 2026), []);
        assert_eq!(doubts("231099000001", known, 2026), [], "a country's code");
        assert_eq!(doubts("khong-phai-so", known, 2026), []);
    }
}
