//! The framing of a chunked body as its bytes came in (RFC 9112 section 7.1), before the engine takes the
//! pieces out.
//!
//! The engine passes over extensions and trailers without a look at them: a line feed inside an extension,
//! a trailer called `Content-Length`, white space after a size. Each of these has been read differently by
//! some other server, and where two readers disagree about the end of a body the rest becomes somebody's
//! request. So the bytes are watched on their way: what is not exactly the grammar ends the connection.

use super::{HygieneFault, head};

/// Bytes of all extensions and trailers of one body. Nobody here has a use for either; what sends them
/// at all sends a checksum or two.
const EXTRAS: usize = 4 * 1024;

/// Hexadecimal digits of a chunk's size: what 64 bits hold.
const SIZE_DIGITS: u8 = 16;

/// How far a chunked body has come.
#[derive(Debug)]
pub struct Chunks {
    state: State,
    extras: usize,
    trailer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a chunk's size: its value so far and its digits.
    Size { size: u64, digits: u8 },
    /// After the `;` that ends a size.
    Extension { size: u64 },
    /// After the CR of a size's line.
    SizeEnd { size: u64 },
    /// In a chunk's data, of which this much is to come.
    Data { left: u64 },
    /// At the CR, then the LF, after a chunk's data.
    DataEnd { cr: bool },
    /// In a line after the last chunk.
    Trailer,
    /// After the CR of such a line.
    TrailerEnd,
    /// The body has ended; what follows is not its business.
    Done,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { state: FIRST, extras: 0, trailer: Vec::new() }
    }
}

const FIRST: State = State::Size { size: 0, digits: 0 };

impl Chunks {
    /// Looks at the next bytes of the connection, up to the end of the body.
    ///
    /// # Errors
    /// The body is not framed as it should be: where it ends is not known.
    pub fn watch(&mut self, mut bytes: &[u8]) -> Result<(), HygieneFault> {
        while let Some((byte, rest)) = bytes.split_first() {
            if let State::Data { left } = self.state {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(here..).unwrap_or_default();
                self.state = match left - here as u64 {
                    0 => State::DataEnd { cr: false },
                    left => State::Data { left },
                };
                continue;
            }
            self.state = match self.state {
                State::Done => return Ok(()),
                state => self.step(state, *byte)?,
            };
            bytes = rest;
        }
        Ok(())
    }

    fn step(&mut self, state: State, byte: u8) -> Result<State, HygieneFault> {
        let next = match (state, byte) {
            (State::Size { size, digits }, _) if byte.is_ascii_hexdigit() && digits < SIZE_DIGITS => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                State::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (State::Size { size, digits: 1.. } | State::Extension { size }, b'\r') => State::SizeEnd { size },
            (State::Size { size, digits: 1.. }, b';') => State::Extension { size },
            (State::Extension { size }, _) if byte == b'\t' || !byte.is_ascii_control() => {
                self.extra()?;
                State::Extension { size }
            }
            (State::SizeEnd { size: 0 }, b'\n') => State::Trailer,
            (State::SizeEnd { size }, b'\n') => State::Data { left: size },
            (State::DataEnd { cr: false }, b'\r') => State::DataEnd { cr: true },
            (State::DataEnd { cr: true }, b'\n') => FIRST,
            (State::Trailer, b'\r') => State::TrailerEnd,
            (State::Trailer, _) if byte != b'\n' => {
                self.extra()?;
                self.trailer.push(byte);
                State::Trailer
            }
            (State::TrailerEnd, b'\n') if self.trailer.is_empty() => State::Done,
            (State::TrailerEnd, b'\n') => {
                head::trailer(&self.trailer).map_err(|_| HygieneFault::Chunk)?;
                self.trailer.clear();
                State::Trailer
            }
            _ => return Err(HygieneFault::Chunk),
        };
        Ok(next)
    }

    fn extra(&mut self) -> Result<(), HygieneFault> {
        self.extras += 1;
        if self.extras > EXTRAS { Err(HygieneFault::Chunk) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judge(body: &[u8]) -> Result<State, HygieneFault> {
        let mut chunks = Chunks::default();
        chunks.watch(body)?;
        Ok(chunks.state)
    }

    #[test]
    fn what_libraries_send_is_clean() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "3\r\n\r\n\n\r\n0\r\n\r\n",
            "A\r\n0123456789\r\n0000\r\n\r\n",
            "3;ten=\"gia tri\";b\r\nabc\r\n0;c\r\n\r\n",
            "1\r\na\r\n0\r\nX-Tong: abc\r\nDigest: x=\r\n\r\n",
            "0\r\n\r\nGET / HTTP/1.1\r\nwhat follows is not looked at\n\n\0",
        ] {
            assert_eq!(judge(body.as_bytes()), Ok(State::Done), "{body:?}");
        }
        assert_eq!(judge(b"ffffffffffffffff\r\nabc"), Ok(State::Data { left: u64::MAX - 3 }));
    }

    #[test]
    fn what_two_readers_may_read_differently_is_not() {
        let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(EXTRAS + 1));
        let many = format!("{}0\r\n\r\n", "1;xxxxxxxxx\r\na\r\n".repeat(EXTRAS / 9 + 1));
        let trailers = format!("0\r\n{}\r\n", "A: bcdefgh\r\n".repeat(EXTRAS / 10 + 1));
        for body in [
            "\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nab\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            " 3\r\nabc\r\n0\r\n\r\n",
            "+3\r\nabc\r\n0\r\n\r\n",
            "-3\r\nabc\r\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            "3_0\r\nabc\r\n0\r\n\r\n",
            "\r\n3\r\nabc\r\n0\r\n\r\n",
            "3;a\nabc\r\n0\r\n\r\n",
            "3;a\rb\r\nabc\r\n0\r\n\r\n",
            "3;\0\r\nabc\r\n0\r\n\r\n",
            "3\r\r\nabc\r\n0\r\n\r\n",
            "10000000000000003\r\nabc\r\n0\r\n\r\n",
            "00000000000000003\r\nabc\r\n0\r\n\r\n",
            "0\r\nContent-Length: 3\r\n\r\n",
            "0\r\ntransfer-encoding: chunked\r\n\r\n",
            "0\r\nHost: localhost\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\n folded\r\n\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\nA: \0\r\n\r\n",
            "0\r\nGET / HTTP/1.1\r\n\r\n",
            "0\n\n",
            &long,
            &many,
            &trailers,
        ] {
            assert_eq!(judge(body.as_bytes()), Err(HygieneFault::Chunk), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic_and_alike_however_they_arrive(
            pieces in proptest::collection::vec(prop_oneof![
                Just("0"), Just("3"), Just("\r\n"), Just("\r"), Just("\n"), Just("abc"), Just(";x"), Just("A: b"),
                Just("0\r\n\r\n"), Just("3\r\nabc\r\n"), Just(" "), Just("ffffffffffffffff"),
            ], 0..12),
            cut in 0usize..40
        ) {
            let body = pieces.concat();
            let cut = cut.min(body.len());
            let mut halves = Chunks::default();
            let told = halves.watch(&body.as_bytes()[..cut]).and_then(|()| halves.watch(&body.as_bytes()[cut..]));
            prop_assert_eq!(told.map(|()| halves.state), judge(body.as_bytes()));
        }
    }
}
