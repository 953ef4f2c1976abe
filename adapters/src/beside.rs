//! A translation and the document that it was made from, as one body: `multipart/related` (RFC 2387).
//!
//! A document that bears a signature cannot be translated and stay signed, so who is to have both gets two
//! parts: first, as the root, the translation; then the document as it came, byte for byte. Parts carry
//! nothing but their type, and the second says that it is the original by its `Content-ID`.
//!
//! The boundary is a digest of what stands between: nobody can write a document that holds its own digest,
//! so that no document can end its part early and begin another.

use ring::digest::{Context, SHA256};

/// The `Content-ID` of the document as it came, without the angle brackets.
pub const ORIGINAL: &str = "nguyen-ban";

/// Bytes of the digest in a boundary, two digits each: 128 bits cannot be aimed at, and RFC 2046 allows 70
/// characters.
const BOUNDARY: usize = 16;

/// A translation beside its original.
#[derive(Debug)]
pub struct Beside {
    /// The `Content-Type`, with the boundary.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Puts `translation` and `original`, each with its media type, into one body.
pub fn beside((media, translation): (&str, &[u8]), (original_media, original): (&str, &[u8])) -> Beside {
    let mut digest = Context::new(&SHA256);
    digest.update(translation);
    digest.update(original);
    let digest = digest.finish();
    let boundary: String = digest.as_ref().iter().take(BOUNDARY).map(|byte| format!("{byte:02x}")).collect();
    let mut body = Vec::with_capacity(translation.len() + original.len() + 512);
    body.extend_from_slice(format!("--{boundary}\r\nContent-Type: {media}\r\n\r\n").as_bytes());
    body.extend_from_slice(translation);
    let second = format!(
        "\r\n--{boundary}\r\nContent-Type: {original_media}\r\nContent-ID: <{ORIGINAL}>\r\nContent-Disposition: attachment\r\n\r\n"
    );
    body.extend_from_slice(second.as_bytes());
    body.extend_from_slice(original);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Beside { content_type: format!("multipart/related; boundary={boundary}; type=\"{media}\""), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_found_again_byte_for_byte() {
        let original = "\u{FEFF}<a>\r\n--x--\r\n</a>\r\n".as_bytes();
        let made = beside(("application/json", b"{}"), ("application/xml", original));
        let boundary = made.content_type.split("boundary=").nth(1).unwrap().split(';').next().unwrap();
        assert_eq!(
            made.content_type,
            format!("multipart/related; boundary={boundary}; type=\"application/json\"")
        );
        let text = String::from_utf8(made.body).unwrap();
        let parts: Vec<_> = text.split(&format!("--{boundary}")).collect();
        assert_eq!(parts.len(), 4);
        assert_eq!(parts[1], "\r\nContent-Type: application/json\r\n\r\n{}\r\n");
        let (head, body) = parts[2].split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Content-Type: application/xml") && head.contains("Content-ID: <nguyen-ban>"));
        assert_eq!(body.strip_suffix("\r\n").unwrap().as_bytes(), original);
        assert_eq!((parts[0], parts[3]), ("", "--\r\n"));
    }

    #[test]
    fn a_document_that_was_told_the_boundary_gets_another() {
        let of = |original: &[u8]| beside(("a/b", b"x"), ("c/d", original)).content_type;
        let first = of(b"y");
        let boundary = first.split("boundary=").nth(1).unwrap().split(';').next().unwrap().to_owned();
        assert!(!of(format!("y--{boundary}--").as_bytes()).contains(&boundary));
    }
}
