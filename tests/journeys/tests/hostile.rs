//! Documents made to do harm, through the real gateway: each is refused by the rule that is meant for
//! it, no provider sees a byte, no answer repeats what was sent, and memory stays bounded.
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::{fs, path::Path};

use journeys::{
    Scene, Voice,
    records::{fresh_number, task_json, task_xml},
};
use support::{Ask, Http, Plan, Sandbox};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";

/// Stands in every hostile document as a value; whoever repeats input repeats this.
const CANARY: &str = "KHONG-DUOC-LAP-LAI";

/// How much more memory the gateway may ever have held after all of this than before, in KiB. A body of
/// one mebibyte makes a tree of at most a dozen; these come one after another.
const MOST_GROWTH: u64 = 64 * 1024;

/// One hostile document: what it tries, the bytes, the rule that refuses it.
type Attack = (&'static str, Vec<u8>, &'static str);

fn task_with(inside: &str) -> Vec<u8> {
    format!(
        "<NhiemVu xmlns=\"urn:lienthong:dataset:nhiem-vu:1\"><MaSo>{CANARY}</MaSo><TenNhiemVu>{inside}</TenNhiemVu></NhiemVu>"
    )
    .into_bytes()
}

fn in_xml() -> Vec<Attack> {
    let task = task_xml(CANARY, "01");
    let (_, body) = task.split_once("?>").unwrap();
    // An element that the contract does not have may hold anything, until it is reported.
    let beside =
        |inside: &str| task.replace("<TinhTrang>", &format!("<La>{inside}</La><TinhTrang>")).into_bytes();
    let declared = |doctype: &str| format!("<?xml version=\"1.0\"?>{doctype}{body}").into_bytes();
    let deep = format!("{}{CANARY}{}", "<a>".repeat(60_000), "</a>".repeat(60_000));
    let attributes: String = (0..40_000).map(|index| format!(" a{index}=\"\"")).collect();
    let wide: String = "<a/>".repeat(240_000);
    vec![
        (
            "an external entity",
            declared("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"),
            "doctype",
        ),
        (
            "entities of entities",
            declared("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"),
            "doctype",
        ),
        ("a DTD elsewhere", declared("<!DOCTYPE x SYSTEM \"http://example.org/x.dtd\">"), "doctype"),
        ("an entity nobody declared", task_with("&e;"), "entity"),
        ("a flood of character references", task_with(&"&#97;".repeat(150_000)), "too-many-references"),
        ("a reference to no character", task_with("&#0;"), "control-character"),
        ("elements without end", beside(&deep), "too-deep"),
        ("attributes without end", task_with(&format!("<a{attributes}/>")), "too-many-attributes"),
        ("elements beyond count", beside(&wide), "too-many-nodes"),
        ("a name without end", task_with(&format!("<{}/>", "a".repeat(100_000))), "name-too-long"),
        ("a text without end", task_with(&"a".repeat(400_000)), "text-too-long"),
        (
            "a number without end",
            {
                let number = "9".repeat(100_000);
                task.replace("2450000000", &number).into_bytes()
            },
            "number-too-long",
        ),
        ("a prefix bound to nothing", task_with("<x:a/>"), "unbound-prefix"),
        ("a prefix that is reserved", task_with("<a xmlns:xml=\"urn:x\"/>"), "namespace"),
        (
            "another namespace at the root",
            task.replace("nhiem-vu:1", "nhiem-vu:2").into_bytes(),
            "wrong-namespace",
        ),
        (
            "a type of its own",
            { task.replace("<MaSo>", "<MaSo xsi:type=\"MaSo\">").into_bytes() },
            "xsi-type",
        ),
        ("markup that never ends", task_with("<![CDATA["), "not-well-formed"),
        ("tags that cross", beside("<a><b></a></b>"), "not-well-formed"),
        ("two roots", format!("{task}{body}").into_bytes(), "not-well-formed"),
        ("an attribute twice", task_with("<a b=\"1\" b=\"2\"/>"), "not-well-formed"),
        (
            "an element twice",
            task.replace("<MaTinh>01</MaTinh>", "<MaTinh>01</MaTinh><MaTinh>79</MaTinh>").into_bytes(),
            "repeated-element",
        ),
        ("XML 1.1", task.replace("version=\"1.0\"", "version=\"1.1\"").into_bytes(), "xml-version"),
        ("an encoding that is not so", task.replace("UTF-8", "UTF-16").into_bytes(), "encoding"),
        ("overlong UTF-8", [b"<NhiemVu>".as_slice(), &[0xC0, 0xAF], b"</NhiemVu>"].concat(), "encoding"),
        (
            "half a surrogate pair",
            [b"<NhiemVu>".as_slice(), &[0xED, 0xA0, 0x80], b"</NhiemVu>"].concat(),
            "encoding",
        ),
        ("a zero byte", task_with("\0"), "control-character"),
    ]
}

fn in_json() -> Vec<Attack> {
    let task = task_json(CANARY, "01");
    let with = |member: &str| task.replacen('{', &format!("{{{member},"), 1).into_bytes();
    let wide = format!("\"x\":[{}0]", "0,".repeat(300_000));
    vec![
        (
            "arrays without end",
            with(&format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000))),
            "too-deep",
        ),
        ("objects that never close", "{\"a\":".repeat(100_000).into_bytes(), "too-deep"),
        ("values beyond count", with(&wide), "too-many-nodes"),
        ("a name twice", with("\"MaTinh\":\"79\""), "duplicate-key"),
        ("a name twice, once in escapes", with("\"\\u004daTinh\":\"79\""), "duplicate-key"),
        ("a number without end", with(&format!("\"x\":{}", "9".repeat(100_000))), "number-too-long"),
        ("a name without end", with(&format!("\"{}\":1", "a".repeat(100_000))), "name-too-long"),
        ("a text without end", with(&format!("\"x\":\"{}\"", "a".repeat(400_000))), "text-too-long"),
        ("half a surrogate pair", with("\"x\":\"\\ud800\""), "lone-surrogate"),
        ("a control character in escapes", with("\"x\":\"\\u0007\""), "control-character"),
        ("a control character as it is", with("\"x\":\"\u{7}\""), "control-character"),
        ("no number", with("\"x\":NaN"), "not-well-formed"),
        ("a comma too many", task.replace("[]", "[,]").into_bytes(), "not-well-formed"),
        ("a comment", with("/* */\"x\":1"), "not-well-formed"),
        ("a second document", format!("{task}{task}").into_bytes(), "trailing-bytes"),
        ("overlong UTF-8", [b"{\"MaSo\":\"".as_slice(), &[0xC0, 0xAF], b"\"}"].concat(), "encoding"),
        ("UTF-16", task.encode_utf16().flat_map(u16::to_le_bytes).collect(), "encoding"),
        ("a scalar at the root", format!("\"{CANARY}\"").into_bytes(), "wrong-root"),
    ]
}

/// The most memory that a process ever held, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn each_hostile_document_meets_the_rule_that_is_meant_for_it() {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), "hostile").unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    let gateway = sandbox.gateway().unwrap().id();
    let send = |media: &str, body: Vec<u8>| {
        let ask = Ask::post(TASKS, media, body).purpose("cap-nhat-du-lieu");
        Scene { sandbox: &sandbox, voice: Voice::Own(Http::Two), tell: &mut |_| {} }.ask(HANOI, ask).unwrap()
    };
    let good = send("application/xml", task_xml(&fresh_number("LANH"), "01").into_bytes());
    assert_eq!(good.answer.status, 201, "{}", good.answer.text());

    let before = peak(gateway);
    let mut wrong = Vec::new();
    for (media, attacks) in [("application/xml", in_xml()), ("application/json", in_json())] {
        for (what, body, rule) in attacks {
            let step = send(media, body);
            let met = step.refused(400, "unreadable", rule, "consumer").and_then(|step| step.unseen());
            if let Err(error) = met.and_then(|step| step.hides(&[CANARY])) {
                wrong.push(format!("{what} ({media}): {error:#}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let growth = peak(gateway).saturating_sub(before);
    assert!(growth < MOST_GROWTH, "the gateway's memory grew by {growth} KiB");

    let good = send("application/json", task_json(&fresh_number("LANH"), "01").into_bytes());
    assert_eq!(good.answer.status, 201, "and it serves on: {}", good.answer.text());
}
