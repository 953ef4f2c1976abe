//! Messages written: an envelope around what others write, and faults.

use super::{FaultCode, Version};
use crate::xml::escape;

/// How a document of its own begins; inside an envelope it has no declaration.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Appends an envelope whose header blocks and body are written by `header` and `body`. When no block
/// is written, there is no header.
pub fn write(
    version: Version,
    out: &mut Vec<u8>,
    header: impl FnOnce(&mut Vec<u8>),
    body: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(DECLARATION);
    out.extend_from_slice(b"<soapenv:Envelope xmlns:soapenv=\"");
    out.extend_from_slice(version.namespace().as_bytes());
    out.extend_from_slice(b"\">");
    const START: &[u8] = b"<soapenv:Header>";
    let before = out.len();
    out.extend_from_slice(START);
    header(out);
    if out.len() == before + START.len() {
        out.truncate(before);
    } else {
        out.extend_from_slice(b"</soapenv:Header>");
    }
    out.extend_from_slice(b"<soapenv:Body>");
    body(out);
    out.extend_from_slice(b"</soapenv:Body></soapenv:Envelope>");
}

/// Appends a fault: `reason` in `language` (`vi`), and in the detail `problem`, an XML document.
pub fn write_fault(
    version: Version,
    code: FaultCode,
    reason: &str,
    language: &str,
    problem: &[u8],
    out: &mut Vec<u8>,
) {
    let problem = embedded(problem);
    let code = code.name(version);
    write(
        version,
        out,
        |_| (),
        |out| {
            let mut text = |text: &str| out.extend_from_slice(text.as_bytes());
            text("<soapenv:Fault>");
            match version {
                Version::V1_1 => {
                    text(&format!(
                        "<faultcode>soapenv:{code}</faultcode><faultstring xml:lang=\"{language}\">"
                    ));
                    escape::text(reason, out);
                    out.extend_from_slice(b"</faultstring><detail>");
                    out.extend_from_slice(problem);
                    out.extend_from_slice(b"</detail>");
                }
                Version::V1_2 => {
                    text(&format!(
                        "<soapenv:Code><soapenv:Value>soapenv:{code}</soapenv:Value></soapenv:Code>"
                    ));
                    text(&format!("<soapenv:Reason><soapenv:Text xml:lang=\"{language}\">"));
                    escape::text(reason, out);
                    out.extend_from_slice(b"</soapenv:Text></soapenv:Reason><soapenv:Detail>");
                    out.extend_from_slice(problem);
                    out.extend_from_slice(b"</soapenv:Detail>");
                }
            }
            out.extend_from_slice(b"</soapenv:Fault>");
        },
    );
}

/// Appends an element called `name` in `namespace`, which is the default inside it, around what `content`
/// writes.
pub fn write_wrapper(namespace: &str, name: &str, out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b" xmlns=\"");
    escape::attribute(namespace, out);
    out.extend_from_slice(b"\">");
    content(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// Appends an element of the default namespace that holds text.
pub fn write_text(name: &str, text: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    escape::text(text, out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// A document as it stands inside another.
pub fn embedded(document: &[u8]) -> &[u8] {
    document.strip_prefix(DECLARATION).unwrap_or(document)
}
