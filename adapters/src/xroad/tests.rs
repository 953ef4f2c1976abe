use super::*;
use crate::{Limits, soap};

fn client() -> Identifier {
    "VN/GOV/H26/quan-ly-khcn".parse().unwrap()
}

fn whole() -> Header {
    Header {
        client: client(),
        service: Some(Identifier {
            subsystem: Some("csdl".into()),
            service: Some("QueryNhiemVu".into()),
            version: Some("v1".into()),
            ..Identifier::from_member("VN", "GOV", "G06")
        }),
        id: "a1-<&>".into(),
        user_id: Some("cb-01".into()),
        issue: Some("Hồ sơ 12".into()),
        represented: Some(Represented { class: Some("GOV".into()), code: "H26".into() }),
    }
}

impl Identifier {
    fn from_member(instance: &str, class: &str, member: &str) -> Self {
        format!("{instance}/{class}/{member}").parse().unwrap()
    }
}

fn read(header: &str) -> Result<Option<Header>, &'static str> {
    let mut out = Vec::new();
    let body = |out: &mut Vec<u8>| out.extend_from_slice(b"<a/>");
    soap::write(soap::Version::V1_1, &mut out, |out| out.extend_from_slice(header.as_bytes()), body);
    soap::read(&out, &Limits::default()).map(|envelope| envelope.xroad).map_err(|unreadable| unreadable.rule)
}

fn written(header: &Header) -> String {
    let mut out = Vec::new();
    header.write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(read(&written(&whole())), Ok(Some(whole())));
    let least = Header { service: None, user_id: None, issue: None, represented: None, ..whole() };
    assert_eq!(read(&written(&least)), Ok(Some(least)));
    assert_eq!(read(""), Ok(None));
}

#[test]
fn what_is_incomplete_repeated_or_of_another_kind_is_refused() {
    let text = written(&whole());
    let id = format!("<xrd:id xmlns:xrd=\"{NAMESPACE}\">a1-&lt;&amp;&gt;</xrd:id>");
    assert!(text.contains(&id), "{text}");
    for (from, to, rule) in [
        (id.as_str(), "", "xroad-header"),
        (">4.0<", ">3.1<", "xroad-header"),
        ("\"SUBSYSTEM\"", "\"MEMBER\"", "xroad-header"),
        ("\"SERVICE\"", "\"SUBSYSTEM\"", "xroad-header"),
        ("<id:memberCode>H26</id:memberCode>", "", "xroad-header"),
        (
            "<id:memberCode>H26</id:memberCode>",
            "<id:memberCode>H26</id:memberCode><id:memberCode>G01</id:memberCode>",
            "repeated-header",
        ),
        ("<id:memberCode>H26</id:memberCode>", "<id:memberCode/>", "xroad-header"),
        ("<id:memberCode>H26</id:memberCode>", "<memberCode>H26</memberCode>", "xroad-header"),
        ("cb-01", "cb\n01", "xroad-header"),
    ] {
        let broken = text.replace(from, to);
        assert_ne!(broken, text, "{from}");
        assert_eq!(read(&broken), Err(rule), "{from} -> {to}");
    }
    assert_eq!(read(&format!("{text}{id}")), Err("repeated-header"));
    assert_eq!(read(&text.replace("cb-01", &"x".repeat(256))), Err("xroad-header"));
}

#[test]
fn a_block_of_the_protocol_that_nobody_knows_may_still_be_demanded() {
    let unknown =
        format!("<x:requestHash xmlns:x=\"{NAMESPACE}\" soapenv:mustUnderstand=\"1\">a</x:requestHash>");
    assert_eq!(read(&unknown), Err("must-understand"));
    assert_eq!(read(&unknown.replace("\"1\"", "\"0\"")), Ok(None));
}

#[test]
fn identifiers_have_three_or_four_parts() {
    let subsystem = client();
    assert_eq!(subsystem.to_string(), "VN/GOV/H26/quan-ly-khcn");
    assert_eq!(subsystem.member_name(), "VN/GOV/H26");
    assert_eq!(subsystem.object_type(), "SUBSYSTEM");
    assert_eq!("VN/GOV/H26".parse::<Identifier>().unwrap().object_type(), "MEMBER");
    for bad in ["", "VN", "VN/GOV", "VN/GOV/", "VN//H26", "VN/GOV/H26/a/b", "VN/GOV/H26/", "VN/GOV/H\n26"] {
        assert_eq!(bad.parse::<Identifier>(), Err(NotAnIdentifier), "{bad}");
    }
}
