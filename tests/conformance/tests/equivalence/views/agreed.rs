//! Agreements made up: of every contract some leaves are released, some masked and the rest withheld, by
//! chance, in operators' own documents.

use std::{fmt::Write, fs, path::Path};

use contracts::{Catalog, Classification, Contract, Field, FieldPath, Form, RecordShape, Status};
use policies::{Mask, Register, Source, Sources};
use serde_json::{Map, Value, json};

use crate::Chance;

/// The day on which all of it holds.
pub const DAY: &str = "2026-11-21T03:00:00Z";

/// A consumer's system; the `number`-th has the `number`-th agreement about each contract.
pub fn system(number: u64) -> String {
    format!("H26/he-thong-{number}")
}

/// The service that offers a contract.
pub fn service(contract: &Contract) -> String {
    contract.id().dataset.to_string()
}

/// A register in which each contract of `catalog` has as many agreements as `share` says.
pub fn register(catalog: &Catalog, share: &dyn Fn(&Contract) -> u64) -> Register {
    let most = catalog.contracts().map(|contract| share(contract)).max().unwrap();
    let mut sources = Sources::default();
    for (id, systems) in [("G06", 1), ("H26", most)] {
        let mut text = format!(
            "id = \"{id}\"\nname = {{ vi = \"Mẫu\", en = \"Sample\" }}\nkind = \"ministry\"\nvalid = {{ from = 2020-01-01 }}\n\
             [[contacts]]\nrole = \"dau-moi\"\nunit = \"Mẫu\"\n"
        );
        for number in 0..systems {
            let _ = write!(
                text,
                "[[systems]]\nid = \"he-thong-{number}\"\nenvironment = \"production\"\nsecurity_level = 3\n\
                 certificates = [{{ san_uri = \"urn:mau:{id}:{number}\" }}]\n"
            );
        }
        sources.members.push(Source::new(format!("members/{id}.toml"), text).into());
    }
    let purpose =
        "id = \"thu\"\ntitle = { vi = \"Xzthử\", en = \"Xztrial\" }\nlegal_basis = [\"Xzcăn cứ\"]\n";
    sources.purposes.push(Source::new("purposes/thu.toml", purpose).into());
    for contract in catalog.contracts() {
        sources.services.push(offer(contract).into());
        let mut chance = Chance::of(&format!("{} agreed", contract.id()));
        for number in 0..share(contract) {
            sources.agreements.push(agreement(contract, number, &mut chance).into());
        }
    }
    let today = policies::local(DAY.parse().unwrap()).date();
    let compiled = Register::compile(&sources, catalog, today);
    compiled
        .unwrap_or_else(|faults| panic!("{} faults: {:?}", faults.len(), &faults[..faults.len().min(3)]))
        .0
}

/// A catalogue of one draft with a field of every kind, whose words no other contract has.
pub fn stranger(folder: &Path) -> Catalog {
    let place = folder.join("catalog/xz/v1");
    fs::create_dir_all(&place).unwrap();
    fs::create_dir_all(folder.join("code-lists")).unwrap();
    let of_text = |format: &str| json!({ "type": "string", "format": format, "maxLength": 100 });
    let point = json!({ "types": ["Point"], "crs": ["CRS84"], "box": [102, 8, 110, 24] });
    let mut kinds: Vec<Value> =
        ["date", "date-time", "time", "year", "email", "uri", "uuid"].into_iter().map(of_text).collect();
    kinds.extend([
        json!({ "type": "string", "minLength": 1, "pattern": "^xz" }),
        json!({ "type": "string", "enum": ["xz", "xzz"] }),
        json!({ "type": ["string", "null"], "x-identifier": "ma-so-thue" }),
        json!({ "type": "integer", "minimum": 1, "maximum": 9 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 9, "multipleOf": 0.5 }),
        json!({ "type": "boolean" }),
        json!({ "type": "object", "x-geometry": point }),
        json!({ "type": "array", "items": { "type": "string", "xml": { "name": "Xzi" } }, "minItems": 1, "maxItems": 9, "uniqueItems": true }),
    ]);
    let classes = ["open", "shared", "restricted", "personal", "personal-sensitive"];
    let mut properties = Map::new();
    for (number, mut kind) in kinds.into_iter().enumerate() {
        kind["x-title"] = json!({ "vi": format!("Xzvi{number}"), "en": format!("Xzen{number}") });
        kind["x-classification"] = classes[number % classes.len()].into();
        properties.insert(format!("Xz{number}"), kind);
    }
    let inner = json!({ "type": "object", "additionalProperties": false, "properties": properties.clone(), "xml": { "name": "Xzm" } });
    let mut list = json!({ "type": "array", "items": inner });
    list["x-title"] = json!({ "vi": "Xzvil", "en": "Xzenl" });
    properties.insert("Xzl".to_owned(), list);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:lienthong:contract:xz:1",
        "type": "object", "additionalProperties": false, "required": ["Xz0", "Xz7"], "properties": properties,
    });
    fs::write(place.join("schema.json"), schema.to_string()).unwrap();
    let text = "id = \"xz@1\"\ntitle = { vi = \"Xzvi\", en = \"Xzen\" }\nowner = \"G06\"\nlegal_basis = [\"xz\"]\n\
                status = \"draft\"\nupdate = \"daily\"\nkey = \"Xz7\"\n[xml]\nnamespace = \"urn:xz\"\n\
                record = \"Xzr\"\ncollection = \"Xzrs\"\n";
    fs::write(place.join("contract.toml"), text).unwrap();
    let (catalog, _) = Catalog::load(folder).unwrap_or_else(|faults| panic!("{faults:?}"));
    catalog
}

/// A draft is used by who says so and names its text.
fn named(contract: &Contract) -> String {
    let id = contract.id();
    let revision: String = contract.revision().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let draft = if contract.status() == Status::Draft { "draft = true\n" } else { "" };
    format!("contract = \"{id}\"\ncontract_revision = \"{revision}\"\n{draft}")
}

fn offer(contract: &Contract) -> Source {
    let id = contract.id();
    let filters: Vec<String> = filters(contract).map(|field| format!("\"{}\"", field.path)).collect();
    let read =
        if contract.has_personal_key() { "" } else { "read = { method = \"GET\", path = \"/{id}\" }\n" };
    let text = format!(
        "system = \"G06/he-thong-0\"\nmode = \"on-request\"\nauthority = \"source\"\nlegal_basis = [\"Xzcăn cứ\"]\n\
         update = {{ frequency = \"daily\" }}\n[versions.{version}]\n{named}format = \"json\"\n\
         [versions.{version}.upstream]\nendpoints = [{{ url = \"https://127.0.0.1:9/\" }}]\nserver_name = \"localhost\"\n\
         trust = {{ file = \"pki/ca.pem\" }}\n\
         client_certificate = {{ cert = {{ file = \"pki/a.pem\" }}, key = {{ file = \"pki/a.key\" }} }}\n\
         timeout = {{ connect = \"1s\", request = \"10s\" }}\n\
         [versions.{version}.operations]\nquery = {{ method = \"GET\", path = \"/\", filter = [{filters}] }}\n{read}",
        version = id.version,
        named = named(contract),
        filters = filters.join(", "),
    );
    Source::new(format!("services/G06/{}.toml", id.dataset), text)
}

/// What may stand in a query string.
fn filters(contract: &Contract) -> impl Iterator<Item = &Field> {
    let plain = |form: &Form| matches!(form, Form::Text | Form::Number { .. } | Form::Boolean);
    contract.shape().root.fields.iter().filter(move |field| plain(&field.form))
}

fn agreement(contract: &Contract, number: u64, chance: &mut Chance) -> Source {
    let mut all = Vec::new();
    leaves(&contract.shape().root, &mut all);
    let (mut released, mut masked) = (Vec::<&FieldPath>::new(), Vec::new());
    let of = 2 + chance.below(3);
    for leaf in &all {
        match mask(leaf, chance) {
            Some(mask) if chance.once_in(4) => {
                masked.push(format!("\"{}\" = \"{}\"", leaf.path, mask.as_str()))
            }
            _ if !chance.once_in(of) => released.push(&leaf.path),
            _ => {}
        }
    }
    if released.is_empty() {
        let plain = all
            .iter()
            .find(|leaf| !masked.iter().any(|masked| masked.starts_with(&format!("\"{}\"", leaf.path))));
        released.extend(plain.map(|leaf| &leaf.path));
    }
    let filters: Vec<String> = filters(contract)
        .filter(|field| released.contains(&&field.path))
        .map(|field| format!("\"{}\"", field.path))
        .collect();
    let released: Vec<String> = released.iter().map(|path| format!("\"{path}\"")).collect();
    let read = if contract.has_personal_key() { "" } else { ", \"read\"" };
    let id = format!("TT-2026-{}-{number}", contract.id().dataset);
    let text = format!(
        "id = \"{id}\"\nkind = \"standing\"\nconsumer = \"{system}\"\nservice = \"G06/{service}\"\n{named}\
         document = {{ number = \"Xz1\", signed = 2025-12-20 }}\nlegal_basis = [\"Xzcăn cứ\"]\npurposes = [\"thu\"]\n\
         valid = {{ from = 2026-01-01, until = 2027-12-31 }}\noperations = [\"query\"{read}]\n\
         formats = [\"json\", \"xml\", \"soap\"]\nreuse = \"no-onward-sharing\"\n\
         [personal]\nground = \"Xzcăn cứ\"\nsensitive_ground = \"Xzcăn cứ riêng\"\nimpact_assessment = \"Xz2\"\nretention = \"P1Y\"\n\
         [fields]\nrelease = [{}]\nmask = {{ {} }}\nfilter = [{}]\n",
        released.join(", "),
        masked.join(", "),
        filters.join(", "),
        system = system(number),
        service = service(contract),
        named = named(contract),
    );
    Source::new(format!("agreements/{id}.toml"), text)
}

/// The leaves of a shape.
pub fn leaves<'s>(shape: &'s RecordShape, out: &mut Vec<&'s Field>) {
    for field in &shape.fields {
        match field.form.record() {
            Some(inner) => leaves(inner, out),
            None => out.push(field),
        }
    }
}

/// A mask that a leaf can have.
fn mask(leaf: &Field, chance: &mut Chance) -> Option<Mask> {
    let form = match &leaf.form {
        Form::List(list) => &list.item,
        form => form,
    };
    // Of what identifies a person only a pseudonym may be left.
    let identifies = leaf.identifier.is_some() && leaf.classification >= Classification::Personal;
    match form {
        Form::Text if leaf.identifier.is_none() || !identifies => {
            let person = leaf.identifier == Some(contracts::identifiers::IdentifierKind::SoDinhDanh);
            let any = [Mask::Pseudonym, Mask::Initials, Mask::Year, Mask::Last4];
            Some(if person { Mask::Pseudonym } else { chance.pick(&any) })
        }
        Form::Text | Form::Number { .. } => Some(Mask::Pseudonym),
        _ => None,
    }
}
