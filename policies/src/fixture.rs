//! A small world for tests: one dataset, a verdict, three members, three services, one agreement.
//!
//! Each test edits a document of it and looks at what changed.

use std::{fs, path::Path, sync::LazyLock};

use contracts::{Catalog, Fault};
use jiff::{
    Timestamp,
    civil::{Date, date},
};

use crate::{Ask, Format, Operation, Register, ServiceKey, Source, Sources, SystemKey, sources::hex};

/// A Saturday.
pub(crate) const TODAY: Date = date(2026, 11, 21);

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| load(&[("thu", THU, THU_SCHEMA), ("ket-qua", KET_QUA, KET_QUA_SCHEMA)]));

/// The contracts after an owner added a shared field to `thu@1`.
pub(crate) fn catalog_with_a_new_field() -> Catalog {
    let field = r#"
    "Moi": { "x-title": { "vi": "Mới", "en": "New" }, "x-classification": "shared", "type": "string" },
    "GhiChu": "#;
    let thu = THU_SCHEMA.replace("\"GhiChu\": ", field);
    load(&[("thu", THU, &thu), ("ket-qua", KET_QUA, KET_QUA_SCHEMA)])
}

/// The contracts with the province of `thu@1` read by the record's date.
pub(crate) fn catalog_with_a_date() -> Catalog {
    let dated = r#""x-code-list": { "list": "don-vi-hanh-chinh-tinh", "at": "NgayLap" }
    },
    "NgayLap": {
      "x-title": { "vi": "Ngày lập", "en": "Made on" }, "x-classification": "restricted", "type": "string",
      "format": "date""#;
    let thu = THU_SCHEMA.replace("\"x-code-list\": \"don-vi-hanh-chinh-tinh\"", dated);
    load(&[("thu", THU, &thu), ("ket-qua", KET_QUA, KET_QUA_SCHEMA)])
}

/// The contracts with one of them back in draft.
pub(crate) fn catalog_with_a_draft(dataset: &str) -> Catalog {
    let of = |name: &str, text: &str| {
        let status = if name == dataset { "\"draft\"" } else { "\"active\"" };
        text.replace("\"active\"", status)
    };
    let (thu, ket_qua) = (of("thu", THU), of("ket-qua", KET_QUA));
    load(&[("thu", &thu, THU_SCHEMA), ("ket-qua", &ket_qua, KET_QUA_SCHEMA)])
}

/// The contracts and `nguoi@1`, whose key is personal data.
pub(crate) fn catalog_with_a_personal_key() -> Catalog {
    let contract = THU.replace("thu@1", "nguoi@1").replace("dataset:thu", "dataset:nguoi");
    let schema = THU_SCHEMA.replace("contract:thu", "contract:nguoi");
    let schema = schema.replacen("\"x-classification\": \"open\"", "\"x-classification\": \"personal\"", 1);
    load(&[("thu", THU, THU_SCHEMA), ("ket-qua", KET_QUA, KET_QUA_SCHEMA), ("nguoi", &contract, &schema)])
}

/// The contracts with `thu@1` as a draft whose author has yet to say what its note's class is.
pub(crate) fn catalog_with_an_open_draft() -> Catalog {
    let thu = THU.replace("status = \"active\"", "status = \"draft\"");
    let schema = THU_SCHEMA.replacen("\"restricted\"", "\"restricted?\"", 1);
    load(&[("thu", &thu, &schema), ("ket-qua", KET_QUA, KET_QUA_SCHEMA)])
}

/// The contracts with a place in `thu@1`.
pub(crate) fn catalog_with_a_place() -> Catalog {
    let field = r#"
    "ViTri": { "x-title": { "vi": "Vị trí", "en": "Position" }, "x-classification": "shared", "type": "object",
      "x-geometry": { "types": ["Point"], "crs": ["CRS84"], "box": [101, 6, 118, 24] } },
    "GhiChu": "#;
    let thu = THU_SCHEMA.replace("\"GhiChu\": ", field);
    load(&[("thu", THU, &thu), ("ket-qua", KET_QUA, KET_QUA_SCHEMA)])
}

fn load(contracts: &[(&str, &str, &str)]) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    for (dataset, contract, schema) in contracts {
        let place = folder.path().join(format!("catalog/{dataset}/v1"));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("contract.toml"), contract).unwrap();
        fs::write(place.join("schema.json"), schema).unwrap();
    }
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/code-lists"),
        &folder.path().join("code-lists"),
    );
    match Catalog::load(folder.path()) {
        Ok((catalog, _)) => catalog,
        Err(faults) => panic!("{}", shown(&faults)),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn shown(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| fault.display(contracts::Language::En)).collect();
    lines.join("\n")
}

/// The contracts that the documents speak of.
pub(crate) fn catalog() -> &'static Catalog {
    &CATALOG
}

/// The key that names the revision of `thu@1` that was loaded.
pub(crate) fn pin() -> String {
    pin_of(catalog())
}

/// The key that names the revision of `thu@1` in `catalog`.
pub(crate) fn pin_of(catalog: &Catalog) -> String {
    let contract = catalog.contract(&"thu@1".parse().unwrap()).unwrap();
    format!("contract_revision = \"{}\"", &hex(contract.revision())[..16])
}

/// Documents that compile, to be edited.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) sources: Sources,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let empty = Self { sources: Sources::default() };
        DOCUMENTS.iter().fold(empty, |fixture, (file, text)| fixture.put(file, text))
    }

    /// Adds or replaces a document.
    pub(crate) fn put(mut self, file: &str, text: &str) -> Self {
        let list = match file.split('/').next() {
            Some("members") => &mut self.sources.members,
            Some("services") => &mut self.sources.services,
            Some("purposes") => &mut self.sources.purposes,
            Some("agreements") => &mut self.sources.agreements,
            _ => panic!("no folder of documents: {file}"),
        };
        list.retain(|source| source.file != Path::new(file));
        list.push(Source::new(file, text).into());
        self
    }

    /// Replaces a passage of a document, which must be there.
    pub(crate) fn edit(self, file: &str, from: &str, to: &str) -> Self {
        let text = self.sources.iter().find(|source| source.file == Path::new(file)).unwrap().text.clone();
        assert!(text.contains(from), "`{from}` in {file}");
        self.put(file, &text.replacen(from, to, 1))
    }

    /// Without a document.
    pub(crate) fn without(mut self, file: &str) -> Self {
        for list in [&mut self.sources.members, &mut self.sources.services, &mut self.sources.agreements] {
            list.retain(|source| source.file != Path::new(file));
        }
        self
    }

    pub(crate) fn compile(&self) -> Register {
        match Register::compile(&self.sources, catalog(), TODAY) {
            Ok((register, _)) => register,
            Err(faults) => panic!("{}", shown(&faults)),
        }
    }

    /// Compiles against another catalog, pinned to what that one has.
    pub(crate) fn compile_with(&self, catalog: &Catalog) -> Register {
        let pinned = pin_of(catalog);
        let mut sources = self.sources.clone();
        for source in sources.services.iter_mut().chain(&mut sources.agreements) {
            *source = Source::new(&source.file, source.text.replace(&pin(), &pinned)).into();
        }
        match Register::compile(&sources, catalog, TODAY) {
            Ok((register, _)) => register,
            Err(faults) => panic!("{}", shown(&faults)),
        }
    }

    /// Every fault and warning.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        match Register::compile(&self.sources, catalog(), TODAY) {
            Ok((_, warnings)) => warnings,
            Err(faults) => faults,
        }
    }

    /// File and rule of every fault and warning.
    pub(crate) fn rules(&self) -> Vec<(String, &'static str)> {
        let faults = self.faults();
        faults.iter().map(|fault| (fault.file.to_string_lossy().into_owned(), fault.rule)).collect()
    }
}

pub(crate) fn system(register: &Register, name: &str) -> SystemKey {
    register.system_named(&name.parse().unwrap()).unwrap()
}

pub(crate) fn service(register: &Register, name: &str) -> ServiceKey {
    register.service_of(&name.parse().unwrap()).unwrap()
}

/// What `TT-1` was made for: Hà Nội reads records for its purpose on a Saturday at noon.
pub(crate) fn ask(register: &Register) -> Ask<'static> {
    Ask {
        caller: system(register, "H26/quan-ly"),
        represented: None,
        service: service(register, "G06/thu"),
        version: 1,
        operation: Operation::Query,
        purpose: Some("quan-ly"),
        officer: None,
        format: Format::Json,
        filters: &[],
        environment: "production",
        at: noon("2026-11-21"),
    }
}

/// Noon of that day in Viet Nam.
pub(crate) fn noon(day: &str) -> Timestamp {
    format!("{day}T12:00:00+07:00").parse().unwrap()
}

pub(crate) const TT_1: &str = r#"
id = "TT-1"
kind = "standing"
consumer = "H26/quan-ly"
service = "G06/thu"
contract = "thu@1"
legal_basis = ["Căn cứ mẫu"]
purposes = ["quan-ly"]
valid = { from = 2026-01-01, until = 2027-12-31 }
operations = ["query", "read", "submit"]
formats = ["json", "xml"]
windows = ["T2-CN 06:00-22:00"]

[personal]
ground = "Căn cứ mẫu"

[fields]
release = ["MaSo", "Ten", "MaTinh", "ChuNhiem.HoVaTen"]
mask = { "ChuNhiem.SoDinhDanh" = "pseudonym" }
filter = ["MaSo"]

[records]
MaTinh = { in = "$member.province", include_predecessors = true }

[quota]
per_second = 5
per_day = { requests = 100, bytes = "2GB" }
"#;

const UPSTREAM: &str = r#"
upstream = { endpoints = [{ url = "https://127.0.0.1:8501/thu" }], server_name = "localhost", trust = { file = "ca.pem" } }
operations.query = { method = "GET", path = "/", push_down = ["MaTinh"], filter = ["MaSo", "Ten", "MaTinh", "GhiChu"] }
operations.read = { method = "GET", path = "/{id}" }
operations.submit = { method = "POST", path = "/" }
"#;

macro_rules! service {
    ($mode:literal) => {
        concat!(
            "system = \"G06/he-thong\"\nmode = \"",
            $mode,
            "\"\nauthority = \"source\"\nlegal_basis = [\"Căn cứ mẫu\"]\nlimits = { per_second = 50, body = \"2MiB\" }\n",
            "maintenance = [{ from = 2026-12-01T22:00:00, until = 2026-12-02T02:00:00 }]\n",
            "[versions.1]\ncontract = \"thu@1\"\nformat = \"json\"\nunknown_fields = \"drop\"\n",
        )
    };
}

static DOCUMENTS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let with_upstream = |text: &str| format!("{text}{UPSTREAM}");
    let pinned = |text: &str| with_upstream(&format!("{text}{}\n", pin()));
    vec![
        ("members/G06.toml", MEMBER_G06.to_owned()),
        ("members/H26.toml", MEMBER_H26.to_owned()),
        ("members/G03.toml", MEMBER_G03.to_owned()),
        ("purposes/quan-ly.toml", purpose("quan-ly")),
        ("purposes/thong-ke.toml", purpose("thong-ke")),
        ("services/G06/thu.toml", with_upstream(service!("on-request"))),
        ("services/G06/chung.toml", pinned(service!("default"))),
        ("services/G06/mo.toml", pinned(service!("open"))),
        ("services/G06/xac-thuc.toml", VERIFY.to_owned()),
        ("agreements/TT-1.toml", TT_1.to_owned()),
    ]
});

fn purpose(id: &str) -> String {
    format!("id = \"{id}\"\ntitle = {{ vi = \"Mẫu\", en = \"Sample\" }}\nlegal_basis = [\"Căn cứ mẫu\"]\n")
}

const MEMBER_G06: &str = r#"
id = "G06"
name = { vi = "Bộ mẫu", en = "Sample ministry" }
kind = "ministry"
[[systems]]
id = "he-thong"
environment = "production"
certificates = [{ issuer = "CN=Sample CA, O=Sample", serial = "00:0A" }]
"#;

const MEMBER_H26: &str = r#"
id = "H26"
name = { vi = "Tỉnh mẫu", en = "Sample province" }
kind = "province"
province = "24"
valid = { from = 2020-01-01, until = 2030-12-31 }
[[systems]]
id = "quan-ly"
environment = "production"
certificates = [{ san_uri = "urn:x:H26/quan-ly" }, { san_dns = "quan-ly.example" }]
[[systems]]
id = "thu-nghiem"
environment = "test"
"#;

const MEMBER_G03: &str = r#"
id = "G03"
name = { vi = "Bộ khác", en = "Another ministry" }
kind = "ministry"
[[systems]]
id = "thu-vien"
environment = "production"
certificates = [{ spki_sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }]
[[systems]]
id = "truc"
environment = "production"
relays_for = ["H26"]
"#;

const VERIFY: &str = r#"
system = "G06/he-thong"
mode = "on-request"
authority = "source"
legal_basis = ["Căn cứ mẫu"]
[versions.1]
contract = "thu@1"
format = "soap"
adapter = "population"
population = { ma_dvc = "MAU", ma_tich_hop = "037", ma_don_vi = "G06" }
upstream = { endpoints = [{ url = "https://127.0.0.1:8503" }], server_name = "localhost", trust = { file = "ca.pem" } }
operations.verify = { method = "POST", path = "/", reply = "ket-qua@1" }
"#;

const THU: &str = r#"
id = "thu@1"
title = { vi = "Bản ghi mẫu", en = "Sample record" }
owner = "G06"
legal_basis = ["Căn cứ mẫu"]
status = "active"
update = "realtime"
key = "MaSo"
[xml]
namespace = "urn:lienthong:dataset:thu:1"
record = "Thu"
collection = "DanhSachThu"
"#;

const THU_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:lienthong:contract:thu:1",
  "title": "Bản ghi mẫu",
  "type": "object",
  "additionalProperties": false,
  "required": ["MaSo"],
  "properties": {
    "MaSo": { "x-title": { "vi": "Mã số", "en": "Number" }, "x-classification": "open", "type": "string" },
    "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "x-classification": "shared", "type": "string" },
    "MaTinh": {
      "x-title": { "vi": "Tỉnh", "en": "Province" }, "x-classification": "shared", "type": "string",
      "x-code-list": "don-vi-hanh-chinh-tinh"
    },
    "GhiChu": { "x-title": { "vi": "Ghi chú", "en": "Note" }, "x-classification": "restricted", "type": "string" },
    "KinhPhi": { "x-title": { "vi": "Kinh phí", "en": "Funds" }, "x-classification": "restricted", "type": "number" },
    "HieuLuc": { "x-title": { "vi": "Hiệu lực", "en": "In force" }, "x-classification": "open", "type": "boolean" },
    "ChuNhiem": {
      "x-title": { "vi": "Chủ nhiệm", "en": "Principal" }, "type": "object", "additionalProperties": false,
      "properties": {
        "HoVaTen": { "x-title": { "vi": "Họ tên", "en": "Name" }, "x-classification": "personal", "type": "string" },
        "SoDinhDanh": {
          "x-title": { "vi": "Số định danh", "en": "Number" }, "x-classification": "personal",
          "type": "string", "x-identifier": "so-dinh-danh"
        },
        "DanToc": {
          "x-title": { "vi": "Dân tộc", "en": "Ethnicity" }, "x-classification": "personal-sensitive", "type": "string"
        }
      }
    },
    "DonVi": {
      "x-title": { "vi": "Đơn vị", "en": "Units" }, "type": "array", "items": {
        "type": "object", "additionalProperties": false, "xml": { "name": "Muc" },
        "properties": {
          "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "x-classification": "shared", "type": "string" },
          "DienThoai": { "x-title": { "vi": "Điện thoại", "en": "Phone" }, "x-classification": "personal", "type": "string" }
        }
      }
    }
  }
}"#;

const KET_QUA: &str = r#"
id = "ket-qua@1"
title = { vi = "Kết quả mẫu", en = "Sample verdict" }
owner = "G06"
legal_basis = ["Căn cứ mẫu"]
status = "active"
update = "realtime"
key = "KetQua"
[xml]
namespace = "urn:lienthong:dataset:ket-qua:1"
record = "KetQua"
collection = "DanhSachKetQua"
"#;

const KET_QUA_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:lienthong:contract:ket-qua:1",
  "title": "Kết quả mẫu",
  "type": "object",
  "additionalProperties": false,
  "required": ["KetQua"],
  "properties": {
    "KetQua": { "x-title": { "vi": "Kết quả", "en": "Verdict" }, "x-classification": "shared", "type": "string" }
  }
}"#;
