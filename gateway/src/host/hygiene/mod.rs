//! What a request must be before anyone looks at what it asks for.
//!
//! A gateway is attacked where two readers of the same bytes disagree: about where a request ends,
//! whom it is for, which path it names. Servers usually repair such requests; here they are refused,
//! with the rule they broke. HTTP/1.1 heads are judged as raw bytes ([`head`]); HTTP/2 heads arrive
//! decoded, and the rules that still apply are judged on the fields ([`Rules::check_fields`]).

mod authority;
mod chunks;
mod fault;
mod head;
mod target;

use http::{HeaderMap, Method, header};

pub use chunks::Chunks;
pub use fault::HygieneFault;
pub use head::{end, is_chunked};

use super::settings::Limits;
use authority::Authorities;

/// The engine takes no more fields than this (pingora's `MAX_HEADERS`); a larger setting has no effect.
const ENGINE_HEADERS: usize = 256;

/// The rules as configured.
#[derive(Clone, Debug)]
pub struct Rules {
    authorities: Authorities,
    headers: usize,
    target_bytes: usize,
}

impl Rules {
    /// For a gateway that answers to `authorities`.
    pub fn new(authorities: &[String], limits: &Limits) -> Self {
        Self {
            authorities: Authorities::new(authorities),
            headers: limits.headers.min(ENGINE_HEADERS),
            target_bytes: limits.target_bytes,
        }
    }

    /// Judges the head of an HTTP/1.1 request, from its first byte to its empty line.
    ///
    /// # Errors
    /// The first rule broken; rules of framing come first.
    pub fn check_head(&self, head: &[u8]) -> Result<(), HygieneFault> {
        head::check(head, self)
    }

    /// Judges an HTTP/2 request by its decoded fields. `authority` is `:authority`, or `host` when
    /// there is none; the engine has refused requests where the two differ.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check_fields(
        &self,
        method: &Method,
        target: &[u8],
        authority: Option<&[u8]>,
        fields: &HeaderMap,
    ) -> Result<(), HygieneFault> {
        if *method == Method::CONNECT {
            return Err(HygieneFault::TargetForm);
        }
        if fields.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
            return Err(HygieneFault::RepeatedLength);
        }
        if fields.contains_key(header::TRANSFER_ENCODING) {
            return Err(HygieneFault::TransferCoding);
        }
        if fields.len() > self.headers {
            return Err(HygieneFault::TooManyHeaders);
        }
        if target.len() > self.target_bytes {
            return Err(HygieneFault::TargetTooLong);
        }
        if target.starts_with(b"//") {
            return Err(HygieneFault::TargetForm);
        }
        self.authorities.check(authority.ok_or(HygieneFault::MissingHost)?)?;
        target::check(std::str::from_utf8(target).map_err(|_| HygieneFault::TargetCharacter)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_its_own_code_and_both_languages() {
        let codes: HashSet<_> = HygieneFault::ALL.iter().map(|fault| fault.rule()).collect();
        assert_eq!(codes.len(), HygieneFault::ALL.len());
        for fault in HygieneFault::ALL {
            let message = fault.message();
            assert!(!message.vi.is_empty() && !message.en.is_empty() && message.vi != message.en);
            assert!(fault.status().is_client_error() || fault == HygieneFault::Version);
        }
    }

    #[test]
    fn what_hides_where_a_request_ends_ends_the_connection() {
        for fault in [
            HygieneFault::LengthAndCoding,
            HygieneFault::RepeatedLength,
            HygieneFault::TransferCoding,
            HygieneFault::Chunk,
            HygieneFault::BareLineEnd,
            HygieneFault::Folded,
            HygieneFault::HeadersTooLarge,
        ] {
            assert!(!fault.framing_is_sound(), "{fault}");
        }
    }

    #[test]
    fn fields_of_http_2_keep_the_same_rules() {
        let rules = Rules::new(
            &["cong.vn".to_owned()],
            &Limits { headers: 2, target_bytes: 16, ..Limits::default() },
        );
        let check =
            |method: Method, target: &str, authority: Option<&str>, fields: &[(&'static str, &str)]| {
                let mut map = HeaderMap::new();
                for (name, value) in fields {
                    map.append(*name, value.parse().unwrap());
                }
                rules.check_fields(&method, target.as_bytes(), authority.map(str::as_bytes), &map)
            };
        let ours = Some("cong.vn");
        assert_eq!(check(Method::GET, "/a?b", ours, &[]), Ok(()));
        assert_eq!(check(Method::CONNECT, "/", ours, &[]), Err(HygieneFault::TargetForm));
        assert_eq!(check(Method::GET, "//a", ours, &[]), Err(HygieneFault::TargetForm));
        assert_eq!(check(Method::GET, "*", ours, &[]), Err(HygieneFault::TargetForm));
        assert_eq!(check(Method::GET, "/", None, &[]), Err(HygieneFault::MissingHost));
        assert_eq!(check(Method::GET, "/", Some("khac.vn"), &[]), Err(HygieneFault::Misdirected));
        assert_eq!(check(Method::GET, "/%2e%2e/", ours, &[]), Err(HygieneFault::DotSegment));
        assert_eq!(check(Method::GET, "/aaaaaaaaaaaaaaaa", ours, &[]), Err(HygieneFault::TargetTooLong));
        let lengths = [("content-length", "1"), ("content-length", "1")];
        assert_eq!(check(Method::POST, "/", ours, &lengths), Err(HygieneFault::RepeatedLength));
        let many = [("a", "1"), ("b", "1"), ("c", "1")];
        assert_eq!(check(Method::GET, "/", ours, &many), Err(HygieneFault::TooManyHeaders));
        let coding = [("transfer-encoding", "chunked")];
        assert_eq!(check(Method::POST, "/", ours, &coding), Err(HygieneFault::TransferCoding));
    }
}
