//! Members and their systems, compiled.

use std::{net::IpAddr, sync::Arc};

use contracts::{Bilingual, Encoding};

use crate::{MemberId, MemberKey, SystemId, calendar::Dates, written::words};

/// An agency, enterprise or body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// Its identifier.
    pub id: MemberId,
    /// What it is called.
    pub name: Bilingual,
    /// What it is.
    pub kind: MemberKind,
    /// Its province, by the code in force, for a province.
    pub province: Option<Arc<str>>,
    /// Its names in other systems, by system (`xroad`, `qcvn102`).
    pub aliases: Vec<(String, String)>,
    /// The days on which it exists.
    pub valid: Dates,
    /// Who took over its work.
    pub successor: Option<MemberId>,
    /// Functional addresses, never journalled: role and unit.
    pub contacts: Vec<(ContactRole, String)>,
}

impl Member {
    /// Its name in another system, such as `xroad`.
    pub fn alias(&self, system: &str) -> Option<&str> {
        self.aliases.iter().find(|(known, _)| known == system).map(|(_, alias)| alias.as_str())
    }
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A ministry or a body of its rank.
    Ministry,
    /// A province or city under the central government.
    Province,
    /// A unit of a ministry or province.
    Unit,
    /// An enterprise.
    Enterprise,
    /// An institute or university.
    Institute,
    /// The public, such as the open-data portal.
    Public,
}

words! {
    MemberKind: "loại thành viên", "a kind of member",
    "ministry" => Self::Ministry, "province" => Self::Province, "unit" => Self::Unit,
    "enterprise" => Self::Enterprise, "institute" => Self::Institute, "public" => Self::Public,
}

/// What a contact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactRole {
    /// Đầu mối phối hợp.
    Liaison,
    /// Kỹ thuật.
    Technical,
    /// An toàn thông tin.
    Security,
    /// Bảo vệ dữ liệu cá nhân.
    DataProtection,
}

words! {
    ContactRole: "vai trò đầu mối", "a contact's role",
    "dau-moi" => Self::Liaison, "ky-thuat" => Self::Technical, "an-toan" => Self::Security,
    "bao-ve-du-lieu" => Self::DataProtection,
}

/// A member's software, the party that connects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct System {
    /// Its name.
    pub id: SystemId,
    /// The member that answers for it.
    pub member: MemberKey,
    /// The environment its certificates are good for.
    pub environment: Arc<str>,
    /// The approved security level, 1 to 5.
    pub security_level: Option<u8>,
    /// The encoding of the text that it writes, besides UTF-8, which any system may write.
    pub encoding: Encoding,
    /// Where it may connect from; empty for anywhere.
    pub allowed_ips: Vec<Network>,
    /// The members it may speak for.
    pub relays_for: Vec<MemberKey>,
}

impl System {
    /// Whether it may connect from `address`. An IPv4 address seen through an IPv6 socket counts as
    /// the IPv4 address.
    pub fn may_connect_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed_ips.is_empty() || self.allowed_ips.iter().any(|network| network.contains(address))
    }
}

/// An IP address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// Whether `address` belongs to it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            let ignored = width.saturating_sub(u32::from(self.prefix));
            // A shift by the whole width is not defined: no bit counts then.
            ignored >= width || (a ^ b) >> ignored == 0
        };
        match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
            _ => false,
        }
    }
}

/// What a certificate says of itself; made by whoever verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The issuer's name in the form of RFC 4514.
    pub issuer: String,
    /// The serial number in lower-case hexadecimal.
    pub serial: String,
    /// SHA-256 of the subject's public key info.
    pub spki_sha256: [u8; 32],
    /// URIs of the subject's alternative names.
    pub san_uris: Vec<String>,
    /// DNS names of the subject's alternative names.
    pub san_dns: Vec<String>,
    /// The last moment of its validity.
    pub not_after: jiff::Timestamp,
    /// SHA-256 of the certificate.
    pub fingerprint_sha256: [u8; 32],
}

/// A serial number as it is compared: lower case, without colons or leading zeros.
pub(crate) fn plain_serial(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let digits = digits.to_ascii_lowercase();
    match digits.trim_start_matches('0') {
        "" if !digits.is_empty() => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

/// An issuer's name as it is compared: the RFC 4514 form without spaces around separators and with
/// attribute types in upper case, because tools differ in both.
pub(crate) fn plain_issuer(text: &str) -> String {
    let mut parts = Vec::new();
    let (mut part, mut escaped) = (String::new(), false);
    for c in text.chars() {
        if c == ',' && !escaped {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(part);
    let plain = |part: &String| match part.split_once('=') {
        Some((kind, value)) => format!("{}={}", kind.trim().to_ascii_uppercase(), value.trim()),
        None => part.trim().to_owned(),
    };
    parts.iter().map(plain).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str, prefix: u8) -> Network {
        Network { address: address.parse().unwrap(), prefix }
    }

    #[test]
    fn a_network_holds_what_shares_its_leading_bits() {
        let held = |address, prefix, asked: &str| network(address, prefix).contains(asked.parse().unwrap());
        assert!(held("10.1.0.0", 16, "10.1.255.255") && !held("10.1.0.0", 16, "10.2.0.0"));
        assert!(held("10.1.2.3", 32, "10.1.2.3") && !held("10.1.2.3", 32, "10.1.2.2"));
        assert!(held("0.0.0.0", 0, "203.0.113.9") && !held("0.0.0.0", 0, "::1"));
        assert!(held("2001:db8::", 32, "2001:db8:1::1") && !held("2001:db8::", 32, "2001:db9::1"));
        assert!(held("::", 0, "2001:db8::1"));
    }

    #[test]
    fn issuers_are_compared_without_the_habits_of_tools() {
        assert_eq!(plain_issuer("cn = CA một, O=Bộ\\, Cục,C=VN"), "CN=CA một,O=Bộ\\, Cục,C=VN");
        assert_ne!(plain_issuer("CN=a\\,O=b"), plain_issuer("CN=a,O=b"));
    }

    #[test]
    fn serials_are_compared_as_numbers() {
        assert_eq!(plain_serial("00:AB"), "ab");
        assert_eq!(plain_serial("00"), "0");
    }
}
