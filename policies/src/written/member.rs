//! `members/<id>.toml` as written.

use std::{net::IpAddr, path::Path};

use contracts::{Bilingual, Encoding};
use toml::Spanned;

use super::{Hex32, Sheet, Spelled, Table, both};
use crate::{
    MemberId, SystemId,
    calendar::Dates,
    member::{ContactRole, MemberKind, Network},
};

/// A member's document.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: Spanned<MemberId>,
    pub(crate) name: Bilingual,
    pub(crate) kind: Spanned<MemberKind>,
    pub(crate) province: Option<Spanned<String>>,
    pub(crate) aliases: Vec<(String, String)>,
    pub(crate) valid: Dates,
    pub(crate) successor: Option<Spanned<MemberId>>,
    pub(crate) contacts: Vec<(ContactRole, String)>,
    pub(crate) systems: Vec<System>,
}

/// One of its systems.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) id: Spanned<SystemId>,
    pub(crate) environment: Spanned<String>,
    pub(crate) security_level: Option<u8>,
    pub(crate) encoding: Encoding,
    pub(crate) certificates: Vec<Spanned<Certificate>>,
    pub(crate) allowed_ips: Vec<Network>,
    pub(crate) relays_for: Vec<Spanned<MemberId>>,
}

/// One way to recognise a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Certificate {
    Issued { issuer: String, serial: String },
    Key([u8; 32]),
    Uri(String),
    Dns(String),
}

impl Member {
    /// Reads a member's document; `None` when it lacks what makes it one.
    pub(crate) fn read(sheet: &Sheet<'_>) -> Option<Self> {
        let tree = sheet.parse()?;
        let table = Table::root(sheet, &tree);
        let id = table.required("id", table.value::<MemberId>("id"));
        named_by_file(sheet, "members", id.as_ref().map(|id| (id.get_ref().as_str(), id.span())));
        let name = table.required("name", table.bilingual("name"));
        let kind = table.required("kind", table.value("kind"));
        let province = table.text("province");
        let aliases = table.table("aliases").map(|aliases| {
            let read = aliases
                .named()
                .filter_map(|(key, value)| {
                    let alias: Spanned<Alias> = value.value(key.get_ref())?;
                    Some((key.into_inner(), alias.into_inner().0))
                })
                .collect();
            // Aliases have names of their own choosing: none is unknown.
            read
        });
        let valid = dates(&table, "valid");
        let successor = table.value("successor");
        let contacts = table.tables("contacts").unwrap_or_default();
        let contacts = contacts.into_iter().filter_map(contact).collect();
        let member = id.as_ref().map(|id| id.get_ref().clone());
        let systems = table.tables("systems").unwrap_or_default();
        let systems =
            systems.into_iter().filter_map(|system| System::read(system, member.as_ref())).collect();
        table.close();
        Some(Self {
            id: id?,
            name: name?,
            kind: kind?,
            province,
            aliases: aliases.unwrap_or_default(),
            valid,
            successor,
            contacts,
            systems,
        })
    }
}

impl System {
    fn read(table: Table<'_>, member: Option<&MemberId>) -> Option<Self> {
        let sheet = table.sheet();
        let name = table.required("id", table.text("id"));
        let environment = table.required("environment", table.value::<Environment>("environment"));
        let security_level = table.integer("security_level").and_then(|level| {
            let known = u8::try_from(*level.get_ref()).ok().filter(|level| (1..=5).contains(level));
            if known.is_none() {
                sheet.fault(
                    level.span(),
                    "bad-number",
                    both("cấp độ an toàn phải từ 1 đến 5", "the security level must be from 1 to 5"),
                    both("Ghi cấp độ đã được phê duyệt", "Write the approved level"),
                );
            }
            known
        });
        let encoding = table.value::<Encoding>("encoding").map(Spanned::into_inner).unwrap_or_default();
        let certificates = table.tables("certificates").unwrap_or_default();
        let certificates = certificates.into_iter().filter_map(Certificate::read).collect();
        let allowed_ips = table.values::<Network>("allowed_ips").unwrap_or_default();
        let relays_for = table.values("relays_for").unwrap_or_default();
        table.close();
        let (member, name) = (member?, name?);
        let Ok(id) = format!("{member}/{}", name.get_ref()).parse() else {
            sheet.fault(
                name.span(),
                "bad-value",
                both(
                    "tên hệ thống phải gồm chữ thường không dấu, số và gạch nối",
                    "a system's name must be unaccented lower case, digits and hyphens",
                ),
                both("Viết lại, ví dụ `quan-ly-khcn`", "Rewrite it, for instance `quan-ly-khcn`"),
            );
            return None;
        };
        Some(Self {
            id: Spanned::new(name.span(), id),
            environment: Spanned::new(name.span(), environment?.into_inner().0),
            security_level,
            encoding,
            certificates,
            allowed_ips: allowed_ips.into_iter().map(Spanned::into_inner).collect(),
            relays_for,
        })
    }
}

impl Certificate {
    fn read(table: Table<'_>) -> Option<Spanned<Self>> {
        let (issuer, serial) = (table.text("issuer"), table.value::<Serial>("serial"));
        let key = table.value::<Hex32>("spki_sha256");
        let (uri, dns) = (table.value::<Uri>("san_uri"), table.value::<Host>("san_dns"));
        let (span, sheet) = (table.span(), table.sheet());
        table.close();
        let found = match (issuer, serial, key, uri, dns) {
            (Some(issuer), Some(serial), None, None, None) => Self::Issued {
                issuer: crate::member::plain_issuer(issuer.get_ref()),
                serial: serial.into_inner().0,
            },
            (None, None, Some(key), None, None) => Self::Key(key.into_inner().0),
            (None, None, None, Some(uri), None) => Self::Uri(uri.into_inner().0),
            (None, None, None, None, Some(dns)) => Self::Dns(dns.into_inner().0),
            _ => {
                sheet.fault(
                    span,
                    "bad-certificate",
                    both(
                        "mỗi chứng thư được nhận ra theo đúng một cách: `issuer` cùng `serial`, `spki_sha256`, `san_uri` hoặc `san_dns`",
                        "a certificate is recognised in exactly one way: `issuer` with `serial`, `spki_sha256`, `san_uri` or `san_dns`",
                    ),
                    both("Giữ lại một cách; thêm mục khác cho cách khác", "Keep one way; add another entry for another way"),
                );
                return None;
            }
        };
        Some(Spanned::new(span, found))
    }
}

struct Alias(String);

impl Spelled for Alias {
    const EXPECTED: (&'static str, &'static str) =
        ("tên gọi khác, không để trống", "another name, not empty");

    fn spelled(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }
}

struct Environment(String);

impl Spelled for Environment {
    const EXPECTED: (&'static str, &'static str) =
        ("môi trường như `production` hoặc `test`", "an environment such as `production` or `test`");

    fn spelled(text: &str) -> Option<Self> {
        let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        good.then(|| Self(text.to_owned()))
    }
}

struct Serial(String);

impl Spelled for Serial {
    const EXPECTED: (&'static str, &'static str) =
        ("số sê-ri thập lục phân như `0a:1b:2c`", "a serial number in hexadecimal such as `0a:1b:2c`");

    fn spelled(text: &str) -> Option<Self> {
        let plain = crate::member::plain_serial(text);
        (!plain.is_empty() && plain.bytes().all(|b| b.is_ascii_hexdigit())).then_some(Self(plain))
    }
}

struct Uri(String);

impl Spelled for Uri {
    const EXPECTED: (&'static str, &'static str) = (
        "URI trong SAN như `urn:lienthong:H26:quan-ly-khcn`",
        "a URI of the SAN such as `urn:lienthong:H26:quan-ly-khcn`",
    );

    fn spelled(text: &str) -> Option<Self> {
        let good = text.contains(':') && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
    }
}

struct Host(String);

impl Spelled for Host {
    const EXPECTED: (&'static str, &'static str) =
        ("tên máy đầy đủ trong SAN, không có `*`", "a host name of the SAN, without `*`");

    fn spelled(text: &str) -> Option<Self> {
        super::values::is_host(text).then(|| Self(text.to_ascii_lowercase()))
    }
}

impl Spelled for Network {
    const EXPECTED: (&'static str, &'static str) =
        ("địa chỉ IP hoặc dải như `10.1.0.0/16`", "an IP address or range such as `10.1.0.0/16`");

    fn spelled(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|b| b.is_ascii_digit()) => prefix.parse().ok()?,
            Some(_) => return None,
            None => longest,
        };
        (prefix <= longest).then_some(Self { address, prefix })
    }
}

fn contact(table: Table<'_>) -> Option<(ContactRole, String)> {
    let role = table.required("role", table.value::<ContactRole>("role"));
    let unit = table.required("unit", table.text("unit"));
    let _ = (table.text("email"), table.text("phone"));
    table.close();
    Some((role?.into_inner(), unit?.into_inner()))
}

/// `key = { from = 2026-01-01, until = 2026-12-31 }`, either end open.
pub(super) fn dates(parent: &Table<'_>, key: &'static str) -> Dates {
    let Some(table) = parent.table(key) else { return Dates::default() };
    let (from, until) = (table.date("from"), table.date("until"));
    let (sheet, span) = (table.sheet(), table.span());
    table.close();
    let (from, until) = (from.map(Spanned::into_inner), until.map(Spanned::into_inner));
    if let (Some(first), Some(last)) = (from, until)
        && last < first
    {
        sheet.fault(
            span,
            "bad-dates",
            both(
                format!("`{key}` kết thúc ({last}) trước khi bắt đầu ({first})"),
                format!("`{key}` ends ({last}) before it begins ({first})"),
            ),
            both("Đổi lại hai ngày; cả hai ngày đều được tính", "Correct the dates; both days are included"),
        );
    }
    Dates { from, until }
}

/// A document is found by its file's name, so the two must agree; and since a folder of documents
/// has no folders, no two documents can have one name.
pub(super) fn named_by_file(sheet: &Sheet<'_>, kind: &str, id: Option<(&str, std::ops::Range<usize>)>) {
    let Some((id, span)) = id else { return };
    let (file, expected) = (&sheet.source().file, format!("{kind}/{id}.toml"));
    if file != Path::new(&expected) {
        let file = file.display();
        sheet.fault(
            span,
            "file-name",
            both(
                format!("`id` là `{id}` nhưng tệp là `{file}`"),
                format!("`id` is `{id}` but the file is `{file}`"),
            ),
            both(
                format!("Đổi tên tệp thành `{expected}`, hoặc sửa `id`"),
                format!("Rename the file to `{expected}`, or correct `id`"),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_a_length_that_fits() {
        assert!(Network::spelled("10.1.0.0/16").is_some() && Network::spelled("::1").is_some());
        for bad in ["10.1.0.0/33", "10.1/16", "::/129", "10.0.0.1/", "10.0.0.1/+8"] {
            assert!(Network::spelled(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn serial_numbers_are_compared_without_decoration() {
        assert_eq!(Serial::spelled("00:0A:1b").map(|serial| serial.0), Some("a1b".to_owned()));
        assert!(Serial::spelled("xyz").is_none() && Serial::spelled("").is_none());
    }
}
