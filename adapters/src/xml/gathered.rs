//! Text on its way to a token: put together from what stands between comments, references and CDATA
//! marks, borrowed as long as it is one piece.

use std::borrow::Cow;

/// The text gathered so far.
pub(super) struct Gathered<'a> {
    pub text: Cow<'a, str>,
    /// Where its first piece begins.
    pub start: usize,
    /// It is one piece of the input as it stands: of its NFC the survey has spoken.
    pub whole: bool,
}

/// A part of a text.
pub(super) enum Piece<'a> {
    /// As it stands in the input.
    Written(&'a str),
    /// With its line ends changed.
    Resolved(String),
    /// What a reference stands for.
    Character(char),
}

impl<'a> Gathered<'a> {
    pub fn new(piece: Piece<'a>, start: usize) -> Self {
        let (text, whole) = match piece {
            Piece::Written(text) => (Cow::Borrowed(text), true),
            Piece::Resolved(text) => (Cow::Owned(text), false),
            Piece::Character(character) => (Cow::Owned(character.to_string()), false),
        };
        Self { text, start, whole }
    }

    pub fn add(&mut self, piece: Piece<'a>) {
        self.whole = false;
        let text = self.text.to_mut();
        match piece {
            Piece::Written(piece) => text.push_str(piece),
            Piece::Resolved(piece) => text.push_str(&piece),
            Piece::Character(character) => text.push(character),
        }
    }
}

impl Piece<'_> {
    pub fn len(&self) -> usize {
        match self {
            Self::Written(text) => text.len(),
            Self::Resolved(text) => text.len(),
            Self::Character(character) => character.len_utf8(),
        }
    }
}
