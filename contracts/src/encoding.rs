//! The encodings in which systems write text.
//!
//! What leaves the gateway is UTF-8 (TCVN 6909:2001, which is ISO/IEC 10646). Systems older than that
//! standard write one of the others; which one is declared for each system and never guessed.

use std::{fmt, str::FromStr};

/// An encoding of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 (RFC 3629).
    #[default]
    Utf8,
    /// UTF-16 with a byte order mark, or of a named byte order (RFC 2781).
    Utf16,
    /// Windows code page 1258: letters, and tones as marks of their own.
    Windows1258,
    /// TCVN 5712:1993, character set VN3, as the ABC fonts have it: a byte to each letter. Its capital
    /// letters with tones were a font, so they are told as small letters.
    Tcvn3,
    /// VNI for Windows: a letter and a byte for what stands above or below it.
    Vni,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 5] = [Self::Utf8, Self::Utf16, Self::Windows1258, Self::Tcvn3, Self::Vni];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Windows1258 => "windows-1258",
            Self::Tcvn3 => "tcvn3",
            Self::Vni => "vni",
        }
    }
}

impl FromStr for Encoding {
    type Err = NotAnEncoding;

    fn from_str(text: &str) -> Result<Self, NotAnEncoding> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == text).ok_or(NotAnEncoding)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text does not name an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an encoding: utf-8, utf-16, windows-1258, tcvn3 or vni")]
pub struct NotAnEncoding;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found_by_its_name() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.as_str().parse(), Ok(encoding));
        }
        assert_eq!("latin-1".parse::<Encoding>(), Err(NotAnEncoding));
    }
}
