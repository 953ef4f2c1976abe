//! Names of members, systems, services, agreements and purposes.
//!
//! A name is checked once, when it is read, and shared afterwards: cloning one costs a counter. The
//! alphabets are narrow on purpose, so that a name can stand in a path, a file name, a log line and
//! a header without being escaped.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

/// Longest member identifier (QĐ 20/2020/QĐ-TTg: at most 35 characters).
const MEMBER_LENGTH: usize = 35;
/// Longest system, service, purpose or agreement name: a file name with room for its folder.
const NAME_LENGTH: usize = 64;

/// The text is not a name of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name such as `{example}`")]
pub struct NotAName {
    example: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $example:literal, $good:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                if $good(text) { Ok(Self(text.into())) } else { Err(NotAName { example: $example }) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// A member: an agency's code of QĐ 20/2020/QĐ-TTg (`G06`, `H26.01`), or the tax code of an
    /// enterprise.
    MemberId, "H26", is_member
}
name! {
    /// A member's system, the party that connects: `H26/quan-ly-khcn`.
    SystemId, "H26/quan-ly-khcn", is_two_part
}
name! {
    /// A system's offer of a dataset: `G06/nhiem-vu`.
    ServiceId, "G06/nhiem-vu", is_two_part
}
name! {
    /// An agreement: `TT-2026-017`.
    AgreementId, "TT-2026-017", is_agreement
}
name! {
    /// A coded reason: `quan-ly-nhiem-vu`.
    PurposeId, "quan-ly-nhiem-vu", is_kebab
}

impl SystemId {
    /// The member that owns the system.
    pub fn member(&self) -> &str {
        halves(&self.0).0
    }

    /// The system's own name.
    pub fn system(&self) -> &str {
        halves(&self.0).1
    }
}

impl ServiceId {
    /// The member that offers the service.
    pub fn member(&self) -> &str {
        halves(&self.0).0
    }

    /// The service's own name.
    pub fn service(&self) -> &str {
        halves(&self.0).1
    }
}

fn halves(text: &str) -> (&str, &str) {
    // Construction demands the slash; without one the whole text would be the member.
    text.split_once('/').unwrap_or((text, ""))
}

fn is_member(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.len() <= MEMBER_LENGTH
        && text.bytes().all(good)
        && edge(text.bytes().next())
        && edge(text.bytes().next_back())
        && !text.contains("..")
}

fn is_two_part(text: &str) -> bool {
    text.split_once('/').is_some_and(|(member, name)| is_member(member) && is_kebab(name))
}

fn is_kebab(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty()
        && text.len() <= NAME_LENGTH
        && text.bytes().all(good)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_agreement(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
    !text.is_empty()
        && text.len() <= NAME_LENGTH
        && text.bytes().all(good)
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_codes_of_agencies_or_taxpayers() {
        for good in ["G06", "H26", "H26.01.02", "000.00.00.G06", "0314409058-002"] {
            assert!(good.parse::<MemberId>().is_ok(), "{good}");
        }
        for bad in ["", "h26", "H26/", "H26..1", ".H26", "H26.", "H 26", &"A".repeat(36), "Đ26"] {
            assert!(bad.parse::<MemberId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_system_is_a_member_and_a_name() {
        let system: SystemId = "H26/quan-ly-khcn".parse().unwrap();
        assert_eq!((system.member(), system.system()), ("H26", "quan-ly-khcn"));
        for bad in ["H26", "H26/", "/x", "H26/x/y", "H26/X", "H26/-x", "H26/x y"] {
            assert!(bad.parse::<SystemId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn agreements_and_purposes_can_be_file_names() {
        assert!("TT-2026-017".parse::<AgreementId>().is_ok());
        assert!("../etc".parse::<AgreementId>().is_err());
        assert!(".hidden".parse::<AgreementId>().is_err());
        assert!("a/b".parse::<AgreementId>().is_err());
        assert!("quan-ly-nhiem-vu".parse::<PurposeId>().is_ok());
        assert!("Quan-ly".parse::<PurposeId>().is_err());
    }
}
