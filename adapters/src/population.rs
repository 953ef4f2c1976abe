//! The national population database's SOAP 1.1, as integrators describe it: verification only.
//!
//! Nothing official exists, so what differs between guides is [`Dialect`]. A person's record is never
//! asked for (`TraCuuThongTinCongDan`), and of an answer the [`Verdict`] alone is kept: even when a
//! citizen's particulars come along, nothing of them leaves this file.
//!
//! An answer is a verdict only when it says so clearly. A fault, an error page, an operation that was
//! not called, two answers that contradict each other: all are [`Unreadable`], which its caller
//! reports as *not verified*. An outage is never a yes; it is never a no either.
//!
//! Answers seen, inside `XacThucThongTinCongDanResponse`, whatever their namespace:
//!
//! | answer | verdict |
//! |---|---|
//! | `KetQuaXacThuc/TonTai` true, `KetQua` true or absent | `khop` |
//! | `KetQuaXacThuc/TonTai` true, `KetQua` false | `khong-khop` |
//! | `KetQuaXacThuc/TonTai` false, `KetQua` false or absent | `khong-ton-tai` |
//! | `CongdanCollection` with one `CongDan` | `khop` |
//! | `CongdanCollection` empty, or nothing at all | `khong-khop` |

use contracts::Bilingual;

use crate::{
    Limits, Unreadable, soap,
    unreadable::{Problem, Rule},
    xml::{escape, lexical, tokens::Tokens},
};

/// The media type of questions and answers.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

const OPERATION: &str = "XacThucThongTinCongDan";
const RESPONSE: &str = "XacThucThongTinCongDanResponse";

/// What the database wants to read in a question; issued to each integrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The namespace of the operation and its fields, usually `http://dancuquocgia.bca`.
    pub namespace: String,
    /// `MaDVC`, at most 20 characters.
    pub ma_dvc: String,
    /// `MaTichHop`, e.g. `037`, at most 20 characters.
    pub ma_tich_hop: String,
    /// `MaDonVi`, the asking agency's code, at most 35 characters.
    pub ma_don_vi: String,
    /// How a date of birth is written.
    pub date_form: DateForm,
}

/// How the database writes dates; guides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// `yyyyMMdd`.
    Compact,
    /// `yyyy-MM-dd`.
    Dashed,
}

/// Whether a number, a name and a birth belong together: the question.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// `MaYeuCau`, 1 to 40 characters: the exchange.
    pub ma_yeu_cau: &'a str,
    /// `MaCanBo`, 1 to 20 characters: the officer who asks.
    pub ma_can_bo: &'a str,
    /// `SoDinhDanh`, 12 digits.
    pub so_dinh_danh: &'a str,
    /// `HoVaTen`, 1 to 100 characters; written in capitals, as the database keeps it.
    pub ho_va_ten: &'a str,
    /// `yyyy-MM-dd`, or `yyyy` for those whose day is not known.
    pub ngay_sinh: &'a str,
}

/// What the database says; nothing else of its answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Number, name and birth belong together.
    Khop,
    /// They do not.
    KhongKhop,
    /// Nobody has that number.
    KhongTonTai,
}

/// A question that the database would not understand. It holds no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unaskable {
    /// A field is empty or too long.
    #[error("`{field}` must hold 1 to {longest} characters")]
    Length {
        /// The field's name in the question.
        field: &'static str,
        /// The most characters it may hold.
        longest: usize,
    },
    /// A field is not of its form.
    #[error("`{field}` must be {form}")]
    Form {
        /// The field's name in the question.
        field: &'static str,
        /// The form it must have.
        form: &'static str,
    },
}

impl Dialect {
    /// The `SOAPAction` header of a question, in its quotation marks.
    pub fn action(&self) -> String {
        format!("\"{}/{OPERATION}\"", self.namespace)
    }
}

impl Verdict {
    /// The value of `KetQua` in `ket-qua-xac-thuc@1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Khop => "khop",
            Self::KhongKhop => "khong-khop",
            Self::KhongTonTai => "khong-ton-tai",
        }
    }
}

impl Unaskable {
    /// The name of the field at fault, such as `MaCanBo`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Length { field, .. } | Self::Form { field, .. } => field,
        }
    }

    /// What the field must be.
    pub fn message(&self) -> Bilingual {
        let vi = match self {
            Self::Length { field, longest } => format!("`{field}` phải có từ 1 đến {longest} ký tự"),
            Self::Form { field, form } => format!("`{field}` phải có dạng {form}"),
        };
        Bilingual::new(vi, self.to_string())
    }
}

/// Appends the SOAP request that asks `question`.
///
/// # Errors
/// A field that the database would not take; nothing is appended then.
pub fn write(question: &Question<'_>, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Unaskable> {
    let name = question.ho_va_ten.to_uppercase();
    // In the order that the database asks for.
    let fields = [
        ("MaYeuCau", question.ma_yeu_cau, 40),
        ("MaDVC", &dialect.ma_dvc, 20),
        ("MaTichHop", &dialect.ma_tich_hop, 20),
        ("MaDonVi", &dialect.ma_don_vi, 35),
        ("MaCanBo", question.ma_can_bo, 20),
        ("SoDinhDanh", question.so_dinh_danh, 12),
        ("HoVaTen", &name, 100),
    ];
    for (field, text, longest) in fields {
        if text.is_empty() || text.chars().count() > longest {
            return Err(Unaskable::Length { field, longest });
        }
    }
    if !is_digits(question.so_dinh_danh, 12) {
        return Err(Unaskable::Form { field: "SoDinhDanh", form: "999999999999" });
    }
    let (birth, born) = birth(question.ngay_sinh, dialect.date_form)
        .ok_or(Unaskable::Form { field: "NgayThangNamSinh", form: "yyyy-MM-dd | yyyy" })?;
    soap::write(
        soap::Version::V1_1,
        out,
        |_| (),
        |out| {
            out.extend_from_slice(format!("<dc:{OPERATION} xmlns:dc=\"").as_bytes());
            escape::attribute(&dialect.namespace, out);
            out.extend_from_slice(b"\">");
            for (field, text, _) in fields {
                element(field, out, |out| escape::text(text, out));
            }
            element("NgayThangNamSinh", out, |out| element(birth, out, |out| escape::text(&born, out)));
            out.extend_from_slice(format!("</dc:{OPERATION}>").as_bytes());
        },
    );
    Ok(())
}

/// Reads an answer.
///
/// # Errors
/// Anything that is not clearly a verdict; a SOAP Fault has the rule `soap-fault`.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Verdict, Unreadable> {
    read_verdict(bytes, limits).map_err(|problem| Unreadable::new(bytes, problem))
}

fn read_verdict(bytes: &[u8], limits: &Limits) -> Result<Verdict, Problem<'static>> {
    let mut message = soap::Message::new(Tokens::new(bytes, limits)?);
    let response = message.payload()?;
    let place = message.tokens().start();
    let unclear = Problem::new(Rule::NotAVerdict, place);
    if message.version() != soap::Version::V1_1 {
        return Err(Problem::new(Rule::SoapVersion, place));
    }
    if message.is(response, "Fault") {
        return Err(Problem::new(Rule::SoapFault, place));
    }
    if response.local != RESPONSE {
        return Err(unclear);
    }
    let mut said = Said::default();
    let tokens = message.tokens();
    while let Some(part) = tokens.next_child()? {
        match part.local {
            "KetQuaXacThuc" => said.result(tokens)?,
            "CongdanCollection" => said.citizens(tokens)?,
            _ => {
                said.strange = true;
                tokens.skip()?;
            }
        }
    }
    message.finish()?;
    said.verdict().ok_or(unclear)
}

/// What an answer said so far.
#[derive(Default)]
struct Said {
    results: usize,
    exists: Option<bool>,
    belongs: Option<bool>,
    citizens: usize,
    /// It holds something that no guide describes, such as an error in words.
    strange: bool,
}

impl Said {
    fn result(&mut self, tokens: &mut Tokens<'_, '_>) -> Result<(), Problem<'static>> {
        self.results += 1;
        while let Some(part) = tokens.next_child()? {
            let told = match part.local {
                "TonTai" => &mut self.exists,
                "KetQua" => &mut self.belongs,
                _ => {
                    tokens.skip()?;
                    continue;
                }
            };
            let place = tokens.start();
            let value = lexical::boolean(&tokens.content()?);
            if told.is_some() || value.is_none() {
                return Err(Problem::new(Rule::NotAVerdict, place));
            }
            *told = value;
        }
        Ok(())
    }

    fn citizens(&mut self, tokens: &mut Tokens<'_, '_>) -> Result<(), Problem<'static>> {
        while let Some(part) = tokens.next_child()? {
            if part.local == "CongDan" {
                self.citizens += 1;
            } else {
                self.strange = true;
            }
            tokens.skip()?;
        }
        Ok(())
    }

    fn verdict(&self) -> Option<Verdict> {
        match (self.results, self.exists, self.belongs, self.citizens) {
            (1, Some(true), Some(true) | None, 0 | 1) => Some(Verdict::Khop),
            (1, Some(true), Some(false), 0) => Some(Verdict::KhongKhop),
            (1, Some(false), Some(false) | None, 0) => Some(Verdict::KhongTonTai),
            (0, None, None, 1) => Some(Verdict::Khop),
            // Silence is an answer only when there is nothing else in it.
            (0, None, None, 0) if !self.strange => Some(Verdict::KhongKhop),
            _ => None,
        }
    }
}

/// The element and the text that say when a person was born.
fn birth(text: &str, form: DateForm) -> Option<(&'static str, String)> {
    if is_digits(text, 4) {
        return Some(("Nam", text.to_owned()));
    }
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !is_digits(year, 4) || !is_digits(month, 2) || !is_digits(day, 2) {
        return None;
    }
    let born = match form {
        DateForm::Compact => [year, month, day].concat(),
        DateForm::Dashed => text.to_owned(),
    };
    Some(("NgayThangNam", born))
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn element(name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(format!("<dc:{name}>").as_bytes());
    write(out);
    out.extend_from_slice(format!("</dc:{name}>").as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dialect() -> Dialect {
        Dialect {
            namespace: "http://dancuquocgia.bca".into(),
            ma_dvc: "DVC-MAU".into(),
            ma_tich_hop: "037".into(),
            ma_don_vi: "G06".into(),
            date_form: DateForm::Compact,
        }
    }

    fn question() -> Question<'static> {
        Question {
            ma_yeu_cau: "0198a000",
            ma_can_bo: "cb-01",
            so_dinh_danh: "001099000001",
            ho_va_ten: "Nguyễn Văn Mẫu <&>",
            ngay_sinh: "1999-01-31",
        }
    }

    fn asked(question: &Question<'_>, dialect: &Dialect) -> Result<String, Unaskable> {
        let mut out = Vec::new();
        write(question, dialect, &mut out).inspect_err(|_| assert!(out.is_empty()))?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn answered(content: &str) -> Result<Verdict, &'static str> {
        let mut out = Vec::new();
        let response = format!("<r:{RESPONSE} xmlns:r='http://dancuquocgia.bca'>{content}</r:{RESPONSE}>");
        soap::write(soap::Version::V1_1, &mut out, |_| (), |out| out.extend_from_slice(response.as_bytes()));
        read(&out, &Limits::default()).map_err(|unreadable| unreadable.rule)
    }

    #[test]
    fn a_question_holds_its_fields_in_order() {
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>"#,
            r#"<dc:XacThucThongTinCongDan xmlns:dc="http://dancuquocgia.bca"><dc:MaYeuCau>0198a000</dc:MaYeuCau>"#,
            "<dc:MaDVC>DVC-MAU</dc:MaDVC><dc:MaTichHop>037</dc:MaTichHop><dc:MaDonVi>G06</dc:MaDonVi>",
            "<dc:MaCanBo>cb-01</dc:MaCanBo><dc:SoDinhDanh>001099000001</dc:SoDinhDanh>",
            "<dc:HoVaTen>NGUYỄN VĂN MẪU &lt;&amp;&gt;</dc:HoVaTen><dc:NgayThangNamSinh>",
            "<dc:NgayThangNam>19990131</dc:NgayThangNam></dc:NgayThangNamSinh></dc:XacThucThongTinCongDan>",
            "</soapenv:Body></soapenv:Envelope>"
        );
        assert_eq!(asked(&question(), &dialect()).unwrap(), expected);
        assert_eq!(dialect().action(), "\"http://dancuquocgia.bca/XacThucThongTinCongDan\"");
    }

    #[test]
    fn births_are_written_as_the_dialect_says() {
        let dashed = Dialect { date_form: DateForm::Dashed, ..dialect() };
        assert!(
            asked(&question(), &dashed).unwrap().contains("<dc:NgayThangNam>1999-01-31</dc:NgayThangNam>")
        );
        let year = Question { ngay_sinh: "1999", ..question() };
        for dialect in [dialect(), dashed] {
            assert!(asked(&year, &dialect).unwrap().contains("<dc:Nam>1999</dc:Nam>"));
        }
    }

    #[test]
    fn what_the_database_would_not_take_is_not_asked() {
        let usual = question();
        let long = "ấ".repeat(101);
        for (question, field) in [
            (Question { ma_yeu_cau: &long[..41 * 3], ..usual }, "MaYeuCau"),
            (Question { ma_can_bo: "", ..usual }, "MaCanBo"),
            (Question { ma_can_bo: "123456789012345678901", ..usual }, "MaCanBo"),
            (Question { so_dinh_danh: "00109900000", ..usual }, "SoDinhDanh"),
            (Question { so_dinh_danh: "00109900000x", ..usual }, "SoDinhDanh"),
            (Question { ho_va_ten: &long, ..usual }, "HoVaTen"),
            (Question { ngay_sinh: "31/01/1999", ..usual }, "NgayThangNamSinh"),
            (Question { ngay_sinh: "1999-1-31", ..usual }, "NgayThangNamSinh"),
            (Question { ngay_sinh: "1999-01-31-01", ..usual }, "NgayThangNamSinh"),
        ] {
            let unaskable = asked(&question, &dialect()).unwrap_err();
            assert_eq!(unaskable.field(), field);
            assert!(unaskable.message().vi.contains(field) && unaskable.message().en.contains(field));
        }
        let nameless = Dialect { ma_don_vi: String::new(), ..dialect() };
        assert_eq!(asked(&usual, &nameless).unwrap_err().field(), "MaDonVi");
        let hundred = Question { ho_va_ten: &long[..100 * 3], ..usual };
        assert!(asked(&hundred, &dialect()).is_ok());
    }

    #[test]
    fn answers_seen_are_verdicts() {
        let result =
            |inner: &str| answered(&format!("<k:KetQuaXacThuc xmlns:k='urn:k'>{inner}</k:KetQuaXacThuc>"));
        assert_eq!(result("<TonTai>true</TonTai>"), Ok(Verdict::Khop));
        assert_eq!(result(" <TonTai> 1 </TonTai>\n<KetQua>true</KetQua>"), Ok(Verdict::Khop));
        assert_eq!(result("<TonTai>true</TonTai><KetQua>false</KetQua>"), Ok(Verdict::KhongKhop));
        assert_eq!(result("<TonTai>0</TonTai>"), Ok(Verdict::KhongTonTai));
        assert_eq!(result("<TonTai>false</TonTai><KetQua>false</KetQua>"), Ok(Verdict::KhongTonTai));
        let citizens = |inner: &str| {
            answered(&format!(
                "<CongdanCollection xmlns='http://www.mic.gov.vn/dancu/1.0'>{inner}</CongdanCollection>"
            ))
        };
        assert_eq!(citizens("<CongDan><HoVaTen>A</HoVaTen></CongDan>"), Ok(Verdict::Khop));
        assert_eq!(citizens(""), Ok(Verdict::KhongKhop));
        assert_eq!(answered(""), Ok(Verdict::KhongKhop));
    }

    #[test]
    fn nothing_else_is_a_verdict() {
        for unclear in [
            "<KetQuaXacThuc/>",
            "<KetQuaXacThuc><KetQua>true</KetQua></KetQuaXacThuc>",
            "<KetQuaXacThuc><TonTai>yes</TonTai></KetQuaXacThuc>",
            "<KetQuaXacThuc><TonTai/></KetQuaXacThuc>",
            "<KetQuaXacThuc><TonTai>true</TonTai><TonTai>true</TonTai></KetQuaXacThuc>",
            "<KetQuaXacThuc><TonTai>false</TonTai><KetQua>true</KetQua></KetQuaXacThuc>",
            "<KetQuaXacThuc><TonTai>true</TonTai></KetQuaXacThuc><KetQuaXacThuc/>",
            "<KetQuaXacThuc><TonTai>false</TonTai></KetQuaXacThuc><CongdanCollection><CongDan/></CongdanCollection>",
            "<KetQuaXacThuc><a><TonTai>true</TonTai></a></KetQuaXacThuc>",
            "<TonTai>true</TonTai>",
            "<CongdanCollection><CongDan/><CongDan/></CongdanCollection>",
            "<CongdanCollection><Loi/></CongdanCollection>",
            "<ThongBaoLoi>Quá hạn</ThongBaoLoi>",
        ] {
            assert_eq!(answered(unclear), Err("not-a-verdict"), "{unclear}");
        }
        assert_eq!(answered("Lỗi"), Err("mixed-content"));
    }

    #[test]
    fn faults_and_other_operations_are_no_answers() {
        let rule = |body: &str| {
            let mut out = Vec::new();
            soap::write(soap::Version::V1_1, &mut out, |_| (), |out| out.extend_from_slice(body.as_bytes()));
            read(&out, &Limits::default()).unwrap_err().rule
        };
        let fault = "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>BiMat</faultstring></soapenv:Fault>";
        assert_eq!(rule(fault), "soap-fault");
        assert_eq!(rule("<TraCuuThongTinCongDanResponse/>"), "not-a-verdict");
        assert_eq!(rule("<XacThucThongTinCongDan/>"), "not-a-verdict");
        assert_eq!(
            read(b"<html><body>502</body></html>", &Limits::default()).unwrap_err().rule,
            "wrong-root"
        );
        assert_eq!(read(b"", &Limits::default()).unwrap_err().rule, "not-well-formed");
    }

    #[test]
    fn no_particulars_leave_an_unclear_answer() {
        let response =
            format!("<{RESPONSE}><KetQuaXacThuc><TonTai>BiMat4711</TonTai></KetQuaXacThuc></{RESPONSE}>");
        let mut out = Vec::new();
        soap::write(soap::Version::V1_1, &mut out, |_| (), |out| out.extend_from_slice(response.as_bytes()));
        let unreadable = read(&out, &Limits::default()).unwrap_err();
        assert!(!format!("{unreadable:?} {unreadable}").contains("BiMat4711"));
    }

    proptest! {
        #[test]
        fn damaged_answers_never_panic_and_never_turn_into_a_match(
            at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
        ) {
            let mut out = Vec::new();
            let response = format!("<{RESPONSE}><KetQuaXacThuc><TonTai>false</TonTai></KetQuaXacThuc></{RESPONSE}>");
            soap::write(soap::Version::V1_1, &mut out, |_| (), |out| out.extend_from_slice(response.as_bytes()));
            let at = at.index(out.len());
            out[at] = byte;
            prop_assert_ne!(read(&out, &Limits::default()).ok(), Some(Verdict::Khop));
            let cut = cut.index(out.len());
            prop_assert!(read(&out[..cut], &Limits::default()).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            prop_assert!(read(&bytes, &Limits::default()).is_err());
        }
    }
}
