//! Older encodings of Vietnamese, judged by Python's codecs and by the C library's `iconv`: what the decoder
//! makes of them, and `lienthong translate --encoding` of whole files.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use adapters::encoding::decode;
use contracts::Encoding;
use support::{Binaries, tools};

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
    for (name, charset, encoding) in [
        ("cp1258", "windows-1258", Encoding::Windows1258),
        ("utf-16", "utf-16", Encoding::Utf16),
        ("utf-16-be", "utf-16be", Encoding::Utf16),
        ("utf-16-le", "utf-16le", Encoding::Utf16),
    ] {
        let mut python = Command::new(tools::python().unwrap());
        python.args(["-c", APART, name]);
        assert_eq!(read(&filtered(python, text.as_bytes()), encoding, charset), text, "{name}");
    }
}

/// What Python needs to write letters and the marks above them apart.
const APART: &str = "
import sys, unicodedata
tones = '\\u0300\\u0301\\u0303\\u0309\\u0323'
def apart(letter):
    whole = unicodedata.normalize('NFD', letter)
    base = ''.join(mark for mark in whole if mark not in tones)
    return unicodedata.normalize('NFC', base) + ''.join(mark for mark in whole if mark in tones)
text, name = sys.stdin.buffer.read().decode(), sys.argv[1]
if name == 'cp1258':
    text = ''.join(map(apart, text))
sys.stdout.buffer.write(text.encode(name))
";

/// Records enough that a file of them is read in several pieces.
const RECORDS: usize = 400;

fn translated(file: &Path, encoding: &str, from: &str) -> Output {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let mut command = Command::new(Binaries::built().unwrap().lienthong);
    command.args(["translate", "--lang", "en", "--contract", "nhiem-vu@1", "--to", "json", "--from", from]);
    command.args(["--encoding", encoding, "--contracts"]).arg(contracts).arg(file);
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_file_in_an_older_encoding_is_translated_as_the_same_file_in_utf_8() {
    let examples =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/catalog/nhiem-vu/v1/examples/ok");
    let folder = tempfile::tempdir().unwrap();
    let record = fs::read_to_string(examples.join("toi-thieu.json")).unwrap();
    let list = format!("[{}]", vec![record.as_str(); RECORDS].join(",\n"));
    let iconv = |to: &str| {
        let mut command = Command::new("iconv");
        command.args(["-f", "UTF-8", "-t", to]);
        command
    };
    let python = |name: &str| {
        let mut command = Command::new(tools::python().unwrap());
        command.args(["-c", APART, name]);
        command
    };
    let file = folder.path().join("list");
    let said = |output: Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // The letters of the fonts of TCVN3 are small where they have tones.
    let small = list.replace(|letter: char| letter.is_uppercase() && !letter.is_ascii(), "ê");
    for (encoding, text, program) in [
        ("tcvn3", &small, iconv("TCVN5712-1")),
        ("windows-1258", &list, python("cp1258")),
        ("utf-16", &list, python("utf-16")),
        ("utf-16", &list, iconv("UTF-16")),
    ] {
        fs::write(&file, text).unwrap();
        let expected = said(translated(&file, "utf-8", "json"));
        fs::write(&file, filtered(program, text.as_bytes())).unwrap();
        assert_eq!(said(translated(&file, encoding, "json")), expected, "{encoding}");
    }
    // What is not read record by record, too.
    let xml = fs::read_to_string(examples.join("toi-thieu.xml")).unwrap();
    let xml = xml.replacen("UTF-8", "UTF-16", 1).replacen("utf-8", "utf-16", 1);
    fs::write(&file, filtered(python("utf-16"), xml.as_bytes())).unwrap();
    assert!(said(translated(&file, "utf-16", "xml")).contains("\"MaSo\""));
}

#[test]
fn what_is_not_in_the_encoding_is_told_with_its_place_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list");
    // A byte that the encoding does not have, after many records that it has.
    let mut bytes = vec![b'['];
    for line in 0..3_000 {
        bytes.extend_from_slice(if line == 2_500 { b"\xD0\xD2" } else { b"" });
        bytes.extend_from_slice(format!("{{}},{:80}\n", "").as_bytes());
    }
    fs::write(&file, &bytes).unwrap();
    let output = translated(&file, "windows-1258", "json");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("2501:"), "{told}");
    let output = translated(&file, "latin-1", "json");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("windows-1258"), "{told}");
}
