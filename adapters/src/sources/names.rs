//! Names for what people call a thing in their own words: of a field from a column's heading, of a dataset
//! from its title. A contract's names are unaccented, since they are elements, keys and paths.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The longest name that is made of a heading; longer ones are sentences.
const LONGEST: usize = 60;

/// `Mã thiết bị` as a field: `MaThietBi`. A heading that is a name already stays as it is, dots between
/// names included; nothing comes of one without a letter of the Latin alphabet.
pub(super) fn field(heading: &str) -> Option<String> {
    let heading = heading.trim();
    if !heading.is_empty() && heading.split('.').all(is_name) {
        return Some(heading.to_owned());
    }
    // All in capitals, as headings of tables often are, it says nothing of where capitals stand.
    let shouts = heading.contains(char::is_whitespace) && !heading.chars().any(char::is_lowercase);
    let plain = unaccented(heading);
    let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric());
    let name: String = words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            let rest = if shouts { rest.to_ascii_lowercase() } else { rest.to_owned() };
            first.to_ascii_uppercase() + &rest
        })
        .collect();
    // A table numbers its columns now and then: `1. Mã`.
    let name = name.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let name = name.get(..LONGEST).unwrap_or(name);
    is_name(name).then(|| name.to_owned())
}

/// `Trang thiết bị` as a dataset: `trang-thiet-bi`.
pub fn dataset(title: &str) -> Option<String> {
    let plain = unaccented(title).to_ascii_lowercase();
    let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    let name = name.get(..LONGEST).unwrap_or(&name).trim_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Letters without what stands above, below and through them.
fn unaccented(text: &str) -> String {
    text.nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .map(|letter| match letter {
            'đ' => 'd',
            'Đ' => 'D',
            other => other,
        })
        .collect()
}

/// Whether `text` is the name of a field, as contracts have them.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_names_of_fields() {
        for (heading, name) in [
            ("Mã thiết bị", "MaThietBi"),
            ("MÃ THIẾT BỊ", "MaThietBi"),
            ("Đơn vị quản lý (nếu có)", "DonViQuanLyNeuCo"),
            ("  Ngày cấp\nCCCD ", "NgayCapCCCD"),
            ("1. Tên", "Ten"),
            ("Số TT.", "SoTT"),
            ("MaSo", "MaSo"),
            ("ToChuc.MaSo", "ToChuc.MaSo"),
            ("ma_so", "ma_so"),
            ("Ma\u{303} thie\u{302}\u{301}t bi\u{323}", "MaThietBi"),
        ] {
            assert_eq!(field(heading).as_deref(), Some(name), "{heading}");
        }
        for heading in ["", "12", "%", "№", "名前", "XML gốc"] {
            assert_eq!(field(heading), None, "{heading}");
        }
    }

    #[test]
    fn titles_become_names_of_datasets() {
        assert_eq!(dataset("Trang thiết bị").as_deref(), Some("trang-thiet-bi"));
        assert_eq!(dataset("Đề_tài 2026").as_deref(), Some("de-tai-2026"));
        assert_eq!(dataset("…"), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_made_is_a_name(heading in ".{0,80}") {
            if let Some(name) = field(&heading) {
                proptest::prop_assert!(name.split('.').all(is_name), "{name}");
            }
        }
    }
}
