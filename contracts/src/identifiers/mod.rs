//! Identifiers with rules of their own, one file each.
//!
//! A schema names the rule with `x-identifier`; the validator refuses a text that breaks it with the
//! violation `identifier`. A rule here is one of form: whether the code was ever given to anyone is
//! the owner's to know, and codes from a list are a [`CodeList`](crate::CodeList)'s.

mod doi;
mod ipc;
mod isbn;
mod issn;
mod ma_co_quan;
mod ma_linh_vuc;
mod ma_so_thue;
mod ma_tinh;
mod ma_xa;
mod nganh_kinh_te;
mod orcid;
pub mod so_dinh_danh;

use std::{fmt, str::FromStr};

use crate::Bilingual;

/// The identifiers that a schema may name with `x-identifier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierKind {
    /// Số định danh cá nhân: 12 digits.
    SoDinhDanh,
    /// Mã số thuế: 10 digits with a check digit, 13 with a branch, or a person's 12.
    MaSoThue,
    /// Mã định danh cơ quan (QĐ 20/2020/QĐ-TTg): `G06`, `H26.01`.
    MaCoQuan,
    /// Mã lĩnh vực nghiên cứu (TT 24/2025/TT-BKHCN, before it QĐ 12/2008): `30218`.
    MaLinhVuc,
    /// Mã tỉnh: 2 digits.
    MaTinh,
    /// Mã xã: 5 digits.
    MaXa,
    /// Chỉ số phân loại sáng chế quốc tế: `G06F 16/25`.
    Ipc,
    /// Mã ngành kinh tế (VSIC): `M`, `72`, `7211`.
    NganhKinhTe,
    /// Mã DOI: `10.5555/12345678`.
    Doi,
    /// Mã ISSN of a serial: `0317-8471`, with a check digit.
    Issn,
    /// Mã ISBN of a book: 13 digits, with a check digit.
    Isbn,
    /// Mã ORCID of a researcher: `0000-0002-1825-0097`, with a check digit.
    Orcid,
}

/// An identifier's form as descriptions can write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// A regular expression, anchored at both ends.
    pub pattern: &'static str,
    /// The most characters, where the pattern does not say.
    pub longest: Option<usize>,
    /// Whether that is the whole rule; if not, a check digit comes on top.
    pub exact: bool,
}

/// The text names no known identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known identifier, such as `so-dinh-danh`")]
pub struct UnknownIdentifier;

impl IdentifierKind {
    /// Every kind, in the order operators' messages list them.
    pub const ALL: [Self; 12] = [
        Self::SoDinhDanh,
        Self::MaSoThue,
        Self::MaCoQuan,
        Self::MaLinhVuc,
        Self::MaTinh,
        Self::MaXa,
        Self::Ipc,
        Self::NganhKinhTe,
        Self::Doi,
        Self::Issn,
        Self::Isbn,
        Self::Orcid,
    ];

    /// The name in schemas.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SoDinhDanh => "so-dinh-danh",
            Self::MaSoThue => "ma-so-thue",
            Self::MaCoQuan => "ma-co-quan",
            Self::MaLinhVuc => "ma-linh-vuc",
            Self::MaTinh => "ma-tinh",
            Self::MaXa => "ma-xa",
            Self::Ipc => "ipc",
            Self::NganhKinhTe => "nganh-kinh-te",
            Self::Doi => "doi",
            Self::Issn => "issn",
            Self::Isbn => "isbn",
            Self::Orcid => "orcid",
        }
    }

    /// Whether `text` has the identifier's form, check digits included.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::SoDinhDanh => so_dinh_danh::accepts(text),
            Self::MaSoThue => ma_so_thue::accepts(text),
            Self::MaCoQuan => ma_co_quan::accepts(text),
            Self::MaLinhVuc => ma_linh_vuc::accepts(text),
            Self::MaTinh => ma_tinh::accepts(text),
            Self::MaXa => ma_xa::accepts(text),
            Self::Ipc => ipc::accepts(text),
            Self::NganhKinhTe => nganh_kinh_te::accepts(text),
            Self::Doi => doi::accepts(text),
            Self::Issn => issn::accepts(text),
            Self::Isbn => isbn::accepts(text),
            Self::Orcid => orcid::accepts(text),
        }
    }

    /// Its form as descriptions can write it: what [`accepts`](Self::accepts) takes has this form.
    pub fn written(self) -> Written {
        match self {
            Self::SoDinhDanh => so_dinh_danh::FORM,
            Self::MaSoThue => ma_so_thue::FORM,
            Self::MaCoQuan => ma_co_quan::FORM,
            Self::MaLinhVuc => ma_linh_vuc::FORM,
            Self::MaTinh => ma_tinh::FORM,
            Self::MaXa => ma_xa::FORM,
            Self::Ipc => ipc::FORM,
            Self::NganhKinhTe => nganh_kinh_te::FORM,
            Self::Doi => doi::FORM,
            Self::Issn => issn::FORM,
            Self::Isbn => isbn::FORM,
            Self::Orcid => orcid::FORM,
        }
    }

    /// What the rule asks, as a sentence for the sender.
    pub fn asks(self) -> Bilingual {
        let (vi, en) = match self {
            Self::SoDinhDanh => so_dinh_danh::ASKS,
            Self::MaSoThue => ma_so_thue::ASKS,
            Self::MaCoQuan => ma_co_quan::ASKS,
            Self::MaLinhVuc => ma_linh_vuc::ASKS,
            Self::MaTinh => ma_tinh::ASKS,
            Self::MaXa => ma_xa::ASKS,
            Self::Ipc => ipc::ASKS,
            Self::NganhKinhTe => nganh_kinh_te::ASKS,
            Self::Doi => doi::ASKS,
            Self::Issn => issn::ASKS,
            Self::Isbn => isbn::ASKS,
            Self::Orcid => orcid::ASKS,
        };
        Bilingual::new(vi, en)
    }
}

impl FromStr for IdentifierKind {
    type Err = UnknownIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownIdentifier)
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Exactly `count` ASCII digits; `char::is_numeric` would take other scripts' digits too.
fn are_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_read_back() {
        for kind in IdentifierKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("ma-nhiem-vu".parse::<IdentifierKind>().is_err(), "a task's number is free text");
    }

    fn has_form(kind: IdentifierKind, text: &str) -> bool {
        let written = kind.written();
        let validator = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(&serde_json::json!({ "pattern": written.pattern }))
            .unwrap();
        validator.is_valid(&text.into()) && written.longest.is_none_or(|longest| text.len() <= longest)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_written_form_is_that_of_the_rule(
            text in "[0-9]{0,14}|[0-9]{9,10}-[0-9]{2,4}|[A-I][0-9]{1,3}[A-Z] {0,2}[0-9]{0,5}/[0-9]{1,7}|[A-Zg0-9.]{0,37}|10[.][0-9.]{3,12}/[!-~ ]{0,9}|[0-9]{3,5}-[0-9]{3}[0-9X]|97[0-9]{11}|([0-9]{4}-){2,4}[0-9]{3}[0-9X]",
        ) {
            for kind in IdentifierKind::ALL {
                let (accepted, formed) = (kind.accepts(&text), has_form(kind, &text));
                prop_assert!(formed || !accepted, "{kind} {text}");
                prop_assert!(accepted || !formed || !kind.written().exact, "{kind} {text}");
            }
        }

        #[test]
        fn no_text_panics_a_rule_and_none_takes_the_digits_of_other_scripts(text in "\\PC{0,40}") {
            for kind in IdentifierKind::ALL {
                prop_assert!(!kind.accepts(&text) || text.is_ascii());
            }
        }
    }
}
