use proptest::prelude::*;

use super::*;
use crate::{Limits, xroad};

const NS: &str = "urn:lienthong:dataset:thu:1";

fn within(version: Version, header: &str, body: &str) -> String {
    let namespace = version.namespace();
    format!(
        "<s:Envelope xmlns:s='{namespace}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn rule(text: &str) -> &'static str {
    read(text.as_bytes(), &Limits::default()).map_or_else(|unreadable| unreadable.rule, |_| "")
}

fn element(text: &str) -> Element<'_> {
    match read(text.as_bytes(), &Limits::default()).unwrap().content {
        Content::Element(element) => element,
        Content::Fault(fault) => panic!("{fault:?}"),
    }
}

#[test]
fn what_is_no_envelope_is_refused() {
    let v11 = Version::V1_1.namespace();
    let within = |body: &str| format!("<s:Envelope xmlns:s='{v11}'>{body}</s:Envelope>");
    for (text, code) in [
        ("<Envelope><Body><a/></Body></Envelope>".into(), "wrong-root"),
        ("<Envelope xmlns='urn:other'><Body><a/></Body></Envelope>".into(), "soap-version"),
        ("<html/>".into(), "wrong-root"),
        (String::new(), "not-well-formed"),
        (within(""), "soap-body"),
        (within("<s:Body/>"), "soap-body"),
        (within("<Body><a/></Body>"), "wrong-root"),
        (within("<s:Body><a/><b/></s:Body>"), "soap-body"),
        (within("<s:Body><a/></s:Body><s:Body><b/></s:Body>"), "wrong-root"),
        (within("<s:Body><a/></s:Body><trailer/>"), "wrong-root"),
        (within("<s:Header/><s:Header/><s:Body><a/></s:Body>"), "wrong-root"),
        (within("<s:Body>x<a/></s:Body>"), "mixed-content"),
        (within("<s:Body><a>x<b/></a></s:Body>"), "mixed-content"),
        // The body of one version inside the envelope of the other.
        (
            format!(
                "<s:Envelope xmlns:s='{v11}'><t:Body xmlns:t='{}'><a/></t:Body></s:Envelope>",
                Version::V1_2.namespace()
            ),
            "wrong-root",
        ),
        (
            format!(
                "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>{}",
                within("<s:Body><a>&b;</a></s:Body>")
            ),
            "doctype",
        ),
        (within("<s:Body><a>&b;</a></s:Body>"), "entity"),
    ] {
        assert_eq!(rule(&text), code, "{text}");
    }
}

#[test]
fn both_versions_are_read_whatever_the_prefix() {
    for version in [Version::V1_1, Version::V1_2] {
        let text = within(
            version,
            "",
            &format!("<QueryThu xmlns='{NS}'><MaTinh>01</MaTinh><limit>5</limit></QueryThu>"),
        );
        let envelope = read(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(envelope.version, version);
        let asked = element(&text);
        assert_eq!((asked.namespace.as_str(), asked.name), (NS, "QueryThu"));
        let parts: Vec<_> = asked.parts.iter().map(|part| (part.name, part.text.as_deref())).collect();
        assert_eq!(parts, [("MaTinh", Some("01")), ("limit", Some("5"))]);
        assert!(asked.parts.iter().all(|part| part.namespace == NS));
    }
}

#[test]
fn a_document_inside_is_cut_out_with_its_namespaces() {
    let text = within(
        Version::V1_1,
        "",
        &format!(
            "<n:SubmitThu xmlns:n='{NS}' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><n:Thu a='1'><n:X i:nil='true'/></n:Thu></n:SubmitThu>"
        ),
    );
    let asked = element(&text);
    let part = &asked.parts[0];
    assert_eq!((part.name, &part.text), ("Thu", &None));
    let document = String::from_utf8(part.document()).unwrap();
    let alone = roxmltree::Document::parse(&document).unwrap();
    assert!(alone.root_element().has_tag_name((NS, "Thu")), "{document}");
    assert!(document.contains("<n:X i:nil='true'/>"), "{document}");
}

#[test]
fn what_is_nil_says_nothing() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let text = within(
        Version::V1_1,
        "",
        &format!("<QueryThu xmlns='{NS}' {xsi}><MaTinh xsi:nil='1'/><Ten/></QueryThu>"),
    );
    let asked = element(&text);
    assert!(asked.parts[0].nil && asked.parts[0].text.is_none());
    assert!(!asked.parts[1].nil && asked.parts[1].text.as_deref() == Some(""));
}

#[test]
fn the_block_of_ours_is_read_and_nothing_else_in_it() {
    let block = |inner: &str| {
        let header =
            format!("<x:Exchange xmlns:x='{EXCHANGE_NAMESPACE}' s:mustUnderstand='1'>{inner}</x:Exchange>");
        within(Version::V1_1, &header, "<a/>")
    };
    let text = block(
        "<x:Purpose> quan-ly </x:Purpose><x:User>cb-01</x:User><x:OnBehalfOf>H26</x:OnBehalfOf><x:IdempotencyKey>k</x:IdempotencyKey>",
    );
    let stated = read(text.as_bytes(), &Limits::default()).unwrap().stated;
    assert_eq!(stated.purpose.as_deref(), Some("quan-ly"));
    assert_eq!(stated.user.as_deref(), Some("cb-01"));
    assert_eq!(stated.on_behalf_of.as_deref(), Some("H26"));
    assert_eq!(stated.idempotency_key.as_deref(), Some("k"));
    assert_eq!(rule(&block("<x:Purpose>a</x:Purpose><x:Purpose>b</x:Purpose>")), "repeated-header");
    assert_eq!(rule(&block("<x:Consumer>a</x:Consumer>")), "unknown-element");
    assert_eq!(rule(&block("<Purpose>a</Purpose>")), "unknown-element");
    let one = format!("<x:Exchange xmlns:x='{EXCHANGE_NAMESPACE}'/>");
    assert_eq!(rule(&within(Version::V1_1, &format!("{one}{one}"), "<a/>")), "repeated-header");
}

#[test]
fn what_must_be_understood_and_is_not_is_refused() {
    let demand = |version, attributes: &str| {
        rule(&within(version, &format!("<w:Security xmlns:w='urn:wsse' {attributes}/>"), "<a/>"))
    };
    use Version::{V1_1, V1_2};
    assert_eq!(demand(V1_1, "s:mustUnderstand='1'"), "must-understand");
    assert_eq!(demand(V1_2, "s:mustUnderstand='true'"), "must-understand");
    assert_eq!(demand(V1_1, "s:mustUnderstand='maybe'"), "must-understand");
    assert_eq!(
        demand(V1_1, "s:mustUnderstand='1' s:actor='http://schemas.xmlsoap.org/soap/actor/next'"),
        "must-understand"
    );
    assert_eq!(
        demand(
            V1_2,
            "s:mustUnderstand='1' s:role='http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver'"
        ),
        "must-understand"
    );
    // For another node, not demanded, or demanded in no namespace at all.
    assert_eq!(demand(V1_1, "s:mustUnderstand='1' s:actor='urn:another'"), "");
    assert_eq!(demand(V1_1, "s:mustUnderstand='0'"), "");
    assert_eq!(demand(V1_1, "mustUnderstand='1'"), "");
    let many = "<w:a xmlns:w='urn:w'/>".repeat(33);
    assert_eq!(rule(&within(V1_1, &many, "<a/>")), "too-many-nodes");
}

#[test]
fn a_signature_is_seen_wherever_it_stands() {
    let signature = "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsi&#x67;#'/>";
    let signed = |header: &str, body: &str| {
        read(within(Version::V1_1, header, body).as_bytes(), &Limits::default()).unwrap().signed
    };
    assert!(signed(signature, "<a/>"));
    assert!(signed(&format!("<w:Security xmlns:w='urn:w'>{signature}</w:Security>"), "<a/>"));
    assert!(signed("", &format!("<a>{signature}</a>")));
    assert!(signed("", &format!("<a><b><c>{signature}</c></b></a>")));
    assert!(signed("", signature));
    assert!(!signed("", "<a><Signature/></a>"));
}

#[test]
fn faults_of_both_versions_become_a_closed_set() {
    let fault = |version: Version, inner: &str| {
        let text = within(version, "", &format!("<s:Fault>{inner}</s:Fault>"));
        match read(text.as_bytes(), &Limits::default()).unwrap().content {
            Content::Fault(fault) => fault,
            Content::Element(element) => panic!("{element:?}"),
        }
    };
    use FaultCode::*;
    for (said, code) in [
        ("s:Client", Sender),
        ("s:Client.Authentication", Sender),
        ("s:Server", Receiver),
        (" SOAP-ENV:VersionMismatch ", VersionMismatch),
        ("s:MustUnderstand", MustUnderstand),
        ("ERR-001", Other),
    ] {
        let inner = format!("<faultcode>{said}</faultcode><faultstring>BÍ MẬT 001099000001</faultstring>");
        assert_eq!(fault(Version::V1_1, &inner), Fault { code, status: None }, "{said}");
    }
    let inner = "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>m:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang='vi'>x</s:Text></s:Reason>";
    assert_eq!(fault(Version::V1_2, inner), Fault { code: Sender, status: None });
    let detail = |inner: &str| {
        fault(Version::V1_1, &format!("<faultcode>s:Client</faultcode><detail>{inner}</detail>")).status
    };
    let problem = |status: &str| {
        format!("<problem xmlns='{PROBLEM_NAMESPACE}'><title>t</title><status>{status}</status></problem>")
    };
    assert_eq!(detail(&problem("409")), Some(409));
    assert_eq!(detail(&problem("200")), None, "a fault is never a yes");
    assert_eq!(detail(&problem("nhiều")), None);
    assert_eq!(detail("bare words <x/>"), None);
    assert_eq!(detail("<problem><status>409</status></problem>"), None);
}

#[test]
fn a_fault_that_is_written_is_read_as_it_was_meant() {
    for version in [Version::V1_1, Version::V1_2] {
        for code in
            [FaultCode::Sender, FaultCode::Receiver, FaultCode::MustUnderstand, FaultCode::VersionMismatch]
        {
            let problem = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><problem xmlns=\"{PROBLEM_NAMESPACE}\"><status>403</status></problem>"
            );
            let mut out = Vec::new();
            write_fault(version, code, "Không <được> & phép", "vi", problem.as_bytes(), &mut out);
            let text = String::from_utf8(out).unwrap();
            roxmltree::Document::parse(&text).unwrap();
            let envelope = read(text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(envelope.version, version);
            let Content::Fault(fault) = envelope.content else { panic!("{text}") };
            assert_eq!(fault, Fault { code, status: Some(403) });
        }
    }
}

#[test]
fn names_and_actions_follow_the_convention() {
    assert_eq!(request_name("query", "NhiemVu"), "QueryNhiemVu");
    assert_eq!(response_name("QueryNhiemVu"), "QueryNhiemVuResponse");
    assert_eq!(action(NS, "QueryThu"), format!("{NS}/QueryThu"));
    for good in ["", "QueryThu", "urn:x:QueryThu", "http://x/QueryThu", "http://x#QueryThu"] {
        assert!(action_names(good, "QueryThu"), "{good}");
    }
    for bad in ["ReadThu", "urn:x/ReadThu", "QueryThu/", "urn:xQueryThu", " "] {
        assert!(!action_names(bad, "QueryThu"), "{bad}");
    }
}

#[test]
fn a_flood_of_parts_is_stopped() {
    let parts = "<a>1</a>".repeat(41);
    assert_eq!(rule(&within(Version::V1_1, "", &format!("<QueryThu>{parts}</QueryThu>"))), "too-many-nodes");
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,200}", cut in 0_usize..600) {
        let header = format!("<x:Exchange xmlns:x='{EXCHANGE_NAMESPACE}'><x:Purpose>a</x:Purpose></x:Exchange>");
        let header = format!("{header}<r:id xmlns:r='{}'>1</r:id>", xroad::NAMESPACE);
        let whole = within(Version::V1_2, &header, "<a><b c='1'>đ</b></a>");
        let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let mixed = format!("{}{text}{}", &whole[..cut], &whole[cut..]);
        if let Ok(Envelope { content: Content::Element(element), .. }) = read(mixed.as_bytes(), &Limits::default()) {
            for part in element.parts {
                let document = String::from_utf8(part.document()).unwrap();
                prop_assert!(roxmltree::Document::parse(&document).is_ok(), "{document}");
            }
        }
    }
}
