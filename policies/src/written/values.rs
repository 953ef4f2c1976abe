//! Spellings of single values: durations, sizes, addresses, references to secrets.

use std::{path::PathBuf, str::FromStr, time::Duration};

use contracts::{ContractId, Encoding, FieldPath};
use jiff::Span;

use super::Table;
use crate::{
    AgreementId, Format, MemberId, Operation, PurposeId, ServiceId, SystemId, calendar::Window, sources::hex,
    written::both,
};

/// A value that a document writes as text, with what to say when it is not one.
pub(crate) trait Spelled: Sized {
    /// What it must be, Vietnamese and English, to stand after "must be".
    const EXPECTED: (&'static str, &'static str);
    /// Every value, when there are few.
    const CHOICES: &'static [&'static str] = &[];
    /// The value of `text`.
    fn spelled(text: &str) -> Option<Self>;
}

macro_rules! spelled {
    ($($type:ty: $vi:literal, $en:literal $(, $choices:expr)?;)*) => {$(
        impl Spelled for $type {
            const EXPECTED: (&'static str, &'static str) = ($vi, $en);
            $(const CHOICES: &'static [&'static str] = $choices;)?
            fn spelled(text: &str) -> Option<Self> {
                <$type as FromStr>::from_str(text).ok()
            }
        }
    )*};
}

spelled! {
    MemberId: "mã định danh cơ quan như `H26`", "a member's identifier such as `H26`";
    SystemId: "tên hệ thống như `H26/quan-ly-khcn`", "a system's name such as `H26/quan-ly-khcn`";
    ServiceId: "tên dịch vụ như `G06/nhiem-vu`", "a service's name such as `G06/nhiem-vu`";
    AgreementId: "số hiệu thỏa thuận như `TT-2026-017`", "an agreement's number such as `TT-2026-017`";
    PurposeId: "mã như `quan-ly-nhiem-vu` (chữ thường không dấu, số, gạch nối)",
        "a code such as `quan-ly-nhiem-vu` (unaccented lower case, digits, hyphens)";
    ContractId: "tên hợp đồng dữ liệu như `nhiem-vu@1`", "a contract's name such as `nhiem-vu@1`";
    FieldPath: "đường dẫn trường như `ChuNhiem.HoVaTen`", "a field's path such as `ChuNhiem.HoVaTen`";
    Window: "khung giờ như `T2-T6 18:00-06:00` (T2 … T7, CN)", "hours such as `T2-T6 18:00-06:00` (T2 is Monday, CN Sunday)";
    Operation: "một thao tác", "an operation",
        &["query", "read", "changes", "submit", "update", "withdraw", "verify"];
    Format: "một định dạng", "a format",
        &["json", "xml", "geojson", "jsonfg", "gml", "ndjson", "csv", "soap"];
    Encoding: "một bảng mã", "an encoding", &["utf-8", "utf-16", "windows-1258", "tcvn3", "vni"];
}

/// A closed set of words, each the value of an enum.
macro_rules! words {
    ($type:ty: $vi:literal, $en:literal, $($word:literal => $value:expr),+ $(,)?) => {
        impl $crate::written::Spelled for $type {
            const EXPECTED: (&'static str, &'static str) = ($vi, $en);
            const CHOICES: &'static [&'static str] = &[$($word),+];
            fn spelled(text: &str) -> Option<Self> {
                match text {
                    $($word => Some($value),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use words;

/// A length of time for machines: `500ms`, `10s`, `5m`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) Duration);

impl Spelled for Length {
    const EXPECTED: (&'static str, &'static str) = (
        "khoảng thời gian như `500ms`, `10s`, `5m`, `24h`",
        "a length of time such as `500ms`, `10s`, `5m`, `24h`",
    );

    fn spelled(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let length = Duration::from_millis(number.checked_mul(milliseconds)?);
        (!length.is_zero()).then_some(Self(length))
    }
}

/// A number of bytes: `512KiB`, `2GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Spelled for Size {
    const EXPECTED: (&'static str, &'static str) =
        ("dung lượng như `512KiB`, `1MiB`, `2GB`", "a size such as `512KiB`, `1MiB`, `2GB`");

    fn spelled(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let scale: u64 = match unit {
            "B" => 1,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return None,
        };
        number.checked_mul(scale).filter(|size| *size > 0).map(Self)
    }
}

/// A length of time for people: `6 months`.
#[derive(Clone, Debug)]
pub(crate) struct Period(pub(crate) Span);

impl Spelled for Period {
    const EXPECTED: (&'static str, &'static str) =
        ("chu kỳ như `10 days`, `6 months`, `1 year`", "a period such as `10 days`, `6 months`, `1 year`");

    fn spelled(text: &str) -> Option<Self> {
        let (number, unit) = text.split_once(' ')?;
        let number: i64 = number.parse().ok().filter(|number| (1..=1000).contains(number))?;
        let span = Span::new();
        let span = match unit {
            "day" | "days" => span.days(number),
            "week" | "weeks" => span.weeks(number),
            "month" | "months" => span.months(number),
            "year" | "years" => span.years(number),
            _ => return None,
        };
        Some(Self(span))
    }
}

/// How long data may be kept, in ISO 8601: `P1Y`.
#[derive(Clone, Debug)]
pub(crate) struct Retention(pub(crate) Span);

impl Spelled for Retention {
    const EXPECTED: (&'static str, &'static str) = (
        "thời hạn lưu theo ISO 8601 như `P1Y`, `P6M`",
        "a retention period in ISO 8601 such as `P1Y`, `P6M`",
    );

    fn spelled(text: &str) -> Option<Self> {
        let span: Span = text.starts_with('P').then(|| text.parse().ok())??;
        (span.is_positive() && !text.contains('T')).then_some(Self(span))
    }
}

/// SHA-256 as 64 hexadecimal digits; colons between bytes are read over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hex32(pub(crate) [u8; 32]);

impl Spelled for Hex32 {
    const EXPECTED: (&'static str, &'static str) =
        ("mã băm SHA-256 gồm 64 chữ số thập lục phân", "a SHA-256 of 64 hexadecimal digits");

    fn spelled(text: &str) -> Option<Self> {
        let digits: Vec<u32> =
            text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| (byte << 4) | u8::try_from(*digit).unwrap_or(0));
        }
        Some(Self(bytes))
    }
}

/// The first digits of a contract's revision: enough that no other text of it has the same by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin(String);

/// 48 bits.
const SHORTEST_PIN: usize = 12;
/// SHA-256 in full.
const LONGEST_PIN: usize = 64;

impl Pin {
    /// Whether it is the beginning of `revision`.
    pub(crate) fn names(&self, revision: &[u8; 32]) -> bool {
        hex(revision).starts_with(&self.0)
    }

    /// Its digits, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Spelled for Pin {
    const EXPECTED: (&'static str, &'static str) = (
        "từ 12 đến 64 chữ số thập lục phân đầu tiên của mã băm hợp đồng",
        "the first 12 to 64 hexadecimal digits of the contract's digest",
    );

    fn spelled(text: &str) -> Option<Self> {
        let good =
            (SHORTEST_PIN..=LONGEST_PIN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        good.then(|| Self(text.to_ascii_lowercase()))
    }
}

/// Where a provider listens. TLS is not a choice: the gateway speaks nothing else to providers, on
/// the loopback address either, so that a sandbox shows what production does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The path before every operation's own, without a slash at its end; empty for none.
    pub base: String,
}

/// An `https` URL without user, query or fragment.
pub(crate) struct Url(pub(crate) Address);

impl Spelled for Url {
    const EXPECTED: (&'static str, &'static str) = (
        "địa chỉ `https://máy[:cổng][/đường-dẫn]` (bắt buộc TLS)",
        "an address `https://host[:port][/path]` (TLS is mandatory)",
    );

    fn spelled(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?;
        let (authority, base) = match rest.find('/') {
            Some(slash) => rest.split_at_checked(slash)?,
            None => (rest, ""),
        };
        let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
            let (host, port) = bracketed.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("443"))?)
        } else {
            authority.split_once(':').unwrap_or((authority, "443"))
        };
        let port: u16 = port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())??;
        let base = base.trim_end_matches('/');
        let good =
            !host.is_empty() && port > 0 && (is_host(host) || host.contains(':')) && is_plain_path(base);
        good.then(|| Self(Address { host: host.to_ascii_lowercase(), port, base: base.to_owned() }))
    }
}

/// A server's name in a certificate.
pub(crate) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// A path without anything that could be read in two ways: no escapes, dots, query or doubled slash.
fn is_plain_path(path: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    path.is_empty()
        || path.strip_prefix('/').is_some_and(|path| {
            path.split('/').all(|segment| {
                !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(good)
            })
        })
}

/// An operation's path at the provider: `/`, `/{id}`, `/{id}/rut`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathTemplate(pub(crate) String);

impl Spelled for PathTemplate {
    const EXPECTED: (&'static str, &'static str) = (
        "đường dẫn như `/` hoặc `/{id}`, không có tham số và ký tự mã hóa",
        "a path such as `/` or `/{id}`, without query or escapes",
    );

    fn spelled(text: &str) -> Option<Self> {
        let keys = text.split('/').filter(|segment| *segment == "{id}").count();
        let without: Vec<&str> =
            text.split('/').map(|segment| if segment == "{id}" { "id" } else { segment }).collect();
        let without = without.join("/");
        let plain = without.strip_suffix('/').unwrap_or(&without);
        (text.starts_with('/') && keys <= 1 && is_plain_path(plain)).then(|| Self(text.to_owned()))
    }
}

/// An HTTP method for a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method(pub(crate) &'static str);

words! {
    Method: "phương thức HTTP", "an HTTP method",
    "GET" => Method("GET"), "POST" => Method("POST"), "PUT" => Method("PUT"), "PATCH" => Method("PATCH"),
    "DELETE" => Method("DELETE"),
}

/// Where a secret or a certificate is kept; the documents never hold one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A file, relative to the gateway's settings unless absolute.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

impl Reference {
    /// Reads `key = { file = "…" }` or `key = { env = "…" }`.
    pub(crate) fn read(parent: &Table<'_>, key: &'static str) -> Option<Self> {
        let table = parent.table(key)?;
        let (file, env) = (table.text("file"), table.text("env"));
        let span = table.span();
        let sheet = table.sheet();
        table.close();
        match (file, env) {
            (Some(file), None) if !file.get_ref().is_empty() => Some(Self::File(file.into_inner().into())),
            (None, Some(env)) if !env.get_ref().is_empty() => Some(Self::Env(env.into_inner())),
            _ => {
                sheet.fault(
                    span,
                    "bad-reference",
                    both(
                        format!("`{key}` phải chỉ đúng một nơi cất: `file` hoặc `env`"),
                        format!("`{key}` must name exactly one place: `file` or `env`"),
                    ),
                    both(
                        format!(
                            "Viết `{key} = {{ file = \"…\" }}`; không bao giờ viết nội dung bí mật vào đây"
                        ),
                        format!("Write `{key} = {{ file = \"…\" }}`; never write the secret itself here"),
                    ),
                );
                None
            }
        }
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_have_units() {
        assert_eq!(Length::spelled("500ms"), Some(Length(Duration::from_millis(500))));
        assert_eq!(Length::spelled("24h"), Some(Length(Duration::from_secs(86_400))));
        assert_eq!(Size::spelled("2GB"), Some(Size(2_000_000_000)));
        assert_eq!(Size::spelled("1MiB"), Some(Size(1_048_576)));
        for bad in ["", "5", "s", "0s", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(Length::spelled(bad), None, "{bad}");
        }
        for bad in ["0B", "1Gb", "MB", "18446744073709551615TB"] {
            assert_eq!(Size::spelled(bad), None, "{bad}");
        }
    }

    #[test]
    fn periods_are_for_people_and_retention_is_iso_8601() {
        assert!(Period::spelled("6 months").is_some() && Period::spelled("P6M").is_none());
        assert!(Retention::spelled("P1Y").is_some() && Retention::spelled("P5Y6M").is_some());
        for bad in ["1Y", "P", "PT5M", "-P1Y", "P0D", "1 year"] {
            assert!(Retention::spelled(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn providers_are_reached_by_tls_only() {
        let address = |text| Url::spelled(text).map(|url| (url.0.host, url.0.port, url.0.base));
        let expected = |host: &str, port, base: &str| Some((host.to_owned(), port, base.to_owned()));
        assert_eq!(address("https://10.0.0.5:8443/ws/nhiem-vu/"), expected("10.0.0.5", 8443, "/ws/nhiem-vu"));
        assert_eq!(address("https://Localhost"), expected("localhost", 443, ""));
        assert_eq!(address("https://[::1]:9443/a"), expected("::1", 9443, "/a"));
        for bad in [
            "http://127.0.0.1:80/",
            "https://",
            "https://host:0",
            "https://host:99999",
            "https://u:p@host/",
            "https://host/a?b",
            "https://host/a#b",
            "https://host/../a",
            "https://host//a",
            "https://host/%2e",
            "https://[::1",
            "https://[x]",
            "https://host:+80",
            "ftp://host",
            "host",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_path_template_has_one_place_for_the_key() {
        for good in ["/", "/{id}", "/a/{id}/rut", "/a/"] {
            assert!(PathTemplate::spelled(good).is_some(), "{good}");
        }
        for bad in ["", "a", "/{id}/{id}", "/{ma}", "/{id}x", "/a?x=1", "/../a", "//", "/a{id}", "/%7Bid%7D"]
        {
            assert!(PathTemplate::spelled(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_revision_is_named_by_its_first_digits() {
        let revision = [0xab; 32];
        for good in ["abababababab", "ABABABABABABAB", &"ab".repeat(32)] {
            assert!(Pin::spelled(good).unwrap().names(&revision), "{good}");
        }
        assert!(!Pin::spelled("bababababababa").unwrap().names(&revision), "from the first digit");
        for bad in ["", "ababababab", "abababababag", &"ab".repeat(33)] {
            assert!(Pin::spelled(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_hash_is_32_bytes() {
        let pin = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015AD";
        assert_eq!(Hex32::spelled(pin).map(|pin| (pin.0[0], pin.0[31])), Some((0xba, 0xad)));
        assert!(Hex32::spelled(&pin[2..]).is_none() && Hex32::spelled(&pin.replace('b', "g")).is_none());
    }
}
