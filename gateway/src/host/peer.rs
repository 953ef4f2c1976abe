//! Who is at the other end, as its certificate says.

use std::{
    any::Any,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use policies::CertificateFacts;
use ring::digest;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Name};

use super::pki::RevocationFault;

/// A client certificate that cannot be read. rustls verifies chains without reading all of what
/// names a system, so a certificate may be trusted and still unreadable; it is refused then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Not DER of an X.509 certificate.
    #[error("not an X.509 certificate")]
    Malformed,
    /// An extension that names the system cannot be read.
    #[error("unreadable subject alternative name")]
    AlternativeName,
}

/// The far end of a connection: its certificate, read once when the handshake is over.
#[derive(Debug)]
pub struct Peer {
    /// What a system is recognised by.
    pub facts: CertificateFacts,
    /// What the application remembers about this peer.
    pub slot: Slot,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) standing: Standing,
}

impl Peer {
    /// Reads the chain as presented, end entity first.
    pub(super) fn read(chain: Vec<CertificateDer<'static>>) -> Result<Self, CertificateFault> {
        let leaf = chain.first().ok_or(CertificateFault::Malformed)?;
        let facts = facts(leaf)?;
        Ok(Self { facts, slot: Slot::default(), chain, standing: Standing::default() })
    }
}

/// One value that the application derives from a peer and keeps until its own generation (of
/// documents, say) changes: who this certificate is in the present register.
#[derive(Default)]
pub struct Slot(Mutex<Option<(u64, Box<dyn Any + Send>)>>);

impl Slot {
    /// The value kept under `generation`, if that is what is kept.
    pub fn recall<T: Copy + Send + 'static>(&self, generation: u64) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == generation)?.1.downcast_ref().copied()
    }

    /// Keeps `value` under `generation`, instead of whatever was kept.
    pub fn keep<T: Copy + Send + 'static>(&self, generation: u64, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, Box::new(value)));
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Slot")
    }
}

/// The last verdict on a peer's chain, so that asking again on every request costs one load.
///
/// `good` packs the PKI generation (upper half) and the second until which the verdict holds
/// (lower half; Unix time in 32 bits lasts until 2106).
#[derive(Debug, Default)]
pub(super) struct Standing {
    good: AtomicU64,
    bad: Mutex<Option<(u32, RevocationFault)>>,
}

impl Standing {
    /// Whether the chain was found good under `generation` and `second` is not past that verdict.
    pub(super) fn is_good(&self, generation: u32, second: u32) -> bool {
        let packed = self.good.load(Ordering::Relaxed);
        packed >> 32 == u64::from(generation) && (packed & u64::from(u32::MAX)) > u64::from(second)
    }

    pub(super) fn found_good(&self, generation: u32, until: u32) {
        self.good.store(u64::from(generation) << 32 | u64::from(until), Ordering::Relaxed);
    }

    /// The fault found under `generation`, if one was. No fault heals within a generation.
    pub(super) fn fault(&self, generation: u32) -> Option<RevocationFault> {
        let bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        bad.filter(|(of, _)| *of == generation).map(|(_, fault)| fault)
    }

    pub(super) fn found_bad(&self, generation: u32, fault: RevocationFault) {
        self.good.store(0, Ordering::Relaxed);
        *self.bad.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, fault));
    }
}

/// Reads what a system can be recognised by.
pub(super) fn facts(der: &CertificateDer<'_>) -> Result<CertificateFacts, CertificateFault> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateFault::Malformed)?;
    if !rest.is_empty() {
        return Err(CertificateFault::Malformed);
    }
    let mut san_uris = Vec::new();
    let mut san_dns = Vec::new();
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    match name {
                        GeneralName::URI(uri) => san_uris.push((*uri).to_owned()),
                        GeneralName::DNSName(dns) => san_dns.push(dns.to_ascii_lowercase()),
                        GeneralName::Invalid(..) => return Err(CertificateFault::AlternativeName),
                        _ => {}
                    }
                }
            }
            ParsedExtension::ParseError { .. } => return Err(CertificateFault::AlternativeName),
            _ => {}
        }
    }
    let not_after = jiff::Timestamp::from_second(certificate.validity().not_after.timestamp())
        .map_err(|_| CertificateFault::Malformed)?;
    Ok(CertificateFacts {
        issuer: rfc4514(certificate.issuer()),
        serial: serial(certificate.raw_serial()),
        spki_sha256: sha256(certificate.public_key().raw),
        san_uris,
        san_dns,
        not_after,
        fingerprint_sha256: sha256(der),
    })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Lower-case hexadecimal of the whole octets, without the sign octet that DER puts before a high first bit.
pub(super) fn serial(raw: &[u8]) -> String {
    let significant = match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        whole => whole,
    };
    hex(significant)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A distinguished name as RFC 4514 section 2 writes it: last part first, `,` between parts, `+`
/// between the values of one part, special characters escaped; a type without a short name in the
/// RFC's table, or a value that is not text, in the dotted `#hex` form.
pub(super) fn rfc4514(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in name.iter_rdn() {
        let values: Vec<String> = part
            .iter()
            .map(|attribute| {
                let oid = attribute.attr_type().to_id_string();
                match (short_name(&oid), attribute.as_str()) {
                    (Some(short), Ok(text)) => format!("{short}={}", escape(text)),
                    _ => format!("{oid}=#{}", hex(&der_of(attribute.attr_value()))),
                }
            })
            .collect();
        parts.push(values.join("+"));
    }
    parts.reverse();
    parts.join(",")
}

fn der_of(value: &x509_parser::der_parser::asn1_rs::Any<'_>) -> Vec<u8> {
    use x509_parser::der_parser::asn1_rs::ToDer;
    value.to_der_vec().unwrap_or_else(|_| value.data.to_vec())
}

/// The table of RFC 4514 section 3, and `serialNumber` and `organizationIdentifier`, by which
/// Vietnamese authorities name agencies.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.6" => "C",
        "2.5.4.9" => "STREET",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        _ => return None,
    })
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (index, character) in text.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0' => out.push_str("\\00"),
            ' ' if index == 0 || index == last => out.push_str("\\ "),
            '#' if index == 0 => out.push_str("\\#"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DER of one tag and its content.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, u8::try_from(content.len()).unwrap()];
        out.extend_from_slice(content);
        out
    }

    /// One attribute: the last arcs of an OID below 2.5.4, a string tag, a text.
    fn attribute(oid: &[u8], tag: u8, text: &[u8]) -> Vec<u8> {
        der(0x30, &[der(6, oid), der(tag, text)].concat())
    }

    fn written(parts: &[Vec<Vec<u8>>]) -> String {
        let sets: Vec<u8> = parts.iter().flat_map(|values| der(0x31, &values.concat())).collect();
        let name = der(0x30, &sets);
        rfc4514(&X509Name::from_der(&name).unwrap().1)
    }

    const UTF8: u8 = 12;

    #[test]
    fn names_are_written_last_part_first_and_escaped() {
        let cn = |text: &str| attribute(&[0x55, 4, 3], UTF8, text.as_bytes());
        let country = attribute(&[0x55, 4, 6], 19, b"VN");
        assert_eq!(written(&[vec![country.clone()], vec![cn("Gốc")]]), "CN=Gốc,C=VN");
        assert_eq!(written(&[vec![cn("a,b+c\"d\\e;f<g>")]]), "CN=a\\,b\\+c\\\"d\\\\e\\;f\\<g\\>");
        assert_eq!(written(&[vec![cn(" a b ")]]), "CN=\\ a b\\ ");
        assert_eq!(written(&[vec![cn("#1#")]]), "CN=\\#1#");
        assert_eq!(written(&[vec![country, cn("a")]]), "C=VN+CN=a");
        assert_eq!(written(&[]), "");
        let identifier = attribute(&[0x55, 4, 97], UTF8, b"G06");
        assert_eq!(written(&[vec![identifier]]), "2.5.4.97=#0c03473036");
    }

    #[test]
    fn serial_numbers_have_no_sign_octet() {
        assert_eq!(serial(&[0, 0xff, 1]), "ff01");
        assert_eq!(serial(&[1, 0]), "0100");
        assert_eq!(serial(&[0]), "00");
    }

    #[test]
    fn a_slot_forgets_with_its_generation() {
        let slot = Slot::default();
        assert_eq!(slot.recall::<u32>(1), None);
        slot.keep(1, 7_u32);
        assert_eq!(slot.recall::<u32>(1), Some(7));
        assert_eq!(slot.recall::<u64>(1), None, "another type is nothing kept");
        assert_eq!(slot.recall::<u32>(2), None);
        slot.keep(2, 8_u32);
        assert_eq!(slot.recall::<u32>(1), None);
    }

    #[test]
    fn a_good_standing_ends_in_time_and_with_its_generation() {
        let standing = Standing::default();
        assert!(!standing.is_good(0, 0) && !standing.is_good(1, 0));
        standing.found_good(3, 100);
        assert!(standing.is_good(3, 99) && !standing.is_good(3, 100) && !standing.is_good(4, 0));
        standing.found_bad(4, RevocationFault::Revoked);
        assert!(!standing.is_good(3, 0));
        assert_eq!((standing.fault(4), standing.fault(5)), (Some(RevocationFault::Revoked), None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = facts(&CertificateDer::from(bytes));
        }
    }
}
