//! The named formats a text may have.
//!
//! Days and times are those that RFC 3339 and XML Schema 1.0 both have, so that one value stands in
//! either format: no year 0000, no leap second, no 24:00, no offset beyond 14 hours, capital `T` and `Z`.

use jiff::civil::Date;

use super::Options;

/// A named format.
pub(crate) struct Format {
    /// The name in schemas.
    pub(crate) name: &'static str,
    /// What it asks, in Vietnamese and English, to stand after "the text is to be".
    pub(crate) asks: (&'static str, &'static str),
    /// Its form as descriptions can write it, an anchored pattern.
    pub(crate) pattern: &'static str,
    /// The type of XML Schema that knows the rest of the rule, and the pattern what the type lets pass.
    pub(crate) xsd: Xsd,
}

/// How XML Schema says a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Xsd {
    /// A type of its own and the pattern together say all of it.
    Type(&'static str),
    /// The pattern says all of it.
    Pattern,
    /// The pattern is rougher than the rule.
    Roughly,
}

macro_rules! time {
    () => {
        "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
    };
}

const TIME: &str = concat!("^", time!(), "$");
const DATE_TIME: &str = concat!("^[0-9]{4}-[0-9]{2}-[0-9]{2}T", time!(), "$");

/// Every format that a schema may name. Days, times and years are judged here; the rest by the JSON
/// Schema library: RFC 5321 addresses, RFC 3986 URIs, RFC 4122 identifiers.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "date",
        asks: (
            "một ngày có thật dạng năm-tháng-ngày, ví dụ 2026-01-31",
            "a day that exists, as year-month-day, such as 2026-01-31",
        ),
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        xsd: Xsd::Type("xs:date"),
    },
    Format {
        name: "date-time",
        asks: (
            "thời điểm có múi giờ, ví dụ 2026-01-31T08:00:00+07:00",
            "a time with its offset, such as 2026-01-31T08:00:00+07:00",
        ),
        pattern: DATE_TIME,
        xsd: Xsd::Type("xs:dateTime"),
    },
    Format {
        name: "time",
        asks: (
            "giờ có múi giờ, ví dụ 08:00:00+07:00",
            "a time of day with its offset, such as 08:00:00+07:00",
        ),
        pattern: TIME,
        xsd: Xsd::Type("xs:time"),
    },
    Format {
        name: "email",
        asks: ("một địa chỉ thư điện tử", "an e-mail address"),
        pattern: "@",
        xsd: Xsd::Roughly,
    },
    Format {
        name: "uri",
        asks: ("một URI đầy đủ, ví dụ https://example.org/", "a full URI, such as https://example.org/"),
        pattern: "^[A-Za-z][0-9A-Za-z+.-]*:[!-~]*$",
        xsd: Xsd::Roughly,
    },
    Format {
        name: "uuid",
        asks: (
            "một UUID, ví dụ 00000000-0000-7000-8000-000000000000",
            "a UUID, such as 00000000-0000-7000-8000-000000000000",
        ),
        pattern: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        xsd: Xsd::Pattern,
    },
    Format {
        name: "year",
        asks: ("năm gồm 4 chữ số, ví dụ 2026", "a year of 4 digits, such as 2026"),
        pattern: "^[0-9]{4}$",
        xsd: Xsd::Pattern,
    },
];

/// The format called `name`.
pub(crate) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What a format asks of a text.
type Asked = fn(&str) -> bool;

/// The formats that the library lacks or reads more widely, and what they ask.
const OURS: [(&str, Asked); 4] =
    [("year", is_year), ("date", is_date), ("time", is_time), ("date-time", is_date_time)];

/// Adds our formats.
pub(super) fn register(options: Options) -> Options {
    OURS.into_iter().fold(options, |options, (name, is_so)| options.with_format(name, is_so))
}

/// What our format called `name` asks.
pub(super) fn ours(name: &str) -> Option<Asked> {
    OURS.into_iter().find(|(known, _)| *known == name).map(|(_, is_so)| is_so)
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let part = |from: usize, to: usize| digits(text.get(from..to)?);
    let day = || {
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    text.len() == 10
        && text.get(4..5) == Some("-")
        && text.get(7..8) == Some("-")
        && day().is_some_and(|day| day.year() > 0)
}

fn is_date_time(text: &str) -> bool {
    text.split_once('T').is_some_and(|(date, time)| is_date(date) && is_time(time))
}

fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(rest) => {
            let offset = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if offset.len() == rest.len() {
                return false;
            }
            offset
        }
    };
    let is_offset = match offset.strip_prefix(['+', '-']) {
        None => offset == "Z",
        Some("14:00") => true,
        Some(offset) => matches!(pair(offset), Some((..=13, ..=59))),
    };
    is_offset
        && clock
            .split_at_checked(5)
            .and_then(|(minutes, seconds)| Some((pair(minutes)?, digits(seconds.strip_prefix(':')?)?)))
            .is_some_and(|((hour, minute), second)| hour <= 23 && minute <= 59 && second <= 59)
}

/// `hh:mm`.
fn pair(text: &str) -> Option<(u32, u32)> {
    let (one, two) = text.split_once(':')?;
    if one.len() == 2 && two.len() == 2 { Some((digits(one)?, digits(two)?)) } else { None }
}

fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_and_times_are_those_of_both_standards() {
        for good in ["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2026-02-29",
            "0000-01-01",
            "2026-1-31",
            "2026-01-31Z",
            " 2026-01-31",
            "2026-13-01",
            "２０２６-01",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
        for good in ["08:00:00Z", "23:59:59.123+07:00", "00:00:00-14:00", "00:00:00-00:00"] {
            assert!(is_time(good) && is_date_time(&format!("2026-01-31T{good}")), "{good}");
        }
        for bad in [
            "08:00:00",
            "24:00:00Z",
            "23:59:60Z",
            "08:00Z",
            "08:00:00z",
            "08:00:00+14:01",
            "08:00:00.Z",
            "08:00:00+7:00",
        ] {
            assert!(!is_time(bad) && !is_date_time(&format!("2026-01-31T{bad}")), "{bad}");
        }
        assert!(!is_date_time("2026-01-31t08:00:00Z") && !is_date_time("2026-01-31 08:00:00Z"));
    }

    proptest! {
        #[test]
        fn whatever_has_a_format_has_its_pattern(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,3})?(Z|[+-][01][0-9]:[0-9]{2})?)?|\\PC{0,20}",
        ) {
            type Rule = fn(&str) -> bool;
            let rules: [(&str, Rule); 4] =
                [("date", is_date), ("time", is_time), ("date-time", is_date_time), ("year", is_year)];
            for (name, rule) in rules {
                let pattern = jsonschema::options()
                    .with_pattern_options(jsonschema::PatternOptions::regex())
                    .build(&serde_json::json!({ "pattern": format(name).unwrap().pattern }))
                    .unwrap();
                for text in [text.as_str(), text.get(11..).unwrap_or_default()] {
                    let formed = pattern.is_valid(&text.into());
                    prop_assert!(formed || !rule(text), "{name} {text}");
                    prop_assert!(!formed || rule(text) || name.starts_with("date"), "{name} {text}");
                }
            }
        }
    }
}
