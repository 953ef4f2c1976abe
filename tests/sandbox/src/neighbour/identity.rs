//! What the gateway must say about a request: who asks, for what, under which exchange.
//!
//! A provider acts on these headers, so a missing, repeated or misshapen one is refused: whatever a
//! caller managed to smuggle past the gateway would show here.

use super::Received;

/// Checks the identity headers.
///
/// # Errors
/// What is wrong with them.
pub fn check(request: &Received) -> Result<(), &'static str> {
    let exchange = request.header("lt-exchange-id").ok_or("`Lt-Exchange-Id` must be there exactly once")?;
    if !is_uuid(exchange) {
        return Err("`Lt-Exchange-Id` is not a UUID");
    }
    let consumer = request.header("lt-consumer").ok_or("`Lt-Consumer` must be there exactly once")?;
    if !is_system(consumer) {
        return Err("`Lt-Consumer` is not <member>/<system>");
    }
    for name in ["lt-on-behalf-of", "lt-agreement", "lt-purpose", "lt-user"] {
        match request.headers.get_all(name).iter().count() {
            0 => {}
            1 if request.header(name).is_some_and(is_code) => {}
            _ => return Err("an identity header is repeated or holds more than a code"),
        }
    }
    // Names that other gateways use for the same: whoever sends them tries to be someone else.
    let foreign = request.headers.keys().any(|name| name.as_str().starts_with("x-road-"));
    if foreign { Err("an identity header of another gateway") } else { Ok(()) }
}

/// A short word of visible ASCII.
fn is_code(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_system(text: &str) -> bool {
    let Some((member, system)) = text.split_once('/') else { return false };
    let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.';
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !member.is_empty() && member.bytes().all(upper) && !system.is_empty() && system.bytes().all(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_judged() {
        assert!(is_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
        assert!(
            !is_uuid("0193a1b2c3d47e5f8a9b0c1d2e3f4a5b") && !is_uuid("x193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
        );
        assert!(is_system("H26/quan-ly-khcn") && is_system("G06.01/a"));
        assert!(!is_system("H26") && !is_system("H26/") && !is_system("h26/a") && !is_system("H26/a/b"));
    }
}
