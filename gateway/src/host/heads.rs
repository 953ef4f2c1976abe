//! Heads for the engine, and the fields that never leave one connection.

use http::{HeaderName, HeaderValue, StatusCode, header};
use pingora_http::ResponseHeader;

use super::application::Answer;

/// Room for the fields of nearly every answer.
const FIELDS: usize = 12;

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
    let mut head = ResponseHeader::build_no_case(answer.status, Some(FIELDS)).map_err(drop)?;
    for (name, value) in answer.fields.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(drop)?;
        head.append_header(name, HeaderValue::from_bytes(value).map_err(drop)?).map_err(drop)?;
    }
    Ok(head)
}

/// Whether answers of this status have no body by definition (RFC 9110 section 6.4.1).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// RFC 9110 section 7.6.1 and the older ones still seen.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade"
    )
}
