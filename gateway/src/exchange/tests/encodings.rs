//! Systems that write an older encoding: read where that is declared, refused where it is not, never guessed.

use super::stage::{BYTES, CHUNKED, Said, Stage, Who, bytes, reply};
use crate::journal::faulty::Faulty;

const NS: &str = "urn:lienthong:dataset:nhiem-vu:1";

/// A system's document with an encoding.
fn written(member: &'static str, encoding: &str) -> (String, &'static str, String) {
    let line = "security_level = 3";
    (format!("members/{member}.toml"), line, format!("{line}\nencoding = \"{encoding}\""))
}

async fn stage(
    consumer: &str,
    provider: &str,
    service: &[(&str, &str)],
    script: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Stage {
    let written = [written("H26", consumer), written("G06", provider)];
    let mut edits: Vec<_> = written.iter().map(|(file, from, to)| (&**file, *from, &**to)).collect();
    edits.extend(service.iter().map(|(from, to)| ("services/G06/thu.toml", *from, *to)));
    Stage::with(script, &edits, Faulty::default()).await
}

/// An invented task in XML with `title`, of bytes.
fn task(title: &[u8], declaration: &str) -> Vec<u8> {
    let before = format!("{declaration}<NhiemVu xmlns=\"{NS}\"><MaSo>A</MaSo><TenNhiemVu>");
    let after = "</TenNhiemVu><MaLinhVuc>5</MaLinhVuc><ToChucChuTri><Ten>Vien Mau</Ten><MaSoThue>9999000037</MaSoThue></ToChucChuTri><MaTinh>01</MaTinh><CapQuanLy>co-so</CapQuanLy><ChuNhiem><HoVaTen>Mau</HoVaTen><SoDinhDanh>024188000004</SoDinhDanh></ChuNhiem><NoiDungChinh>x</NoiDungChinh><ThoiGianBatDau>2026-01-05</ThoiGianBatDau><ThoiGianKetThuc>2026-12-31</ThoiGianKetThuc><TinhTrang>dang-tien-hanh</TinhTrang></NhiemVu>";
    [before.as_bytes(), title, after.as_bytes()].concat()
}

async fn submit(stage: &Stage, media: &str, body: &[u8]) -> Said {
    let fields = format!("Content-Type: {media}\r\nAccept: application/json\r\n");
    stage.ask(Who::Hanoi, "POST", "/records", &fields, &bytes(body)).await
}

const TCVN3: &[u8] = b"Nhi\xD6m v\xF4 \xAE\xD6";
const VNI: &[u8] = b"Nhie\xE4m vu\xEF \xF1ie\xE4";
const WINDOWS_1258: &[u8] = b"Nhi\xEA\xF2m vu\xF2 \xF0i\xEA\xF2";

#[tokio::test]
async fn what_an_older_system_sends_reaches_the_provider_as_utf_8() {
    for (encoding, title, media, declaration) in [
        ("tcvn3", TCVN3, "application/xml", ""),
        (
            "tcvn3",
            TCVN3,
            "application/xml; charset=windows-1252",
            "<?xml version=\"1.0\" encoding=\"windows-1252\"?>",
        ),
        ("vni", VNI, "text/xml", "<?xml version=\"1.0\"?>"),
        ("windows-1258", WINDOWS_1258, "application/xml; charset=windows-1258", ""),
        (
            "windows-1258",
            WINDOWS_1258,
            "application/xml",
            "<?xml version=\"1.0\" encoding=\"windows-1258\"?>",
        ),
        ("windows-1258", "Nhiệm vụ điệ".as_bytes(), "application/xml; charset=utf-8", ""),
    ] {
        let stage = stage(encoding, "utf-8", &[], |_| reply("201 Created", "", "")).await;
        let said = submit(&stage, media, &task(title, declaration)).await;
        assert_eq!(said.status, 201, "{encoding}: {said:?}");
        let heard = stage.heard().pop().unwrap();
        let title = if encoding == "tcvn3" { "Nhiệm vụ đệ" } else { "Nhiệm vụ điệ" };
        assert!(heard.contains(&format!("\"TenNhiemVu\":\"{title}\"")), "{heard}");
    }
}

#[tokio::test]
async fn what_an_older_provider_answers_is_utf_8_for_everybody() {
    let json = [br#"{"MaSo":"A","TenNhiemVu":""#, VNI, br#"","MaLinhVuc":"5","ToChucChuTri":{"Ten":"Vien Mau","MaSoThue":"9999000037"},"MaTinh":"01","CapQuanLy":"co-so","ChuNhiem":{"HoVaTen":"Mau","SoDinhDanh":"024188000004"},"NoiDungChinh":["x"],"ThoiGianBatDau":"2026-01-05","ThoiGianKetThuc":"2026-12-31","TinhTrang":"dang-tien-hanh"}"#].concat();
    let body = bytes(&json);
    let whole = body.clone();
    let one =
        stage("utf-8", "vni", &[], move |_| reply("200 OK", "Content-Type: application/json\r\n", &whole))
            .await;
    for accept in ["application/json", "application/xml"] {
        let said = one.ask(Who::Hanoi, "GET", "/records/A", &format!("Accept: {accept}\r\n"), "").await;
        assert_eq!(said.status, 200, "{said:?}");
        assert!(said.body.contains("Nhiệm vụ điệ"), "{accept}: {said:?}");
    }

    // The same in a reply too long to be held, cut within letters.
    let record = bytes(&[&json[..], b","].concat());
    let record: String = record.chars().skip(1).collect();
    let many = move |_: &str| {
        let list = format!("[{}]", record.repeat(4000).trim_end_matches(','));
        let mut answer = format!("{}{BYTES}", CHUNKED);
        let characters: Vec<char> = list.chars().collect();
        for piece in characters.chunks(50_021) {
            answer.push_str(&format!("{:x}\r\n{}\r\n", piece.len(), piece.iter().collect::<String>()));
        }
        answer + "0\r\n\r\n"
    };
    let long = stage("utf-8", "vni", &[("query = {", "query = { stream = true,")], many).await;
    let said = long.ask(Who::Hanoi, "GET", "/records", "", "").await;
    assert_eq!(said.status, 200, "{}", said.head);
    assert_eq!(said.body.matches("Nhiệm vụ điệ").count(), 4000);
}

#[tokio::test]
async fn what_is_not_declared_is_not_read() {
    let plain = stage("utf-8", "utf-8", &[], |_| reply("201 Created", "", "")).await;
    let said = submit(&plain, "application/xml; charset=windows-1258", &task(WINDOWS_1258, "")).await;
    said.is_refused(415, "media-type", "media-type");
    let said = submit(&plain, "application/xml", &task(TCVN3, "")).await;
    said.is_refused(400, "unreadable", "encoding");

    let older = stage("tcvn3", "utf-8", &[], |_| reply("201 Created", "", "")).await;
    for (media, body, rule) in [
        ("application/xml", task("Nhiệm vụ".as_bytes(), ""), "doubtful-encoding"),
        ("application/xml", task(TCVN3, "<?xml version='1.0' encoding='vni'?>"), "undeclared-encoding"),
        (
            "application/xml; charset=tcvn3",
            task(TCVN3, "<?xml version='1.0' encoding='utf-8'?>"),
            "undeclared-encoding",
        ),
        ("application/xml", task(b"Nhi\xD6m v\xF4 \xC0", ""), "encoding"),
    ] {
        submit(&older, media, &body).await.is_refused(400, "unreadable", rule);
    }
    assert!(plain.heard().is_empty() && older.heard().is_empty());

    // A provider that writes something else than declared has broken its contract.
    let body = bytes(&task(TCVN3, ""));
    let xml = [("format = \"json\"", "format = \"xml\"")];
    let wrong =
        stage("utf-8", "utf-8", &xml, move |_| reply("200 OK", "Content-Type: application/xml\r\n", &body))
            .await;
    assert_eq!(wrong.get(Who::Hanoi, "/records/A").await.status, 502);
}

#[tokio::test]
async fn no_encoding_hides_a_signature() {
    let signature = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></NhiemVu>";
    let signed = String::from_utf8(task("Nhiệm vụ".as_bytes(), "")).unwrap().replace("</NhiemVu>", signature);
    let utf_16: Vec<u8> = format!("\u{FEFF}{signed}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let stage = stage("utf-16", "utf-8", &[], |_| reply("201 Created", "", "")).await;
    submit(&stage, "application/xml", &utf_16).await.is_refused(422, "signed-document", "signed-refused");
    assert!(stage.heard().is_empty());
}
