use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

/// Every letter of Vietnamese that is not ASCII, small.
const SMALL: &str = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ";

fn decoded(bytes: &[u8], declared: Encoding, charset: Option<&str>) -> Result<String, &'static str> {
    decode(bytes, declared, charset)
        .map(|text| String::from_utf8(text.into_owned()).unwrap())
        .map_err(|unreadable| unreadable.rule)
}

/// `text` in `encoding`, as its programs write it.
fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let byte_of = |sought: Said| (0x80..=0xFF).find(|byte| Said::by(*byte, encoding) == sought);
    let mut bytes = Vec::new();
    for character in text.chars() {
        if character.is_ascii() {
            bytes.push(character as u8);
        } else if let Some(byte) = byte_of(Said::Letter(character)) {
            bytes.push(byte);
        } else {
            // The letter that the encoding has, and a byte for the rest.
            let pair = (0x80..=0xFFu8).find_map(|mark| {
                let Said::Marks(marks) = Said::by(mark, encoding) else { return None };
                let mut letters = ('A'..='z').map(|letter| (letter, letter as u8)).chain(
                    (0x80..=0xFF).filter_map(|byte| match Said::by(byte, encoding) {
                        Said::Letter(letter) => Some((letter, byte)),
                        _ => None,
                    }),
                );
                letters.find_map(|(letter, byte)| {
                    (letters::marked(letter, marks, mark, encoding) == Some(character))
                        .then_some([byte, mark])
                })
            });
            bytes.extend(pair.unwrap_or_else(|| panic!("{encoding} has no {character}")));
        }
    }
    bytes
}

#[test]
fn every_letter_of_vietnamese_is_read() {
    let capitals: String = SMALL.to_uppercase();
    for (encoding, text) in [
        (Encoding::Windows1258, format!("{SMALL}{capitals}")),
        (Encoding::Vni, format!("{SMALL}{capitals}")),
        (Encoding::Tcvn3, format!("{SMALL}ĂÂÊÔƠƯĐ")),
    ] {
        // A letter of ASCII between any two, so that no mark could join the wrong one.
        let text: String = text.chars().flat_map(|letter| ['x', letter]).collect();
        assert_eq!(decoded(&encoded(&text, encoding), encoding, None), Ok(text), "{encoding}");
    }
}

#[test]
fn known_bytes_are_read_as_their_programs_showed_them() {
    let tcvn3 = b"Nhi\xD6m v\xF4 khoa h\xE4c v\xB5 c\xABng ngh\xD6 \x96 \xA7\xB5 N\xBDng";
    assert_eq!(
        decoded(tcvn3, Encoding::Tcvn3, None).as_deref(),
        Ok("Nhiệm vụ khoa học và công nghệ – Đà Nẵng")
    );
    let vni =
        b"Nhie\xE4m vu\xEF khoa ho\xEFc va\xF8 co\xE2ng nghe\xE4, \xF1\xF6\xF4\xF8ng, TI\xC5NH \xD1A\xD8";
    assert_eq!(decoded(vni, Encoding::Vni, None), Err("unpaired-mark"));
    let vni =
        b"Nhie\xE4m vu\xEF khoa ho\xEFc va\xF8 co\xE2ng nghe\xE4, \xF1\xF6\xF4\xF8ng, T\xC6NH \xD1A\xD8";
    assert_eq!(
        decoded(vni, Encoding::Vni, None).as_deref(),
        Ok("Nhiệm vụ khoa học và công nghệ, đường, TỈNH ĐÀ")
    );
    let windows = b"Nhi\xEA\xF2m vu\xF2 khoa ho\xF2c va\xCC c\xF4ng ngh\xEA\xF2, \xF0\xFD\xF5\xCCng, 5 \xFE";
    assert_eq!(
        decoded(windows, Encoding::Windows1258, None).as_deref(),
        Ok("Nhiệm vụ khoa học và công nghệ, đường, 5 ₫")
    );
}

#[test]
fn utf_16_is_read_by_its_mark_or_its_name() {
    let big: Vec<u8> = "\u{FEFF}Đề tài 𝄞".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = "\u{FEFF}Đề tài 𝄞".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [&big, &little] {
        for charset in [None, Some("UTF-16")] {
            assert_eq!(decoded(bytes, Encoding::Utf16, charset).as_deref(), Ok("Đề tài 𝄞"));
        }
    }
    assert_eq!(decoded(&big[2..], Encoding::Utf16, Some("utf-16be")).as_deref(), Ok("Đề tài 𝄞"));
    // Some read it one way and some the other.
    assert_eq!(decoded(&big[2..], Encoding::Utf16, Some("utf-16")), Err("encoding"));
    assert_eq!(decoded(&big, Encoding::Utf16, Some("utf-16le")), Err("undeclared-encoding"));
    // Unmarked and unnamed it is UTF-8, as XML and JSON have it.
    assert_eq!(decoded("Đề tài".as_bytes(), Encoding::Utf16, None).as_deref(), Ok("Đề tài"));
    assert_eq!(decoded(&big[..big.len() - 1], Encoding::Utf16, None), Err("encoding"));
    assert_eq!(decoded(&big[..big.len() - 2], Encoding::Utf16, None), Err("encoding"));
    assert_eq!(decoded(b"\xFE\xFF\xDC\x00\x00a", Encoding::Utf16, None), Err("lone-surrogate"));
    assert_eq!(decoded(b"\xFE\xFF\xD8\x00\x00a", Encoding::Utf16, None), Err("lone-surrogate"));
}

#[test]
fn a_text_may_say_utf_8_or_what_is_declared_and_nothing_else() {
    let declared = Encoding::Windows1258;
    let xml = |name: &str, body: &[u8]| {
        [format!("<?xml version='1.0' encoding='{name}' ?><a>").as_bytes(), body, b"</a>"].concat()
    };
    let said = |name, body| decoded(&xml(name, body), declared, None);
    assert_eq!(
        said("Windows-1258", b"\xEA\xF2").as_deref(),
        Ok("<?xml version='1.0' encoding='UTF-8'        ?><a>ệ</a>")
    );
    assert_eq!(
        said("UTF-8", "ệ".as_bytes()).as_deref(),
        Ok("<?xml version='1.0' encoding='UTF-8' ?><a>ệ</a>")
    );
    for other in ["windows-1252", "iso-8859-1", "tcvn3", "utf-16", ""] {
        assert_eq!(said(other, b"\xEA"), Err("undeclared-encoding"), "{other}");
    }
    let charset = |charset, body: &[u8]| decoded(body, declared, Some(charset));
    assert_eq!(charset("windows-1258", b"\xEA\xF2").as_deref(), Ok("ệ"));
    assert_eq!(charset("utf-8", "ệ".as_bytes()).as_deref(), Ok("ệ"));
    assert_eq!(charset("utf-7", b"a"), Err("undeclared-encoding"));
    // Two statements that differ.
    assert_eq!(charset("windows-1258", &xml("utf-8", b"a")), Err("undeclared-encoding"));
    assert_eq!(charset("windows-1258", "\u{FEFF}a".as_bytes()), Err("undeclared-encoding"));
    assert!(may_say("UTF-8", declared) && may_say("cp1258", declared) && !may_say("utf-16", declared));
    assert!(!may_say("windows-1258", Encoding::Utf8));
}

#[test]
fn text_made_with_fonts_is_called_what_its_programs_call_it() {
    let xml = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a>vi\xD6t</a>";
    let text = decoded(xml, Encoding::Tcvn3, Some("iso-8859-1")).unwrap();
    assert_eq!(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"       ?><a>việt</a>");
    let short = b"<?xml version=\"1.0\" encoding=\"vni\"?><a>vie\xE4t</a>";
    assert!(decoded(short, Encoding::Vni, None).unwrap().contains("encoding=\"UTF-8\"?><a>việt"));
}

#[test]
fn utf_8_is_not_read_as_something_older() {
    for encoding in [Encoding::Windows1258, Encoding::Tcvn3, Encoding::Vni] {
        for text in ["Nhiệm vụ", "[\"đ\"]", "–", "😀"] {
            assert_eq!(decoded(text.as_bytes(), encoding, None), Err("doubtful-encoding"), "{text}");
            assert_eq!(decoded(text.as_bytes(), encoding, Some("utf-8")).as_deref(), Ok(text));
        }
    }
    assert_eq!(decoded(b"plain", Encoding::Tcvn3, None).as_deref(), Ok("plain"));
}

#[test]
fn what_no_program_writes_is_refused_where_it_stands() {
    let place = |bytes: &[u8], encoding| {
        let unreadable = decode(bytes, encoding, None).unwrap_err();
        (unreadable.rule, unreadable.place.line, unreadable.place.column)
    };
    assert_eq!(place(b"a\nvi\xD6t \xC0", Encoding::Tcvn3), ("encoding", 2, 6));
    assert_eq!(place(b"a\nb\xEC", Encoding::Windows1258), ("unpaired-mark", 2, 2));
    assert_eq!(place(b"\xEC", Encoding::Windows1258), ("unpaired-mark", 1, 1));
    assert_eq!(place(b"e\xE4 \xE4", Encoding::Vni), ("unpaired-mark", 1, 3));
    assert_eq!(place(b"a\xF9\xF9", Encoding::Vni), ("unpaired-mark", 1, 2));
    assert_eq!(place(b"\xFE\xFF\0a\0\n\xDC\0", Encoding::Utf16), ("lone-surrogate", 2, 1));
}

proptest! {
    #[test]
    fn however_it_is_cut_a_text_says_the_same(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "[a-zàảãáạăằâấđéêếíóôơợúưứý<>?\"= \n]{0,40}".prop_map(|text| encoded(&text, Encoding::Vni)),
            "(<\\?xml encoding=\"(vni|utf-8|tcvn3|x)\" ?\\?>)?[a-zệ]{0,9}".prop_map(|text| encoded(&text, Encoding::Vni)),
            "\u{FEFF}[a-z𝄞ệ]{0,20}".prop_map(|text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ],
        declared in proptest::sample::select(&Encoding::ALL),
        cuts in proptest::collection::vec(0..80usize, 0..6),
    ) {
        let whole = decode(&bytes, declared, None).map(Cow::into_owned);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let mut out = Vec::new();
        let mut decoder = Decoder::new(declared, None).unwrap();
        let mut pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let told = pieces.try_for_each(|piece| decoder.feed(piece, &mut out)).and_then(|()| decoder.end(&mut out));
        prop_assert_eq!(told.map(|()| out), whole);
    }

    #[test]
    fn what_is_written_is_read(text in "[a-zàảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịđĐ ]{0,40}") {
        prop_assume!(text.nfc().eq(text.chars()));
        for encoding in [Encoding::Windows1258, Encoding::Vni] {
            let charset = Some(if encoding == Encoding::Vni { "vni" } else { "windows-1258" });
            prop_assert_eq!(decoded(&encoded(&text, encoding), encoding, charset), Ok(text.clone()));
        }
    }
}
