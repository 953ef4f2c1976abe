//! The header fields that are the host's, and those that never leave one connection.

use http::{HeaderName, StatusCode, header};
use pingora_http::ResponseHeader;

use super::application::Answer;

/// An answer's head for the engine, which adds `Date` and what its protocol needs. Fails only on
/// header fields beyond the engine's count, which no answer has.
pub(super) fn answer_head(answer: &Answer) -> Result<Box<ResponseHeader>, ()> {
    let mut head = unframed(answer)?;
    if !is_bodiless(answer.status) {
        head.insert_header(header::CONTENT_LENGTH, answer.body.len()).map_err(drop)?;
    }
    Ok(Box::new(head))
}

/// The same for an answer whose body comes in pieces: HTTP/1.1 frames them as chunks, HTTP/2 itself.
pub(super) fn head_in_pieces(answer: &Answer, chunked: bool) -> Result<Box<ResponseHeader>, ()> {
    let mut head = unframed(answer)?;
    if chunked {
        head.insert_header(header::TRANSFER_ENCODING, "chunked").map_err(drop)?;
    }
    Ok(Box::new(head))
}

fn unframed(answer: &Answer) -> Result<ResponseHeader, ()> {
    let fields = answer.headers.len() + 3;
    let mut head = ResponseHeader::build_no_case(answer.status, Some(fields)).map_err(drop)?;
    for (name, value) in answer.headers.iter().filter(|(name, _)| !is_hosts_own(name)) {
        head.append_header(name.clone(), value.clone()).map_err(drop)?;
    }
    Ok(head)
}

/// Whether answers of this status have no body by definition (RFC 9110 section 6.4.1).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// Fields that belong to one connection or that the host computes; never passed through.
pub(super) fn is_hosts_own(name: &HeaderName) -> bool {
    is_hop_by_hop(name) || *name == header::CONTENT_LENGTH || *name == header::DATE
}

/// RFC 9110 section 7.6.1 and the older ones still seen.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade"
    )
}

/// Writes one field of an HTTP/1.1 head.
pub(super) fn write(wire: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    for part in [titled(name).as_bytes(), b": ", value, b"\r\n"] {
        wire.extend_from_slice(part);
    }
}

/// A field's name as HTTP/1.1 programs have always written it. Names have no case (RFC 9110 section 5.1),
/// but some old servers know the oldest ones by these letters only.
fn titled(name: &HeaderName) -> &str {
    match name.as_str() {
        "accept" => "Accept",
        "accept-encoding" => "Accept-Encoding",
        "allow" => "Allow",
        "cache-control" => "Cache-Control",
        "connection" => "Connection",
        "content-length" => "Content-Length",
        "content-type" => "Content-Type",
        "date" => "Date",
        "etag" => "ETag",
        "host" => "Host",
        "if-match" => "If-Match",
        "link" => "Link",
        "location" => "Location",
        "retry-after" => "Retry-After",
        "transfer-encoding" => "Transfer-Encoding",
        other => other,
    }
}
