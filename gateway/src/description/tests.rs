//! Descriptions of the repository's own services, as each of its systems sees them.

use std::collections::BTreeSet;

use contracts::{Catalog, Field, Language};
use jiff::Timestamp;
use policies::Register;
use serde_json::Value;

use super::{
    page::{Kind, make},
    rights::{Look, offer},
    *,
};
use crate::{lifetime::Leaving, world::fixture::Fixture};

const SERVICE: &str = "policies/services/G06/nhiem-vu.toml";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The documents of a fixture, compiled as they would be on the day of `now`.
fn compiled(fixture: &Fixture, now: Timestamp) -> (Register, Catalog) {
    let loaded = fixture.loaded();
    let folders = &loaded.settings.documents;
    let documents = crate::world::Documents::read(&folders.policies, &folders.contracts).unwrap();
    let catalog = documents.catalog(&std::env::temp_dir()).unwrap().0;
    let register = Register::compile(documents.sources(), &catalog, policies::local(now).date()).unwrap().0;
    (register, catalog)
}

fn look<'a>(register: &Register, caller: &str, service: &str, now: Timestamp) -> Look<'a> {
    let (member, name) = service.split_once('/').unwrap();
    Look {
        caller: register.system_named(&caller.parse().unwrap()).unwrap(),
        represented: None,
        service: register.service_named(member, name).unwrap(),
        version: 1,
        environment: "production",
        at: now,
    }
}

const NOW: &str = "2026-11-21T03:00:00Z";

/// Every text of a JSON value, names of members included.
fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            into.insert(name.clone());
            texts(value, into);
        }),
        _ => {}
    }
}

/// What a field could be told by.
fn signs(field: &Field) -> Vec<String> {
    let list = field.code_list.iter().map(|list| list.to_string());
    [field.name.clone(), field.title.vi.clone(), field.title.en.clone()].into_iter().chain(list).collect()
}

/// Whether `text` holds `sign` as a name, as a title of several words, or as a whole title: a title of one
/// word may well stand in the words around.
fn tells(text: &str, sign: &str) -> bool {
    if sign.contains(' ') {
        return text.contains(sign);
    }
    if sign.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && sign.bytes().skip(1).any(|byte| byte.is_ascii_uppercase() || byte == b'-')
    {
        return text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == sign);
    }
    [("\"", "\""), (">", "<"), ("`", "`"), ("| ", " / "), (" / ", " |")]
        .into_iter()
        .any(|(before, after)| text.contains(&format!("{before}{sign}{after}")))
}

#[test]
fn nothing_of_a_withheld_field_is_in_any_description() {
    let fixture = Fixture::new();
    // By SOAP too, or there would be no WSDL to look at.
    for file in std::fs::read_dir(fixture.path("policies/agreements")).unwrap().flatten() {
        let file = format!("policies/agreements/{}", file.file_name().to_str().unwrap());
        fixture.edit(&file, "formats = [", "formats = [\"soap\", ");
    }
    let (register, catalog) = compiled(&fixture, at(NOW));
    // What the dictionary of every contract says is about dictionaries.
    let dictionaries: Vec<String> = catalog
        .contracts()
        .map(|contract| contracts::description::dictionary::html(contract, &contract.whole_view()))
        .collect();
    let common = |sign: &str| dictionaries.iter().all(|dictionary| tells(dictionary, sign));
    let (mut seen, mut hidden) = (0, 0);
    for (caller, _) in register.systems() {
        for (service, offers) in register.services() {
            for version in &offers.versions {
                let look = Look {
                    caller,
                    represented: None,
                    service,
                    version: version.number,
                    environment: "production",
                    at: at(NOW),
                };
                let Ok(offer) = offer(&register, &look) else { continue };
                // Who may send records is told what they are.
                if offer.operations.iter().any(|offered| offered.sent.is_some()) {
                    continue;
                }
                let released: Vec<&Field> = offer
                    .operations
                    .iter()
                    .flat_map(|offered| &offered.replies)
                    .flat_map(|reply| reply.view.shape.walk())
                    .collect();
                let known: BTreeSet<String> = released.iter().flat_map(|field| signs(field)).collect();
                let classes: BTreeSet<_> = released.iter().map(|field| field.classification).collect();
                let all = version.contract.shape().walk();
                let withheld: Vec<&Field> =
                    all.filter(|field| released.iter().all(|kept| kept.path != field.path)).collect();
                for (kind, language) in
                    Kind::ALL.into_iter().flat_map(|kind| [(kind, Language::Vi), (kind, Language::En)])
                {
                    let Some(made) = make(&offer, kind, "localhost", language) else { continue };
                    let text = String::from_utf8(made.body.to_vec()).unwrap();
                    seen += 1;
                    for sign in withheld
                        .iter()
                        .flat_map(|field| signs(field))
                        .filter(|sign| known.iter().all(|known| !known.contains(sign.as_str())))
                    {
                        hidden += 1;
                        let around = matches!(kind, Kind::Dictionary | Kind::Markdown) && common(&sign);
                        assert!(around || !tells(&text, sign.as_str()), "{kind:?} tells `{sign}`:\n{text}");
                    }
                    for class in [
                        contracts::Classification::Restricted,
                        contracts::Classification::Personal,
                        contracts::Classification::PersonalSensitive,
                    ] {
                        let name = serde_json::to_string(&class).unwrap();
                        assert!(
                            classes.contains(&class) || !text.contains(&name),
                            "{kind:?} tells of the class {name}"
                        );
                    }
                    // Where the shipped providers listen.
                    assert!(
                        !text.contains("127.0.0.1") && !text.contains(":85"),
                        "{kind:?} tells where the provider is:\n{text}"
                    );
                }
            }
        }
    }
    assert!(seen > 30 && hidden > 300, "{seen} {hidden}");
}

#[test]
fn whoever_has_no_right_is_told_the_rule_and_nothing_else() {
    let fixture = Fixture::new();
    let (register, _) = compiled(&fixture, at(NOW));
    let refused = |caller: &str, service: &str, now: &str| {
        offer(&register, &look(&register, caller, service, at(now)))
            .map(|_| ())
            .map_err(|refusal| refusal.rule.code())
    };
    assert_eq!(refused("H26/quan-ly-khcn", "G06/nhiem-vu", NOW), Ok(()));
    assert_eq!(refused("G03/thu-vien", "G06/nhan-luc", NOW), Err("no-agreement"));
    assert_eq!(refused("G03/thong-ke-dao-tao", "G06/nhiem-vu", NOW), Err("agreement-expired"));
    assert_eq!(refused("G03/thong-ke-dao-tao", "G06/nhiem-vu", "2026-06-30T16:59:59Z"), Ok(()));
    assert_eq!(refused("H26/quan-ly-khcn", "G06/nhiem-vu", "2025-12-31T16:59:59Z"), Err("agreement-not-yet"));
    let other = Look { version: 9, ..look(&register, "H26/quan-ly-khcn", "G06/nhiem-vu", at(NOW)) };
    assert_eq!(offer(&register, &other).unwrap_err().rule.code(), "version-unknown");
    let elsewhere = Look { environment: "test", ..look(&register, "G03/thu-vien", "G06/nhiem-vu", at(NOW)) };
    assert_eq!(offer(&register, &elsewhere).unwrap_err().rule.code(), "environment");
}

fn openapi(fixture: &Fixture, caller: &str, service: &str) -> Value {
    let (register, _) = compiled(fixture, at(NOW));
    let offer = offer(&register, &look(&register, caller, service, at(NOW))).unwrap();
    openapi::describe(&offer, Language::En)
}

#[test]
fn an_api_is_what_the_agreement_grants() {
    let fixture = Fixture::new();
    let api = openapi(&fixture, "H26/quan-ly-khcn", "G06/nhiem-vu");
    let paths: Vec<&String> = api["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/records", "/records/{id}"]);
    let query = &api["paths"]["/records"]["get"];
    let names: Vec<&str> =
        query["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["MaSo", "MaLinhVuc", "TinhTrang", "Lt-Purpose"], "agreed, and offered");
    let deadline = serde_json::json!({ "$ref": "#/components/parameters/deadline" });
    assert!(query["parameters"].as_array().unwrap().contains(&deadline));
    assert_eq!(api["components"]["parameters"]["deadline"]["name"], "Lt-Deadline-Ms");
    let purpose =
        query["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "Lt-Purpose").unwrap();
    assert_eq!(purpose["required"], true);
    assert_eq!(purpose["schema"]["enum"], serde_json::json!(["quan-ly-nhiem-vu", "cap-nhat-du-lieu"]));
    let content: Vec<&String> = query["responses"]["200"]["content"].as_object().unwrap().keys().collect();
    assert_eq!(content, ["application/xml", "application/json"], "the formats agreed");
    assert!(query["responses"]["403"].is_object() && query["responses"]["429"].is_object());
    let quota = &api["info"]["x-terms"][0]["quota"];
    assert_eq!((&quota["per_second"], &quota["requests_per_day"]), (&50.into(), &20000.into()));
    assert!(quota["requests_per_month"].is_null());
    assert!(
        api["components"]["responses"]["problem403"]["x-problem-types"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind == "urn:lienthong:problem:no-agreement")
    );

    let partner = openapi(&fixture, "G03/thu-vien", "H26/nhiem-vu");
    let record = &partner["components"]["schemas"]["NhiemVu"];
    assert_eq!(
        record["properties"]["ChuNhiem"]["properties"]["SoDinhDanh"]["pattern"]
            .as_str()
            .map(|text| text.starts_with("^bidanh-")),
        Some(true)
    );
    assert!(record["properties"].get("MucTieu").is_none());
    let verify = openapi(&fixture, "H26/quan-ly-khcn", "G01/dan-cu");
    assert!(verify["paths"]["/verify"]["post"]["requestBody"].is_object());
}

#[test]
fn a_contract_whole_holds_every_field_in_open_apis_own_words() {
    let fixture = Fixture::new();
    let (_, catalog) = compiled(&fixture, at(NOW));
    for contract in catalog.contracts() {
        let api = openapi::describe(&Offer::whole(contract), Language::Vi);
        let mut found = BTreeSet::new();
        texts(&api, &mut found);
        for field in contract.shape().walk() {
            assert!(found.contains(&field.name), "{} lacks {}", contract.id(), field.path);
        }
        assert!(!found.contains("nodeType") && !found.contains("$id"), "3.1 has no `nodeType`");
        let is_draft = contract.status() == contracts::Status::Draft;
        assert_eq!(api["info"]["x-status"], contract.status().as_str());
        let description = api["info"]["description"].as_str().unwrap();
        assert_eq!(description.starts_with("HỢP ĐỒNG DỰ THẢO"), is_draft, "{}", contract.id());
        for (language, caution) in [(Language::Vi, "HỢP ĐỒNG DỰ THẢO: "), (Language::En, "A DRAFT: ")]
        {
            let wsdl = wsdl::describe(&Offer::whole(contract), "localhost", language).unwrap();
            let cautions = wsdl.contains(&format!("<wsdl:documentation>{caution}"));
            assert_eq!(cautions, is_draft, "{}", contract.id());
        }
    }
}

#[test]
fn an_api_says_what_is_set_aside_and_how_signed_documents_come() {
    let fixture = Fixture::new();
    let ok = |api: &Value, path: &str, method: &str, status: &str| {
        let said = &api["paths"][path][method]["responses"][status];
        let content: Vec<String> = said["content"].as_object().unwrap().keys().cloned().collect();
        (said["headers"].get("Lt-Set-Aside").is_some(), content.contains(&"multipart/related".to_owned()))
    };
    let api = openapi(&fixture, "H26/quan-ly-khcn", "G06/nhiem-vu");
    assert_eq!(ok(&api, "/records", "get", "200"), (false, false));

    fixture.edit(SERVICE, "query = {", "query = { stream = { bad_records = \"set-aside\" },");
    fixture.edit(SERVICE, "format = \"json\"", "format = \"xml\"\nsigned = \"carry\"");
    let api = openapi(&fixture, "H26/quan-ly-khcn", "G06/nhiem-vu");
    assert_eq!(ok(&api, "/records", "get", "200"), (true, false), "conditions leave records out of lists");
    assert_eq!(ok(&api, "/records/{id}", "get", "200"), (false, true), "one record is never set aside");
    let told = api["paths"]["/records"]["post"]["requestBody"]["description"].as_str().unwrap();
    assert!(told.contains("goes to the provider as it is"), "{told}");
    // Who is not to see all of it never gets a signed document.
    let partner = openapi(&fixture, "G03/thu-vien", "G06/nhiem-vu");
    assert_eq!(ok(&partner, "/records", "get", "200"), (true, false));
    assert_eq!(
        api["components"]["headers"]["Lt-Set-Aside"]["schema"]["type"], "string",
        "what is referred to is there"
    );
}

/// The header fields of an answer under version 1 at `now`.
fn leaving(fixture: &Fixture, now: &str) -> Vec<(String, String)> {
    let (register, _) = compiled(fixture, at(NOW));
    let key = register.service_named("G06", "nhiem-vu").unwrap();
    let mut answer = crate::host::Answer::new(http::StatusCode::OK, "");
    if let Some(leaving) = Leaving::of(register.service(key), 1, at(now)) {
        leaving.tell(&mut answer);
    }
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    answer.fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
}

#[test]
fn a_version_on_its_way_out_says_so_from_its_day_on() {
    let fixture = Fixture::new();
    assert_eq!(leaving(&fixture, NOW), []);
    fixture.edit(
        SERVICE,
        "contract = \"nhiem-vu@1\"\n",
        "contract = \"nhiem-vu@1\"\ndeprecated_from = 2026-12-01\nretired_from = 2027-06-01\n",
    );
    assert_eq!(leaving(&fixture, "2026-11-30T16:59:59Z"), [], "until midnight in Viet Nam");
    let told = leaving(&fixture, "2026-11-30T17:00:00Z");
    let expected = [
        ("deprecation", "@1796058000"),
        ("sunset", "Mon, 31 May 2027 17:00:00 GMT"),
        ("link", "</api/G06/nhiem-vu/v1/dictionary>; rel=\"deprecation\""),
    ];
    assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(leaving(&fixture, "2028-01-01T00:00:00Z"), told, "gone, and still said");

    let (register, _) = compiled(&fixture, at(NOW));
    let look = look(&register, "H26/quan-ly-khcn", "G06/nhiem-vu", at("2026-12-02T00:00:00Z"));
    let offer = offer(&register, &look).unwrap();
    assert!(offer.deprecated);
    let api = openapi::describe(&offer, Language::En);
    assert_eq!(api["paths"]["/records"]["get"]["deprecated"], true);
    assert!(api["info"]["description"].as_str().unwrap().contains("Gone from 2027-06-01"));
}

#[test]
fn a_shelf_gives_what_it_has_and_never_overflows() {
    use super::shelf::{Key, Made, Shelf};
    let fixture = Fixture::new();
    let (register, _) = compiled(&fixture, at(NOW));
    let look = look(&register, "H26/quan-ly-khcn", "G06/nhiem-vu", at(NOW));
    let key = |version| Key {
        caller: look.caller,
        represented: None,
        service: look.service,
        version,
        authority: 0,
        kind: Kind::OpenApi,
        language: Language::Vi,
        day: policies::local(at(NOW)).date(),
    };
    let shelf = Shelf::default();
    let made = |size: usize| {
        Ok::<_, ()>(Made {
            body: vec![b'x'; size].into(),
            media_type: "text/plain",
            etag: "\"a\"".to_owned(),
        })
    };
    let first = shelf.take(key(1), || made(1000)).unwrap();
    let again = shelf.take(key(1), || Err(())).unwrap();
    assert_eq!(first.body, again.body, "not made twice");
    assert!(shelf.take(key(2), || Err(())).is_err(), "a refusal is not kept");
    for version in 3..40 {
        shelf.take(key(version), || made(1024 * 1024)).unwrap();
        assert!(shelf.held() <= 16 * 1024 * 1024);
    }
    shelf.take(key(99), || made(20 * 1024 * 1024)).unwrap();
    assert!(shelf.held() <= 16 * 1024 * 1024);
}
