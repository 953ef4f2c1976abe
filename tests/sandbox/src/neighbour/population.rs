//! `G01/he-thong-dan-cu`, simulated: a population database as integrators describe its SOAP 1.1.
//!
//! It answers whether a number, a name and a date of birth belong together, among four invented
//! citizens, and refuses look-ups: the gateway has no business asking for a person's record. It is
//! as strict as the real one is said to be: fields in their order, lengths, the `SOAPAction`.

use anyhow::Result;
use http::{Method, StatusCode};
use roxmltree::{Document, Node};
use serde::Deserialize;

use super::{Part, Received, Reply};

const SOAP: &str = "text/xml; charset=utf-8";
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const NAMESPACE: &str = "http://dancuquocgia.bca";
const VERIFY: &str = "XacThucThongTinCongDan";
const PATH: &str = "/dan-cu";
const CITIZENS: &str = include_str!("../../records/cong-dan.json");

/// The fields of a question in their order, and the most characters each may hold.
const FIELDS: [(&str, usize); 8] = [
    ("MaYeuCau", 40),
    ("MaDVC", 20),
    ("MaTichHop", 10),
    ("MaDonVi", 35),
    ("MaCanBo", 20),
    ("SoDinhDanh", 12),
    ("HoVaTen", 100),
    ("NgayThangNamSinh", 0),
];

/// The register.
pub struct Population {
    citizens: Vec<Citizen>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Citizen {
    so_dinh_danh: String,
    ho_va_ten: String,
    ngay_sinh: String,
}

impl Population {
    /// Reads the invented citizens.
    ///
    /// # Errors
    /// When the file is broken.
    pub fn open() -> Result<Self> {
        Ok(Self { citizens: serde_json::from_str(CITIZENS)? })
    }

    fn verify(&self, question: Node<'_, '_>) -> Result<&'static str, String> {
        let given: Vec<Node<'_, '_>> = question.children().filter(Node::is_element).collect();
        let names = given.iter().map(|node| node.tag_name().name());
        if !names.clone().eq(FIELDS.iter().map(|(name, _)| *name)) {
            return Err(format!(
                "fields must be {FIELDS:?} in this order, not {:?}",
                names.collect::<Vec<_>>()
            ));
        }
        let text = |index: usize| given.get(index).and_then(|node| node.text()).unwrap_or_default();
        for (index, (name, longest)) in FIELDS.iter().enumerate().take(FIELDS.len() - 1) {
            if text(index).is_empty() || text(index).chars().count() > *longest {
                return Err(format!("`{name}` must hold 1 to {longest} characters"));
            }
        }
        let number = text(5);
        if number.len() != 12 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err("`SoDinhDanh` must be 12 digits".into());
        }
        let born = given.last().map(born).ok_or("no date of birth")??;
        Ok(match self.citizens.iter().find(|citizen| citizen.so_dinh_danh == number) {
            None => "khong-ton-tai",
            Some(citizen) if citizen.is(text(6), &born) => "khop",
            Some(_) => "khong-khop",
        })
    }
}

/// `NgayThangNam` (yyyyMMdd) or `Nam` (yyyy).
fn born(node: &Node<'_, '_>) -> Result<String, String> {
    let inner = node.first_element_child().ok_or("`NgayThangNamSinh` holds `NgayThangNam` or `Nam`")?;
    let text = inner.text().unwrap_or_default();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match (inner.tag_name().name(), text.len()) {
        ("NgayThangNam", 8) | ("Nam", 4) if digits => Ok(text.to_owned()),
        _ => Err("a date of birth is `NgayThangNam` yyyyMMdd or `Nam` yyyy".into()),
    }
}

impl Citizen {
    /// Names are compared in capitals, as the register prints them; a year matches a whole date.
    fn is(&self, name: &str, born: &str) -> bool {
        self.ho_va_ten.to_uppercase() == name.to_uppercase()
            && (self.ngay_sinh == born || (born.len() == 4 && self.ngay_sinh.starts_with(born)))
    }
}

impl Part for Population {
    fn answer(&self, request: &Received) -> Reply {
        if request.path.trim_end_matches('/') != PATH {
            return Reply::refusal(StatusCode::NOT_FOUND, "no such resource");
        }
        if request.method != Method::POST {
            return Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, "SOAP is posted");
        }
        if request.media() != "text/xml" {
            return Reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "SOAP 1.1 is text/xml");
        }
        let action = request.header("soapaction").unwrap_or_default().trim_matches('"');
        if action != format!("{NAMESPACE}/{VERIFY}") {
            return fault("Client", "SOAPAction names no operation that is open to this caller");
        }
        let text = String::from_utf8_lossy(&request.body);
        let Ok(document) = Document::parse(&text) else { return fault("Client", "not well-formed") };
        let root = document.root_element();
        let body = root.children().find(|node| node.has_tag_name((ENVELOPE, "Body")));
        let question = body.and_then(|body| body.first_element_child());
        let Some(question) = question.filter(|_| root.has_tag_name((ENVELOPE, "Envelope"))) else {
            return fault("Client", "no SOAP 1.1 envelope with a body");
        };
        if !question.has_tag_name((NAMESPACE, VERIFY)) {
            return fault("Client", "this operation is not open to this caller");
        }
        match self.verify(question) {
            Ok(verdict) => Reply::new(StatusCode::OK, SOAP, envelope(&answer(verdict))),
            Err(why) => fault("Client", &why),
        }
    }
}

fn answer(verdict: &str) -> String {
    let (exists, right) = match verdict {
        "khong-ton-tai" => ("false", "false"),
        "khop" => ("true", "true"),
        _ => ("true", "false"),
    };
    format!(
        "<ns:{VERIFY}Response xmlns:ns=\"{NAMESPACE}\"><ns:KetQuaXacThuc><ns:TonTai>{exists}</ns:TonTai>\
         <ns:KetQua>{right}</ns:KetQua></ns:KetQuaXacThuc></ns:{VERIFY}Response>"
    )
}

fn fault(code: &str, why: &str) -> Reply {
    let why = why.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!("<s:Fault><faultcode>s:{code}</faultcode><faultstring>{why}</faultstring></s:Fault>");
    // SOAP 1.1 over HTTP: a fault is a 500.
    Reply::new(StatusCode::INTERNAL_SERVER_ERROR, SOAP, envelope(&body))
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"{ENVELOPE}\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn question(fields: &[(&str, &str)]) -> String {
        let fields: String =
            fields.iter().map(|(name, text)| format!("<q:{name}>{text}</q:{name}>")).collect();
        envelope(&format!("<q:{VERIFY} xmlns:q=\"{NAMESPACE}\">{fields}</q:{VERIFY}>"))
    }

    fn usual<'a>(number: &'a str, name: &'a str, born: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MaYeuCau", "1"),
            ("MaDVC", "G06"),
            ("MaTichHop", "037"),
            ("MaDonVi", "G06"),
            ("MaCanBo", "cb-01"),
            ("SoDinhDanh", number),
            ("HoVaTen", name),
            ("NgayThangNamSinh", born),
        ]
    }

    fn ask(body: String, action: &str) -> (u16, String) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", SOAP.parse().unwrap());
        headers.insert("soapaction", format!("\"{NAMESPACE}/{action}\"").parse().unwrap());
        let request = Received {
            method: Method::POST,
            path: PATH.into(),
            query: String::new(),
            headers,
            body: body.into(),
        };
        let reply = Population::open().unwrap().answer(&request);
        (reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap())
    }

    fn verdict(number: &str, name: &str, born: &str) -> String {
        let (status, body) = ask(question(&usual(number, name, born)), VERIFY);
        assert_eq!(status, 200, "{body}");
        let document = Document::parse(&body).unwrap();
        let text = |name: &str| {
            document.descendants().find(|n| n.tag_name().name() == name).unwrap().text().unwrap()
        };
        format!("{} {}", text("TonTai"), text("KetQua"))
    }

    #[test]
    fn number_name_and_birth_must_belong_together() {
        let day = "<q:NgayThangNam>19850314</q:NgayThangNam>";
        assert_eq!(verdict("001199000021", "HOÀNG THỊ MINH HỌA", day), "true true");
        assert_eq!(verdict("001199000021", "HOÀNG THỊ MINH HỌA", "<q:Nam>1985</q:Nam>"), "true true");
        assert_eq!(verdict("001199000021", "HOÀNG THỊ MINH", day), "true false");
        assert_eq!(verdict("001199000099", "HOÀNG THỊ MINH HỌA", day), "false false");
    }

    #[test]
    fn order_action_and_operation_are_strict() {
        let good = usual("001199000021", "A", "<q:Nam>1985</q:Nam>");
        let mut swapped = good.clone();
        swapped.swap(0, 1);
        assert_eq!(ask(question(&swapped), VERIFY).0, 500);
        assert_eq!(ask(question(&good[1..]), VERIFY).0, 500);
        assert_eq!(ask(question(&good), "TraCuuThongTinCongDan").0, 500);
        let lookup = question(&good).replace(VERIFY, "TraCuuThongTinCongDan");
        assert_eq!(ask(lookup, VERIFY).0, 500);
        assert_eq!(ask(question(&usual("1", "A", "<q:Nam>1985</q:Nam>")), VERIFY).0, 500);
        assert_eq!(ask(question(&usual("001199000021", "A", "1985")), VERIFY).0, 500);
    }
}
