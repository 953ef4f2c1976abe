//! Whose request it is: the authority named by `Host`, `:authority` or an absolute target.

use super::HygieneFault;

/// The longest authority looked at: a DNS name of 253 bytes and a port.
const LONGEST: usize = 260;

/// The authorities that are ours, in lower case.
#[derive(Clone, Debug)]
pub(super) struct Authorities(Vec<Box<str>>);

impl Authorities {
    pub(super) fn new(list: &[String]) -> Self {
        Self(list.iter().map(|authority| authority.to_ascii_lowercase().into_boxed_str()).collect())
    }

    /// Checks that `authority` is one, and ours.
    pub(super) fn check(&self, authority: &[u8]) -> Result<(), HygieneFault> {
        if self.0.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(authority)) {
            return Ok(());
        }
        let is_one = (1..=LONGEST).contains(&authority.len());
        match is_one && authority.iter().all(|byte| is_authority_byte(*byte)) {
            true => Err(HygieneFault::Misdirected),
            false => Err(HygieneFault::Authority),
        }
    }
}

/// Names, IPv4 and bracketed IPv6 addresses and ports. No `@`: user information is how an authority
/// is disguised. No escapes.
fn is_authority_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ours_in_any_case() {
        let ours =
            Authorities::new(&["cong.example.vn".into(), "localhost:8443".into(), "[::1]:8443".into()]);
        for good in ["cong.example.vn", "CONG.example.VN", "localhost:8443", "[::1]:8443"] {
            assert_eq!(ours.check(good.as_bytes()), Ok(()), "{good}");
        }
        for (bad, fault) in [
            ("cong.example.vn.", HygieneFault::Misdirected),
            ("localhost", HygieneFault::Misdirected),
            ("khac.example.vn", HygieneFault::Misdirected),
            ("ai@cong.example.vn", HygieneFault::Authority),
            ("cong.example.vn/", HygieneFault::Authority),
            ("cong.example.vn cong.example.vn", HygieneFault::Authority),
            ("", HygieneFault::Authority),
        ] {
            assert_eq!(ours.check(bad.as_bytes()), Err(fault), "{bad}");
        }
        assert_eq!(ours.check(b"c\xc3\xb4ng.vn"), Err(HygieneFault::Authority));
        assert_eq!(ours.check(&[b'a'; 300]), Err(HygieneFault::Authority));
    }
}
