use std::fs;

use super::*;
use crate::{Document, Language, Number, Record, Status, UpdateFrequency};

/// The shipped contracts and code lists.
pub(super) fn shipped() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    match Catalog::load(folder) {
        Ok((catalog, warnings)) => {
            let told: Vec<_> = warnings.iter().map(|warning| warning.rule).collect();
            assert!(told.iter().all(|rule| *rule == "incomplete-list"), "{warnings:?}");
            catalog
        }
        Err(faults) => {
            let told: Vec<_> = faults.iter().map(|fault| fault.display(Language::En)).collect();
            panic!("{}", told.join("\n"));
        }
    }
}

/// Numbers here go through `serde_json` and so through f64: enough for examples, whose exactness
/// the readers' own tests hold.
fn document(value: &serde_json::Value) -> Document<'static> {
    use serde_json::Value;
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        Value::String(text) => Document::Text(text.clone().into()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let mut record = Record::with_capacity(members.len());
            for (name, value) in members {
                record.push(name.clone(), document(value));
            }
            Document::Record(record)
        }
    }
}

/// The records of every JSON example of `kind`, with the example's name: a list is its records.
fn examples(contract: &Contract, kind: &str) -> Vec<(String, Vec<Document<'static>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
        "catalog/{}/v{}/examples/{kind}",
        contract.id().dataset,
        contract.id().version
    ));
    let mut examples = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let records = match document(&value) {
                Document::List(records) => records,
                record => vec![record],
            };
            examples.push((path.display().to_string(), records));
        }
    }
    assert!(!examples.is_empty(), "{} has {kind} examples", contract.id());
    examples
}

#[test]
fn every_good_example_conforms() {
    for contract in shipped().contracts() {
        for (name, records) in examples(contract, "ok") {
            for record in &records {
                assert_eq!(contract.check(record, 100), Ok(()), "{name}");
            }
        }
    }
}

#[test]
fn every_bad_example_is_refused_for_one_reason() {
    for contract in shipped().contracts() {
        for (name, records) in examples(contract, "bad") {
            let violations: Vec<_> =
                records.iter().filter_map(|record| contract.check(record, 100).err()).flatten().collect();
            assert_eq!(violations.len(), 1, "{name}: {violations:?}");
        }
    }
}

/// The draft circular's enumerations (Điều 8), as it prints them.
const NAMED: [(&str, &str); 4] = [
    (
        "nhiem-vu@1",
        "tên nhiệm vụ; mã số nhiệm vụ; thuộc chương trình/đề tài/dự án; mã số chương trình/đề tài/dự án (nếu có); lĩnh vực nghiên cứu; tên tổ chức chủ trì; cơ quan chủ quản; chủ nhiệm nhiệm vụ; các cá nhân tham gia nhiệm vụ; mục tiêu nghiên cứu; nội dung nghiên cứu chính; sản phẩm khoa học và công nghệ; thời gian bắt đầu; thời gian kết thúc; kinh phí; tổ chức phối hợp triển khai; kết quả; thời gian bắt đầu; thời gian kết thúc; tình trạng nhiệm vụ; địa chỉ ứng dụng; hiệu quả ứng dụng; hiệu quả về kinh tế; tác động đối với kinh tế - xã hội và môi trường",
    ),
    (
        "cong-bo@1",
        "nhan đề, tác giả, cơ quan chủ trì và tài trợ chính, mô tả nội dung, chủ đề, tài liệu tham khảo, chỉ số trích dẫn khoa học, toàn văn hoặc liên kết tới nguồn toàn văn của công bố khoa học",
    ),
    (
        "to-chuc@1",
        "tên tổ chức, địa chỉ, lĩnh vực hoạt động, loại hình tổ chức; nhân lực; kinh phí hoạt động; cơ sở vật chất - kỹ thuật; hợp tác quốc tế; hoạt động khoa học và công nghệ và các kết quả đạt được; tài sản trí tuệ",
    ),
    (
        "nhan-luc@1",
        "họ tên, giới tính, năm sinh, dân tộc, chức vụ, chức danh khoa học, học hàm/học vị, chuyên ngành được đào tạo, địa chỉ, điện thoại, fax, email, cơ quan công tác, trình độ chuyên môn, lĩnh vực nghiên cứu chính, các nhiệm vụ khoa học và công nghệ do cán bộ nghiên cứu chủ trì hoặc tham gia, các công bố khoa học, sở hữu trí tuệ",
    ),
];

#[test]
fn each_content_that_the_circular_names_has_its_fields() {
    let catalog = shipped();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/CONTENTS.md");
    let text = fs::read_to_string(file).unwrap();
    // Of each heading's contract, the first cells of its rows.
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut contract = None;
    let ticked = |text: &'static str| text.split('`').skip(1).step_by(2);
    for line in Box::leak(text.into_boxed_str()).lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let id = ticked(heading).next();
            contract = id;
            told.extend(id.map(|id| (id, Vec::new())));
        }
        let Some(row) = line.strip_prefix("| ") else { continue };
        let (content, fields) = row.split_once('|').unwrap();
        let mut paths = ticked(fields).peekable();
        let named = paths.next_if(|path| path.contains('@')).or(contract);
        let Some(named) = named else { continue };
        let shape = catalog.contract(&named.parse().unwrap()).unwrap().shape();
        let paths: Vec<_> = paths.collect();
        assert!(content.trim() == "content" || !paths.is_empty(), "{line}");
        for path in paths {
            assert!(shape.field(&path.parse().unwrap()).is_some(), "{named} has no {path}: {line}");
        }
        if let (Some((_, contents)), Some(_)) = (told.last_mut(), contract)
            && content.trim() != "content"
        {
            contents.push(content.trim());
        }
    }
    let named = NAMED.map(|(id, text)| (id, text.split([';', ',']).map(str::trim).collect::<Vec<_>>()));
    assert_eq!(told, named);
}

#[test]
fn a_contract_knows_its_key_its_state_and_its_owner() {
    let catalog = shipped();
    let task = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    assert_eq!(task.key().as_str(), "MaSo");
    assert!(!task.has_personal_key());
    assert_eq!(
        (task.status(), task.update(), task.owner()),
        (Status::Active, UpdateFrequency::Realtime, "G06")
    );
    let question = catalog.contract(&"xac-thuc-dan-cu@1".parse().unwrap()).unwrap();
    assert!(question.has_personal_key(), "never served by key");
    let province = task.shape().field(&"MaTinh".parse().unwrap()).unwrap();
    assert_eq!(province.code_list.as_deref(), Some("don-vi-hanh-chinh-tinh"));
}

#[test]
fn what_a_provider_sends_beyond_the_contract_is_dropped_at_every_depth() {
    let catalog = shipped();
    let contract = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    let (_, mut records) = examples(contract, "ok").into_iter().next().unwrap();
    let record = &mut records[0];
    let whole = record.clone();
    assert_eq!(contract.drop_unknown(record), 0);
    assert_eq!(*record, whole);

    record.as_record_mut().unwrap().push("NoiBo", Document::List(vec![Document::Null]));
    let head = record.as_record_mut().unwrap().get_mut("ChuNhiem").unwrap();
    head.as_record_mut().unwrap().push("DiaChi", Document::Null);
    assert!(contract.check(record, 10).is_err());
    assert_eq!(contract.drop_unknown(record), 2);
    assert_eq!(*record, whole);
    assert_eq!(contract.drop_unknown(&mut Document::Null), 0);
}

/// A folder with one sound contract `mau@1`, and a code list.
pub(super) struct Written {
    folder: tempfile::TempDir,
}

const MANIFEST: &str = r#"id = "mau@1"
title = { vi = "Mẫu", en = "Sample" }
owner = "G06"
legal_basis = ["mẫu"]
status = "active"
update = "monthly"
key = "Ma"
[xml]
namespace = "urn:lienthong:dataset:mau:1"
record = "Mau"
collection = "DanhSachMau"
"#;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "additionalProperties": false, "required": ["Ma"], "properties": {
    "Ma": { "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open", "type": "string", "x-code-list": "chu" }
  }
}"#;

const LIST: &str = r#"title = { vi = "Chữ", en = "Letters" }
source = "mẫu"
complete = true
check = "codes"
[[editions]]
id = "1"
file = "1.csv"
valid_until = 2025-12-31
[[editions]]
id = "2"
file = "2.csv"
valid_from = 2026-01-01
"#;

impl Written {
    pub(super) fn sound() -> Self {
        let written = Self { folder: tempfile::tempdir().unwrap() };
        written.put("catalog/README.md", "not a contract");
        written.put("catalog/mau/v1/contract.toml", MANIFEST);
        written.put("catalog/mau/v1/schema.json", SCHEMA);
        written.put("code-lists/chu/list.toml", LIST);
        written.put("code-lists/chu/1.csv", "code,name,successor\na,A,\nb,B,a\n");
        written.put("code-lists/chu/2.csv", "code,name\na,\"A, mới\"\n");
        written
    }

    pub(super) fn put(&self, file: &str, text: &str) -> &Self {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(super) fn load(&self) -> Result<Catalog, Vec<Fault>> {
        Catalog::load(self.folder.path()).map(|(catalog, _)| catalog)
    }

    /// `file:line rule` of every fault.
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = self.load().err().unwrap_or_default();
        let line = |fault: &Fault| fault.place.map_or(0, |place| place.line);
        faults
            .iter()
            .map(|fault| format!("{}:{} {}", fault.file.display(), line(fault), fault.rule))
            .collect()
    }
}

#[test]
fn a_folder_is_loaded_whole_or_every_fault_is_told_at_once() {
    let written = Written::sound();
    assert_eq!(written.faults(), [""; 0]);
    written
        .put("catalog/mau/v1/contract.toml", &MANIFEST.replace("\"Ma\"", "\"Khac\"").replace("G06", "g06"))
        .put("catalog/khac/v1/contract.toml", &MANIFEST.replace("update", "updated"))
        .put("catalog/khac/v1/schema.json", &SCHEMA.replace("\"chu\"", "\"so\""))
        .put("catalog/khac/ban-2/contract.toml", "")
        .put("catalog/thieu/v1/contract.toml", &MANIFEST.replace("mau", "thieu"))
        .put("code-lists/chu/2.csv", "code,name\nc,C\nc,C\n,D\n");
    assert_eq!(
        written.faults(),
        [
            "catalog/khac/ban-2:0 folder-name",
            "catalog/khac/v1/contract.toml:6 unreadable-toml",
            "catalog/khac/v1/schema.json:4 unknown-code-list",
            "catalog/mau/v1/contract.toml:3 owner",
            "catalog/mau/v1/contract.toml:7 unknown-field",
            "catalog/thieu/v1/schema.json:0 unreadable-file",
            "code-lists/chu/1.csv:2 unknown-successor",
            "code-lists/chu/1.csv:3 unknown-successor",
            "code-lists/chu/2.csv:3 repeated-code",
            "code-lists/chu/2.csv:4 empty-code",
        ]
    );
}

#[test]
fn a_manifest_is_held_to_its_keys() {
    let written = Written::sound();
    let cases = [
        ("id = \"mau@1\"", "id = \"mau@2\"", "1 wrong-id"),
        ("en = \"Sample\"", "en = \"\"", "2 open-answer"),
        ("[\"mẫu\"]", "[]", "4 open-answer"),
        ("\"active\"", "\"done\"", "5 status"),
        ("\"monthly\"", "\"often\"", "6 update"),
        ("\"monthly\"", "\"\"", "6 open-answer"),
        ("\"Ma\"", "\"\"", "7 open-answer"),
        ("urn:lienthong:dataset:mau:1", "mau", "9 xml-namespace"),
        ("\"Mau\"", "\"1Mau\"", "10 xml-name"),
        ("\"DanhSachMau\"", "\"Mau\"", "11 xml-name"),
        ("record =", "extra = 1\nrecord =", "10 unreadable-toml"),
    ];
    for (from, to, fault) in cases {
        written.put("catalog/mau/v1/contract.toml", &MANIFEST.replace(from, to));
        assert_eq!(written.faults(), [format!("catalog/mau/v1/contract.toml:{fault}")], "{to}");
    }
    let optional = SCHEMA.replace("\"required\": [\"Ma\"], ", "");
    written.put("catalog/mau/v1/contract.toml", MANIFEST).put("catalog/mau/v1/schema.json", &optional);
    assert_eq!(written.faults(), ["catalog/mau/v1/contract.toml:7 key"]);
}

#[test]
fn a_namespace_belongs_to_one_contract() {
    let written = Written::sound();
    written.put("catalog/mau/v2/contract.toml", &MANIFEST.replace("mau@1", "mau@2"));
    written.put("catalog/mau/v2/schema.json", SCHEMA);
    assert_eq!(written.faults(), ["catalog/mau/v2/contract.toml:9 xml-namespace"]);
}

#[test]
fn a_list_is_held_to_its_editions() {
    let written = Written::sound();
    let cases = [
        ("complete = true", "complete = false", "4 incomplete-list-checked"),
        ("2026-01-01", "2025-12-31", "10 overlapping-editions"),
        ("2025-12-31", "2025-12-31T00:00:00", "8 not-a-day"),
        ("\"2.csv\"", "\"../2.csv\"", "11 file-outside"),
        ("title", "id = \"so\"\ntitle", "1 wrong-id"),
    ];
    for (from, to, fault) in cases {
        written.put("code-lists/chu/list.toml", &LIST.replace(from, to));
        let faults = written.faults();
        assert!(faults.contains(&format!("code-lists/chu/list.toml:{fault}")), "{to}: {faults:?}");
    }
}

#[test]
fn the_revision_changes_with_either_file_and_with_nothing_else() {
    let written = Written::sound();
    let revision = || *written.load().unwrap().contracts().next().unwrap().revision();
    let first = revision();
    assert_eq!(revision(), first);
    written.put("catalog/mau/v1/contract.toml", &format!("{MANIFEST}# ghi chú\n"));
    let second = revision();
    written.put("catalog/mau/v1/schema.json", &format!("{SCHEMA}\n"));
    let third = revision();
    assert!(first != second && second != third && first != third);
    written.put("code-lists/chu/2.csv", "code,name\na,A\n");
    assert_eq!(revision(), third);
}

#[test]
fn a_changed_part_changes_every_contract_that_uses_it_and_no_other() {
    const PARTS: &str = r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {
  "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "type": "string", "maxLength": 10 },
  "So": { "x-title": { "vi": "Số", "en": "Number" }, "type": "integer" }
} }"#;
    let using = |name: &str| {
        let field =
            format!(r#""T": {{ "x-classification": "open", "$ref": "parts.json#/$defs/{name}" }}, "Ma""#);
        SCHEMA.replacen("    \"Ma\"", &field, 1)
    };
    let written = Written::sound();
    written.put("catalog/parts.json", PARTS);
    for (dataset, schema) in [("mau", SCHEMA), ("ten", &using("Ten")), ("so", &using("So"))] {
        written.put(&format!("catalog/{dataset}/v1/contract.toml"), &MANIFEST.replace("mau", dataset));
        written.put(&format!("catalog/{dataset}/v1/schema.json"), schema);
    }
    let revisions = || -> Vec<_> {
        let catalog = written.load().unwrap_or_else(|_| panic!("{:?}", written.faults()));
        catalog.contracts().map(|contract| *contract.revision()).collect()
    };
    let before = revisions();
    written.put("catalog/parts.json", &PARTS.replace("10", "20"));
    let after = revisions();
    let changed: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
    assert_eq!(changed, [false, false, true], "mau, so, ten");

    // What stands between the definitions is nobody's.
    written.put("catalog/parts.json", &PARTS.replace("10", "20").replace("} }", "}\n}"));
    assert_eq!(revisions(), after);
}

#[test]
fn a_faulty_part_is_one_fault_and_an_unused_one_is_told() {
    let written = Written::sound();
    let part = |kind: &str| {
        format!(
            r#"{{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {{
  "Ten": {{ "x-title": {{ "vi": "Tên", "en": "Name" }}, "type": "string", "format": "{kind}" }}
}} }}"#
        )
    };
    written.put("catalog/parts.json", &part("date"));
    assert_eq!(written.faults(), ["catalog/parts.json:2 unused-definition"]);
    let field = r#""T": { "x-classification": "open", "$ref": "parts.json#/$defs/Ten" }, "Ma""#;
    let schema = SCHEMA.replacen("    \"Ma\"", field, 1);
    written.put("catalog/mau/v1/schema.json", &schema);
    written.put("catalog/khac/v1/schema.json", &schema);
    written.put("catalog/khac/v1/contract.toml", &MANIFEST.replace("mau", "khac"));
    assert_eq!(written.faults(), [""; 0]);
    written.put("catalog/parts.json", &part("ngay"));
    assert_eq!(written.faults(), ["catalog/parts.json:2 unknown-format"]);
}

#[test]
fn one_contract_is_loaded_without_the_others_and_their_faults() {
    let written = Written::sound();
    let id: ContractId = "mau@1".parse().unwrap();
    let revision = *written.load().unwrap().contract(&id).unwrap().revision();
    written.put("catalog/khac/v1/contract.toml", "x").put("catalog/khac/v1/schema.json", "{");
    assert!(written.load().is_err());
    let folder = written.folder.path();
    let (catalog, _) = Catalog::load_only(folder, &id).unwrap();
    assert_eq!(catalog.contracts().count(), 1);
    assert_eq!(*catalog.contract(&id).unwrap().revision(), revision);
    let (none, _) = Catalog::load_only(folder, &"la@1".parse().unwrap()).unwrap();
    assert_eq!(none.contracts().count(), 0);
    assert!(Catalog::load_only(folder, &"khac@1".parse().unwrap()).is_err());
}

#[test]
fn an_open_draft_is_left_out_and_keeps_nothing_else_from_loading() {
    let written = Written::sound();
    let (mau, thu): (ContractId, ContractId) = ("mau@1".parse().unwrap(), "thu@1".parse().unwrap());
    // It comes first by name, has the other's namespace, and is the only one to use a part.
    let blank = MANIFEST
        .replace("mau@1", "dat@1")
        .replace("\"G06\"", "\"\"")
        .replace("\"active\"", "\"\"")
        .replace("\"monthly\"", "\"\"")
        .replace("\"Ma\"", "\"\"")
        .replace("[\"mẫu\"]", "[]");
    let question = SCHEMA.replace("\"open\"", "\"restricted?\"").replace("\"Code\"", "\"\"");
    written.put("catalog/dat/v1/contract.toml", &blank).put("catalog/dat/v1/schema.json", &question);
    written.put(
        "catalog/parts.json",
        r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": { "A": { "type": "string" } } }"#,
    );
    let folder = written.folder.path();
    let (catalog, warnings) = Catalog::load(folder).unwrap();
    assert!(catalog.contract(&mau).is_some());
    let told: Vec<_> = warnings.iter().map(|fault| (fault.rule, fault.warning)).collect();
    assert_eq!(told, [("open-draft", true)]);

    let dat: ContractId = "dat@1".parse().unwrap();
    assert!(catalog.contract(&dat).is_none() && catalog.is_open_draft(&dat) && !catalog.is_open_draft(&thu));
    let (_, draft) = catalog.open_drafts().next().unwrap();
    let asked: Vec<_> = draft.faults().iter().map(|fault| (fault.place.unwrap().line, fault.rule)).collect();
    // All of them at once, although the schema does not compile.
    assert_eq!(
        asked,
        [
            (3, "open-answer"),
            (4, "open-answer"),
            (5, "open-answer"),
            (6, "open-answer"),
            (7, "open-answer"),
            (4, "no-title"),
            (4, "class-question"),
        ]
    );
    let told = |line: usize| draft.faults()[line].remedy.en.clone();
    assert!(told(3).contains("`half-yearly` (every half year)") && told(4).contains("one of: `Ma`"));
    assert!(told(2).contains("`active`") && told(2).contains("draft = true"));
    assert_eq!(
        Catalog::load_only(folder, &dat).unwrap_err(),
        draft.faults(),
        "asked for alone, it is refused"
    );

    // What says that it is in force is no draft, and is not missed in silence.
    written.put("catalog/dat/v1/contract.toml", &blank.replacen("status = \"\"", "status = \"active\"", 1));
    assert!(written.faults().contains(&"catalog/dat/v1/contract.toml:3 open-answer".to_owned()));
    // Nor is a draft without questions that has a mistake.
    let mistaken =
        MANIFEST.replace("mau@1", "dat@1").replace("\"active\"", "\"draft\"").replace("G06", "g06");
    written.put("catalog/dat/v1/contract.toml", &mistaken).put("catalog/dat/v1/schema.json", SCHEMA);
    assert!(written.faults().contains(&"catalog/dat/v1/contract.toml:3 owner".to_owned()));
    let (catalog, faults) = Catalog::survey(folder);
    assert!(catalog.contract(&mau).is_none() || catalog.contract(&dat).is_none());
    assert!(faults.iter().any(|fault| fault.rule == "owner"));
}

#[test]
fn only_lists_that_the_contract_uses_say_that_they_are_not_complete() {
    let written = Written::sound();
    let incomplete = LIST.replace("complete = true", "complete = false").replace("\"codes\"", "\"form\"");
    written.put("code-lists/chu/list.toml", &incomplete);
    written.put("code-lists/so/list.toml", &incomplete).put("code-lists/so/1.csv", "code,name\n1,A\n");
    written.put("code-lists/so/2.csv", "code,name\n1,A\n");
    let files = |faults: Vec<Fault>| -> Vec<_> {
        faults.iter().map(|fault| fault.file.display().to_string()).collect()
    };
    let id = "mau@1".parse().unwrap();
    let folder = written.folder.path();
    assert_eq!(files(Catalog::load_only(folder, &id).unwrap().1), ["code-lists/chu/list.toml"]);
    assert_eq!(files(Catalog::load(folder).unwrap().1).len(), 2, "the gateway tells all");
    // Of a contract that does not load, too.
    written.put("catalog/mau/v1/contract.toml", &MANIFEST.replace("G06", "g06"));
    let faults = files(Catalog::load_only(folder, &id).unwrap_err());
    assert_eq!(faults, ["catalog/mau/v1/contract.toml", "code-lists/chu/list.toml"]);
}

#[test]
fn a_folder_that_is_not_there_is_a_fault() {
    let empty = tempfile::tempdir().unwrap();
    let faults = Catalog::load(empty.path()).unwrap_err();
    let rules: Vec<_> = faults.iter().map(|fault| fault.rule).collect();
    assert_eq!(rules, ["unreadable-folder", "unreadable-folder"]);
}
