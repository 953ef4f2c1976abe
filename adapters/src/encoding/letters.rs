//! What the bytes above ASCII mean in encodings of one byte to a character.
//!
//! Sources: TCVN 5712:1993, character set VN3, for TCVN3; Microsoft's code pages 1252 and 1258; the
//! VNI for Windows table. In all of them 0x80–0x9F is code page 1252's, since text came from Windows
//! programs that put its dashes and quotation marks there.

use contracts::Encoding;

/// What a byte of 0x80 and above says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A character.
    Letter(char),
    /// What belongs above or below the letter before it.
    Marks(&'static str),
    /// Nothing in this encoding.
    Nothing,
}

/// 0x80–0x9F of code page 1252. U+FFFD stands for bytes that mean nothing.
const PUNCTUATION: &str = "€\u{FFFD}‚ƒ„…†‡ˆ‰Š‹Œ\u{FFFD}Ž\u{FFFD}\u{FFFD}‘’“”•–—˜™š›œ\u{FFFD}žŸ";

/// 0xA0–0xBF of code pages 1252 and 1258, and of VNI.
const SYMBOLS: &str = "\u{A0}¡¢£¤¥¦§¨©ª«¬\u{AD}®¯°±²³´µ¶·¸¹º»¼½¾¿";

/// 0xA0–0xFF of TCVN3.
const TCVN3: &str = "\u{A0}ĂÂÊÔƠƯĐăâêôơưđ\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}àảãáạ\u{FFFD}ằẳẵắ\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ặầẩẫấậè\u{FFFD}ẻẽ\
    éẹềểễếệìỉ\u{FFFD}\u{FFFD}\u{FFFD}ĩíịò\
    \u{FFFD}ỏõóọồổỗốộờởỡớợù\
    \u{FFFD}ủũúụừửữứựỳỷỹýỵ\u{FFFD}";

/// 0xC0–0xFF of code page 1258.
const WINDOWS_1258: &str = "ÀÁÂĂÄÅÆÇÈÉÊË\u{300}ÍÎÏ\
    ĐÑ\u{309}ÓÔƠÖ×ØÙÚÛÜƯ\u{303}ß\
    àáâăäåæçèéêë\u{301}íîï\
    đñ\u{323}óôơö÷øùúûüư₫ÿ";

impl Said {
    /// What `byte`, 0x80 or above, says in `encoding`.
    pub fn by(byte: u8, encoding: Encoding) -> Self {
        let letter = match (byte, encoding) {
            (0x80..=0x9F, _) => nth(PUNCTUATION, byte - 0x80),
            (0xA0.., Encoding::Tcvn3) => nth(TCVN3, byte - 0xA0),
            (0xA0..=0xBF, _) => nth(SYMBOLS, byte - 0xA0),
            (0xC0.., Encoding::Windows1258) => nth(WINDOWS_1258, byte - 0xC0),
            (0xC0.., _) => return vni(byte),
            (..0x80, _) => char::from(byte),
        };
        match letter {
            '\u{FFFD}' => Self::Nothing,
            '\u{300}' => Self::Marks("\u{300}"),
            '\u{301}' => Self::Marks("\u{301}"),
            '\u{303}' => Self::Marks("\u{303}"),
            '\u{309}' => Self::Marks("\u{309}"),
            '\u{323}' => Self::Marks("\u{323}"),
            letter => Self::Letter(letter),
        }
    }
}

fn nth(letters: &str, position: u8) -> char {
    letters.chars().nth(position.into()).unwrap_or('\u{FFFD}')
}

/// 0xC0–0xFF of VNI. Small letters and the marks for them are 0x20 above the capitals'.
fn vni(byte: u8) -> Said {
    let letter = |small, capital| Said::Letter(if byte < 0xE0 { capital } else { small });
    match byte | 0x20 {
        0xF4 => letter('ơ', 'Ơ'),
        0xF6 => letter('ư', 'Ư'),
        0xF1 => letter('đ', 'Đ'),
        0xED => letter('í', 'Í'),
        0xEC => letter('ì', 'Ì'),
        0xE6 => letter('ỉ', 'Ỉ'),
        0xF3 => letter('ĩ', 'Ĩ'),
        0xF2 => letter('ị', 'Ị'),
        0xEE => letter('ỵ', 'Ỵ'),
        0xF9 => Said::Marks("\u{301}"),
        0xF8 => Said::Marks("\u{300}"),
        0xFB => Said::Marks("\u{309}"),
        0xF5 => Said::Marks("\u{303}"),
        0xEF => Said::Marks("\u{323}"),
        0xE2 => Said::Marks("\u{302}"),
        0xE1 => Said::Marks("\u{302}\u{301}"),
        0xE0 => Said::Marks("\u{302}\u{300}"),
        0xE5 => Said::Marks("\u{302}\u{309}"),
        0xE3 => Said::Marks("\u{302}\u{303}"),
        0xE4 => Said::Marks("\u{302}\u{323}"),
        0xEA => Said::Marks("\u{306}"),
        0xE9 => Said::Marks("\u{306}\u{301}"),
        0xE8 => Said::Marks("\u{306}\u{300}"),
        0xFA => Said::Marks("\u{306}\u{309}"),
        0xFC => Said::Marks("\u{306}\u{303}"),
        0xEB => Said::Marks("\u{306}\u{323}"),
        _ => Said::Nothing,
    }
}

/// `letter` with `marks`, written by `byte`: none when no such letter is written so.
pub(super) fn marked(letter: char, marks: &str, byte: u8, encoding: Encoding) -> Option<char> {
    use unicode_normalization::UnicodeNormalization;
    if encoding == Encoding::Vni {
        // The bytes for capitals' marks differ, and each mark has its letters.
        let capital = byte < 0xE0;
        let small = letter.to_lowercase().next().unwrap_or(letter);
        let takes = match marks.chars().next() {
            Some('\u{302}') => "aeo",
            Some('\u{306}') => "a",
            _ => "aeouyơư",
        };
        if capital == (small == letter) || !takes.contains(small) {
            return None;
        }
    }
    let mut whole = std::iter::once(letter).chain(marks.chars()).nfc();
    let whole = (whole.next()?, whole.next());
    match whole {
        (composed, None) => Some(composed),
        _ => None,
    }
}
