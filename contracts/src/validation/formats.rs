//! The named formats a text may have.

use super::Options;

/// A named format.
pub(crate) struct Format {
    /// The name in schemas.
    pub(crate) name: &'static str,
    /// What it asks, in Vietnamese and English, to stand after "the text is to be".
    pub(crate) asks: (&'static str, &'static str),
}

/// Every format that a schema may name. All but `year` are the JSON Schema library's own: RFC 3339
/// days and times (a day that exists; a time with its offset), RFC 5321 addresses, RFC 3986 URIs,
/// RFC 4122 identifiers.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "date",
        asks: (
            "một ngày có thật dạng năm-tháng-ngày, ví dụ 2026-01-31",
            "a day that exists, as year-month-day, such as 2026-01-31",
        ),
    },
    Format {
        name: "date-time",
        asks: (
            "thời điểm có múi giờ, ví dụ 2026-01-31T08:00:00+07:00",
            "a time with its offset, such as 2026-01-31T08:00:00+07:00",
        ),
    },
    Format {
        name: "time",
        asks: (
            "giờ có múi giờ, ví dụ 08:00:00+07:00",
            "a time of day with its offset, such as 08:00:00+07:00",
        ),
    },
    Format { name: "email", asks: ("một địa chỉ thư điện tử", "an e-mail address") },
    Format {
        name: "uri",
        asks: ("một URI đầy đủ, ví dụ https://example.org/", "a full URI, such as https://example.org/"),
    },
    Format {
        name: "uuid",
        asks: (
            "một UUID, ví dụ 00000000-0000-7000-8000-000000000000",
            "a UUID, such as 00000000-0000-7000-8000-000000000000",
        ),
    },
    Format {
        name: "year", asks: ("năm gồm 4 chữ số, ví dụ 2026", "a year of 4 digits, such as 2026")
    },
];

/// Adds the formats that the library lacks.
pub(super) fn register(options: Options) -> Options {
    options.with_format("year", is_year)
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}
