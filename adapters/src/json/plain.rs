//! How far text runs before anything in it must be looked at: what reading and writing strings are made
//! of.
//!
//! Most strings of a record are short, and a search built for long ones spends more on being called than
//! on looking. Eight bytes are held against all three questions at once, in one machine word.

/// The bytes before the first that stands for more than itself in a string: a quotation mark, a backslash,
/// a control character (RFC 8259 section 7). All of them, if there is none.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<WORD>();
    for word in words {
        if let Some(found) = first_special(u64::from_le_bytes(*word)) {
            return at + found;
        }
        at += WORD;
    }
    if rest.is_empty() {
        return at;
    }
    // What is left is looked at together with what was: nothing was found in that.
    if let Some(word) = bytes.last_chunk() {
        return bytes.len() - WORD + first_special(u64::from_le_bytes(*word)).unwrap_or(WORD);
    }
    if let (Some(head), Some(tail)) = (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
        // Both halves of a word, which share bytes; those that are shared are found in the first.
        let word = u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << u32::BITS;
        return match first_special(word) {
            Some(found) if found < HALF => found,
            Some(found) => bytes.len() + found - WORD,
            None => bytes.len(),
        };
    }
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

const WORD: usize = size_of::<u64>();
const HALF: usize = WORD / 2;
/// One in each byte.
const ONES: u64 = u64::from_le_bytes([1; WORD]);
/// The highest bit of each byte.
const HIGHS: u64 = u64::from_le_bytes([0x80; WORD]);

/// Which byte of a word, the lowest first, is the first that [`is_special`].
fn first_special(word: u64) -> Option<usize> {
    let quotation = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    // A byte's highest bit is set by taking more from it than it has, if it was not set before. That borrows
    // from the next byte, so marks above the lowest may be wrong; the lowest never is.
    let taken = word.wrapping_sub(ONES * 0x20) | quotation.wrapping_sub(ONES) | backslash.wrapping_sub(ONES);
    let marks = taken & !word & HIGHS;
    (marks != 0).then(|| (marks.trailing_zeros() / u8::BITS) as usize)
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_byte_is_told_at_each_place() {
        for (byte, length) in (0..=u8::MAX).flat_map(|byte| (1..20).map(move |length| (byte, length))) {
            for before in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[before] = byte;
                let expected = if is_special(byte) { before } else { length };
                assert_eq!(plain_length(&bytes), expected, "{byte} after {before} of {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_first_one_is_found(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x1E_u8..0x24, 0x5B_u8..0x5E], 0..40)) {
            let first = bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), first);
        }
    }
}
