//! Whom an exchange was about, without saying who.

use ring::hmac;

/// The key under which subjects' identifiers are hashed. A key of its own, so that neither a
/// pseudonym in a release nor another installation's journal can be matched with this one.
pub struct SubjectKey(hmac::Key);

impl SubjectKey {
    /// The shortest key accepted, in bytes: the width of the hash (RFC 2104, section 3).
    pub const SHORTEST: usize = 32;

    /// The key of these bytes; `None` when there are fewer than [`SubjectKey::SHORTEST`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= Self::SHORTEST).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// HMAC-SHA256 of an identifier, as the journal keeps it. Spaces around it do not count.
    pub fn of(&self, identifier: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.0, identifier.trim().as_bytes());
        let mut subject = [0; 32];
        // SHA-256's tag has 32 bytes; zip keeps that from being a claim that could panic.
        for (to, from) in subject.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        subject
    }
}

#[cfg(test)]
mod tests {
    use super::SubjectKey;

    #[test]
    fn a_subject_is_found_again_under_its_key_only() {
        let ours = SubjectKey::new(&[7; 32]).unwrap();
        let theirs = SubjectKey::new(&[8; 32]).unwrap();
        // An invented number.
        assert_eq!(ours.of("001099000001"), ours.of(" 001099000001 "));
        assert_ne!(ours.of("001099000001"), ours.of("001099000002"));
        assert_ne!(ours.of("001099000001"), theirs.of("001099000001"));
    }

    #[test]
    fn agrees_with_rfc_4231_case_6() {
        let key = SubjectKey::new(&[0xaa; 131]).unwrap();
        let tag = key.of("Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(tag[..4], [0x60, 0xe4, 0x31, 0x59]);
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(SubjectKey::new(&[1; 31]).is_none());
    }
}
