//! Older encodings of Vietnamese, judged by Python's codecs and by the C library's `iconv`.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::{
    io::Write,
    process::{Command, Stdio},
};

use adapters::encoding::decode;
use contracts::Encoding;
use support::tools;

/// Every letter of Vietnamese that is not ASCII, small.
const SMALL: &str = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ";

/// What `program` makes of `input`.
fn filtered(mut program: Command, input: &[u8]) -> Vec<u8> {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?}");
    output.stdout
}

fn read(bytes: &[u8], encoding: Encoding, charset: &str) -> String {
    String::from_utf8(decode(bytes, encoding, Some(charset)).unwrap().into_owned()).unwrap()
}

#[test]
fn tcvn3_is_what_iconv_writes() {
    let text: String = SMALL.chars().chain("ĂÂÊÔƠƯĐ".chars()).flat_map(|letter| ['x', letter]).collect();
    let mut iconv = Command::new("iconv");
    iconv.args(["-f", "UTF-8", "-t", "TCVN5712-1"]);
    assert_eq!(read(&filtered(iconv, text.as_bytes()), Encoding::Tcvn3, "tcvn3"), text);
}

#[test]
fn windows_1258_and_utf_16_are_what_python_writes() {
    let letters = format!("{SMALL}{}", SMALL.to_uppercase());
    let text: String = letters.chars().flat_map(|letter| ['x', letter]).chain(['–', '“', '€', '₫']).collect();
    // Python's codec has no letters with two marks: they are taken apart, the tone alone standing by itself.
    let script = "
import sys, unicodedata
text, name = sys.stdin.buffer.read().decode(), sys.argv[1]
tones = '\\u0300\\u0301\\u0303\\u0309\\u0323'
def apart(letter):
    whole = unicodedata.normalize('NFD', letter)
    base = ''.join(mark for mark in whole if mark not in tones)
    return unicodedata.normalize('NFC', base) + ''.join(mark for mark in whole if mark in tones)
if name == 'cp1258':
    text = ''.join(map(apart, text))
sys.stdout.buffer.write(text.encode(name))
";
    for (name, charset, encoding) in [
        ("cp1258", "windows-1258", Encoding::Windows1258),
        ("utf-16", "utf-16", Encoding::Utf16),
        ("utf-16-be", "utf-16be", Encoding::Utf16),
        ("utf-16-le", "utf-16le", Encoding::Utf16),
    ] {
        let mut python = Command::new(tools::python().unwrap());
        python.args(["-c", script, name]);
        assert_eq!(read(&filtered(python, text.as_bytes()), encoding, charset), text, "{name}");
    }
}
