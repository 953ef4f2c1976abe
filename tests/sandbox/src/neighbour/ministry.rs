//! `G03/quan-ly-de-tai`, simulated: a ministry's task management that speaks SOAP 1.1 and nothing else, behind
//! X-Road's header blocks.
//!
//! One address, `/ws`, three operations of its own wording: `TimNhiemVu` (its criteria in elements),
//! `LayNhiemVu` (by `id`), `GuiNhiemVu` (one record). As strict as such systems are: the action in quotation
//! marks and the body's element must agree, every header block must be right, and whatever is wrong comes back
//! as a fault that says more than the gateway has any business passing on.

use anyhow::Result;
use http::{Method, StatusCode};
use roxmltree::{Document, Node};

use super::{
    Part, Received, Reply,
    province::{self, child},
    store::{Kept, NotAdded, Store},
};

const SOAP: &str = "text/xml; charset=utf-8";
const PATH: &str = "/ws";
const DATASET: &str = "nhiem-vu";
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XROAD: &str = "http://x-road.eu/xsd/xroad.xsd";
const IDENTIFIERS: &str = "http://x-road.eu/xsd/identifiers";
/// Its own namespace, which is not the dataset's.
const NAMESPACE: &str = "urn:mau:g03:quan-ly-de-tai";
const SAMPLE: &str = include_str!("../../records/nhiem-vu-g03.xml");
/// What it can be searched by.
const CRITERIA: [&str; 3] = ["MaSo", "CapQuanLy", "TinhTrang"];
/// Who may ask, and under which name it is asked.
const CLIENT: [(&str, &str); 4] =
    [("xRoadInstance", "VN"), ("memberClass", "GOV"), ("memberCode", "G06"), ("subsystemCode", "lien-thong")];
const SERVICE: [(&str, &str); 4] = [
    ("xRoadInstance", "VN"),
    ("memberClass", "GOV"),
    ("memberCode", "G03"),
    ("subsystemCode", "quan-ly-de-tai"),
];

/// The system and its records.
pub struct Ministry {
    store: Store,
}

/// Why it answers with a fault: whose, in SOAP's words, and what it says of itself.
struct Fault(&'static str, String);

fn client(why: impl Into<String>) -> Fault {
    Fault("Client", why.into())
}

impl Ministry {
    /// Opens its records; a system that has none yet gets the invented ones of `records/`.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub fn open(store: Store) -> Result<Self> {
        if store.is_empty() {
            let document = Document::parse(SAMPLE)?;
            let elements = document.root_element().children().filter(Node::is_element);
            let records: Result<Vec<Kept>, String> = elements.map(province::keep).collect();
            store
                .add(records.map_err(anyhow::Error::msg)?)
                .map_err(|why| anyhow::anyhow!("sample records: {why:?}"))?;
        }
        Ok(Self { store })
    }

    /// The answer's element and content to what `asked` asks.
    fn serve(&self, asked: Node<'_, '_>) -> Result<(&'static str, String), Fault> {
        let parts: Vec<Node<'_, '_>> = asked.children().filter(Node::is_element).collect();
        match (asked.tag_name().name(), parts.as_slice()) {
            ("TimNhiemVu", criteria) => {
                let wanted = criteria.iter().map(|node| {
                    let name = node.tag_name().name();
                    let known = node.tag_name().namespace() == Some(NAMESPACE) && CRITERIA.contains(&name);
                    known.then(|| (name, node.text().unwrap_or_default()))
                });
                let wanted: Option<Vec<_>> = wanted.collect();
                let wanted = wanted.ok_or_else(|| client("a criterion this system does not know"))?;
                let matches = |kept: &Kept| {
                    let Ok(document) = Document::parse(&kept.text) else { return false };
                    let is = |name: &str| child(document.root_element(), name).and_then(|node| node.text());
                    wanted.iter().all(|(name, value)| is(name) == Some(*value))
                };
                let found: String =
                    self.store.all(DATASET).into_iter().filter(matches).map(|kept| kept.text).collect();
                Ok((
                    "TimNhiemVuKetQua",
                    format!("<DanhSachNhiemVu xmlns=\"{}\">{found}</DanhSachNhiemVu>", province::NAMESPACE),
                ))
            }
            ("LayNhiemVu", [id]) if id.has_tag_name((NAMESPACE, "id")) => {
                let key = id.text().unwrap_or_default();
                let found = self.store.all(DATASET).into_iter().find(|kept| kept.key == key);
                // Nothing found is an empty answer there, not a fault.
                Ok(("LayNhiemVuKetQua", found.map(|kept| kept.text).unwrap_or_default()))
            }
            ("GuiNhiemVu", [record]) => {
                let kept = province::keep(*record).map_err(client)?;
                let text = kept.text.clone();
                match self.store.add(vec![kept]) {
                    Ok(()) => Ok(("GuiNhiemVuKetQua", text)),
                    Err(NotAdded::Duplicate) => {
                        Err(client("ORA-00001: unique constraint (DETAI.PK_MA_SO) violated at db-01.noi-bo"))
                    }
                    Err(NotAdded::Unwritten(error)) => Err(Fault("Server", format!("not kept: {error}"))),
                }
            }
            _ => Err(client("no such operation, or not with these parts")),
        }
    }
}

impl Part for Ministry {
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
        let text = String::from_utf8_lossy(&request.body);
        let answered = Document::parse(&text)
            .map_err(|error| client(error.to_string()))
            .and_then(|document| self.converse(request, &document));
        match answered {
            Ok(message) => Reply::new(StatusCode::OK, SOAP, message),
            Err(Fault(code, why)) => {
                let why = why.replace('&', "&amp;").replace('<', "&lt;");
                let body = format!(
                    "<s:Fault><faultcode>s:{code}</faultcode><faultstring>{why}</faultstring><detail><may xmlns=\"{NAMESPACE}\">db-01.noi-bo</may></detail></s:Fault>"
                );
                // SOAP 1.1 over HTTP: a fault is a 500.
                Reply::new(StatusCode::INTERNAL_SERVER_ERROR, SOAP, envelope("", &body))
            }
        }
    }
}

impl Ministry {
    fn converse(&self, request: &Received, document: &Document<'_>) -> Result<String, Fault> {
        let root = document.root_element();
        if !root.has_tag_name((ENVELOPE, "Envelope")) {
            return Err(Fault("VersionMismatch", "SOAP 1.1 only".into()));
        }
        let part = |name| root.children().find(|node| node.has_tag_name((ENVELOPE, name)));
        let body = part("Body").ok_or_else(|| client("no body"))?;
        let mut elements = body.children().filter(Node::is_element);
        let (Some(asked), None) = (elements.next(), elements.next()) else {
            return Err(client("the body holds one element"));
        };
        let name = asked.tag_name().name();
        let action = request.header("soapaction").unwrap_or_default();
        if asked.tag_name().namespace() != Some(NAMESPACE) || action != format!("\"{NAMESPACE}#{name}\"") {
            return Err(client("SOAPAction and the body's element disagree"));
        }
        let header = part("Header").ok_or_else(|| client("no X-Road header"))?;
        check_header(header, name)?;
        let (answer, content) = self.serve(asked)?;
        // The protocol has every header block repeated.
        let blocks: String = header
            .children()
            .filter(Node::is_element)
            .filter_map(|block| document.input_text().get(block.range()))
            .collect();
        Ok(envelope(&blocks, &format!("<t:{answer} xmlns:t=\"{NAMESPACE}\">{content}</t:{answer}>")))
    }
}

/// Exactly the blocks of message protocol 4.0, each once, for this service and from its one client.
fn check_header(header: Node<'_, '_>, operation: &str) -> Result<(), Fault> {
    let blocks: Vec<Node<'_, '_>> = header.children().filter(Node::is_element).collect();
    let block = |name: &str| {
        let mut found = blocks.iter().filter(|node| node.has_tag_name((XROAD, name)));
        found.next().filter(|_| found.next().is_none()).copied()
    };
    let allowed = ["client", "service", "id", "userId", "issue", "protocolVersion"];
    if !blocks.iter().all(|node| allowed.iter().any(|name| node.has_tag_name((XROAD, *name)))) {
        return Err(client("a header block that is not X-Road's"));
    }
    let text = |name| block(name).and_then(|node| node.text()).unwrap_or_default();
    if text("protocolVersion") != "4.0" || text("id").is_empty() {
        return Err(client("X-Road's id or protocolVersion is missing"));
    }
    let holds = |name: &str, kind: &str, parts: &[(&str, &str)]| {
        let Some(node) = block(name) else { return false };
        let inner = node.children().filter(Node::is_element);
        node.attribute((IDENTIFIERS, "objectType")) == Some(kind)
            && inner
                .map(|part| (part.tag_name().namespace(), part.tag_name().name(), part.text()))
                .eq(parts.iter().map(|(name, value)| (Some(IDENTIFIERS), *name, Some(*value))))
    };
    let service = [&SERVICE[..], &[("serviceCode", operation), ("serviceVersion", "v1")]].concat();
    if !holds("client", "SUBSYSTEM", &CLIENT) || !holds("service", "SERVICE", &service) {
        return Err(client("X-Road's client or service is another"));
    }
    Ok(())
}

fn envelope(header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"{ENVELOPE}\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn system() -> (tempfile::TempDir, Ministry) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data.json")).unwrap();
        (folder, Ministry::open(store).unwrap())
    }

    fn header(operation: &str) -> String {
        let identifier = |name: &str, kind: &str, parts: &[(&str, &str)]| {
            let parts: String =
                parts.iter().map(|(name, value)| format!("<i:{name}>{value}</i:{name}>")).collect();
            format!("<x:{name} i:objectType=\"{kind}\">{parts}</x:{name}>")
        };
        let service = [&SERVICE[..], &[("serviceCode", operation), ("serviceVersion", "v1")]].concat();
        format!(
            "{}{}<x:id>1</x:id><x:protocolVersion>4.0</x:protocolVersion>",
            identifier("client", "SUBSYSTEM", &CLIENT),
            identifier("service", "SERVICE", &service)
        )
    }

    fn message(operation: &str, parts: &str) -> String {
        envelope(&header(operation), &format!("<{operation} xmlns=\"{NAMESPACE}\">{parts}</{operation}>"))
            .replacen(
                "<s:Envelope ",
                &format!("<s:Envelope xmlns:x=\"{XROAD}\" xmlns:i=\"{IDENTIFIERS}\" "),
                1,
            )
    }

    fn send(system: &Ministry, operation: &str, message: &str) -> (u16, String) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", SOAP.parse().unwrap());
        headers.insert("soapaction", format!("\"{NAMESPACE}#{operation}\"").parse().unwrap());
        let request = Received {
            method: Method::POST,
            path: PATH.into(),
            query: String::new(),
            headers,
            body: message.to_owned().into(),
        };
        let reply = system.answer(&request);
        (reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap())
    }

    fn ask(system: &Ministry, operation: &str, parts: &str) -> (u16, String) {
        send(system, operation, &message(operation, parts))
    }

    #[test]
    fn its_samples_are_found_by_criteria_and_by_key() {
        let (_folder, system) = system();
        let (status, all) = ask(&system, "TimNhiemVu", "");
        assert_eq!(status, 200, "{all}");
        assert!(all.matches("<MaSo>").count() >= 3, "{all}");
        let (_, some) = ask(&system, "TimNhiemVu", "<TinhTrang>dang-tien-hanh</TinhTrang>");
        assert!(some.matches("<NhiemVu").count() < all.matches("<NhiemVu").count());
        let (_, one) = ask(&system, "LayNhiemVu", "<id>B2026-MAU-01</id>");
        assert!(one.contains("<MaSo>B2026-MAU-01</MaSo>") && one.contains("protocolVersion>4.0<"), "{one}");
        let (status, none) = ask(&system, "LayNhiemVu", "<id>khong-co</id>");
        assert!(
            status == 200 && none.contains("KetQua xmlns:t=\"urn:mau:g03:quan-ly-de-tai\"></t:"),
            "{none}"
        );
    }

    #[test]
    fn whatever_is_wrong_is_a_fault() {
        let (_folder, system) = system();
        let good = message("LayNhiemVu", "<id>1</id>");
        assert_eq!(send(&system, "LayNhiemVu", &good).0, 200);
        for (operation, wrong) in [
            ("TimNhiemVu", good.clone()),
            ("LayNhiemVu", good.replace(ENVELOPE, "http://www.w3.org/2003/05/soap-envelope")),
            ("LayNhiemVu", good.replace(">lien-thong<", ">khac<")),
            ("LayNhiemVu", good.replace(">4.0<", ">3.0<")),
            ("LayNhiemVu", good.replace("<x:id>1</x:id>", "")),
            ("LayNhiemVu", good.replace("SUBSYSTEM", "MEMBER")),
            ("LayNhiemVu", good.replace("<id>1</id>", "")),
            ("LayNhiemVu", good.replace("</s:Header>", "<o:la xmlns:o=\"urn:la\"/></s:Header>")),
            ("XoaNhiemVu", message("XoaNhiemVu", "")),
        ] {
            let (status, body) = send(&system, operation, &wrong);
            assert!(status == 500 && body.contains("<faultcode>s:"), "{wrong}\n{body}");
        }
        assert_eq!(ask(&system, "TimNhiemVu", "<KinhPhi>1</KinhPhi>").0, 500);
        assert_eq!(ask(&system, "GuiNhiemVu", "<NhiemVu/>").0, 500);
    }
}
