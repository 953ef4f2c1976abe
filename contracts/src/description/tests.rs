use std::path::Path;

use serde_json::json;

use super::*;
use crate::{Catalog, Seen};

fn catalog() -> Catalog {
    Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().0
}

#[test]
fn the_published_schema_says_our_keywords_in_standard_ones() {
    let catalog = catalog();
    let task = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    let schema = json_schema(task, &task.whole_view());
    let province = &schema["properties"]["MaTinh"];
    assert!(province["enum"].as_array().unwrap().contains(&json!("01")), "{province}");
    assert_eq!(
        province["title"],
        "Mã tỉnh, thành phố nơi tổ chức chủ trì đặt trụ sở / Province of the lead organisation's seat"
    );
    let person = &schema["properties"]["ChuNhiem"]["properties"]["SoDinhDanh"];
    assert_eq!(person["pattern"], "^[0-9]{12}$");
    let changed = &schema["properties"]["CapNhatLuc"];
    assert!(changed["pattern"].as_str().unwrap().contains('T'), "{changed}");
    // What the field of research has already, and what its identifier asks on top.
    assert!(schema["properties"]["MaLinhVuc"]["pattern"].is_string());
    jsonschema::draft202012::meta::validate(&schema).unwrap();
}

#[test]
fn a_dictionary_holds_every_field_of_the_view_and_no_other() {
    let catalog = catalog();
    for contract in catalog.contracts() {
        let first = contract.shape().root.fields[0].name.clone();
        let views = [
            contract.whole_view(),
            contract.view(&|field| if field.path.as_str() == first { Seen::Withheld } else { Seen::Whole }),
        ];
        for view in views {
            let (html, markdown) = (dictionary::html(contract, &view), dictionary::markdown(contract, &view));
            let told = |name: &str| {
                (html.contains(&format!("<code>{name}</code>")), markdown.contains(&format!("| `{name}` |")))
            };
            for field in view.shape.walk() {
                assert_eq!(told(&field.name), (true, true), "{} {}", contract.id(), field.path);
                assert!(markdown.contains(field.title.en.split('(').next().unwrap()), "{}", field.title.en);
            }
            let is_left = view.shape.walk().any(|field| field.name == first);
            assert_eq!(told(&first), (is_left, is_left), "{}", contract.id());
        }
    }
}

#[test]
fn a_dictionary_is_text_whatever_the_contract_says() {
    let catalog = catalog();
    let task = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    let mut view = task.whole_view();
    view.schema["properties"]["MaSo"]["description"] = "<script>alert(1)</script> | `x`\n# y".into();
    let html = dictionary::html(task, &view);
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
    let markdown = dictionary::markdown(task, &view);
    assert!(!markdown.contains("<script") && markdown.contains("\\| \\`x\\` \\# y |"), "{markdown}");
}

#[test]
fn a_page_has_its_style_and_its_links_and_fetches_nothing() {
    for contract in catalog().contracts() {
        let page = dictionary::html(contract, &contract.whole_view());
        let (sheet, rest) = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap();
        // Once its line ends were written as references, which a style sheet does not have.
        assert!(sheet.starts_with('\n') && !sheet.contains(['&', '<']), "{sheet}");
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
        for fetching in ["src=", "<link", "<script", "url(", "@import"] {
            assert!(!page.contains(fetching), "{}: {fetching}", contract.id());
        }
        let links = rest.split("href=\"").skip(1).map(|link| link.split('"').next().unwrap());
        for link in links {
            let place = link.strip_prefix('#').unwrap_or_else(|| panic!("{}: {link}", contract.id()));
            assert_eq!(page.matches(&format!(" id=\"{place}\"")).count(), 1, "{}: {place}", contract.id());
        }
        assert!(!page.contains("<td/>"), "HTML has no empty cell written so");
    }
}

#[test]
fn every_description_of_a_draft_says_that_it_is_one() {
    let catalog = catalog();
    let mut seen = [0, 0];
    for contract in catalog.contracts() {
        let is_draft = contract.status() == crate::Status::Draft;
        let view = contract.whole_view();
        let partly =
            contract.view(&|field| if field.path == *contract.key() { Seen::Whole } else { Seen::Withheld });
        for view in [view, partly] {
            let schema = json_schema(contract, &view);
            let said = [
                xsd(contract, &view).document,
                schema["description"].to_string(),
                dictionary::markdown(contract, &view),
                dictionary::html(contract, &view),
            ];
            for (place, said) in said.iter().enumerate() {
                let told = (said.contains("HỢP ĐỒNG DỰ THẢO"), said.contains("A DRAFT: no field"));
                assert_eq!(told, (is_draft, is_draft), "{} {place}", contract.id());
            }
            assert_eq!(schema["x-status"], contract.status().as_str());
        }
        seen[usize::from(is_draft)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[test]
fn the_index_page_is_up_to_date() {
    let (kept, made) = (include_str!("../../catalog/INDEX.md"), index(&catalog()));
    let beyond = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
    };
    let (missing, stale) = (beyond(&made, kept), beyond(kept, &made));
    let mend = "`lienthong contract list --markdown > contracts/catalog/INDEX.md`";
    assert_eq!(kept, made, "{mend}\nmissing: {missing:#?}\nstale: {stale:#?}");
}
