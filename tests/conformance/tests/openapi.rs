//! OpenAPI documents and JSON Schemas, judged by outside validators: of every contract whole, and of every
//! service as each system of the sandbox sees it. What a document says of requests holds for the catalogue's own
//! examples.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on fails

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use contracts::{Catalog, Language};
use gateway::description::{
    Offer,
    page::{Kind, make},
    rights::{self, Look},
};
use policies::{Register, Sources};
use serde_json::Value;
use support::tools;

const JUDGE: &str = r#"
import json, pathlib, sys
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

folder, catalog = map(pathlib.Path, sys.argv[1:3])
judged = examples = 0
for file in sorted(folder.glob('*.json')):
    api = json.loads(file.read_text())
    errors = list(OpenAPIV31SpecValidator(api).iter_errors())
    assert not errors, (file.name, errors[:3])
    judged += 1
    registry = Registry().with_resource('urn:api', Resource.from_contents(api, default_specification=DRAFT202012))
    for path, method in [('/records', 'post'), ('/verify', 'post')]:
        operation = api['paths'].get(path, {}).get(method)
        content = (operation or {}).get('requestBody', {}).get('content', {}).get('application/json')
        if content is None or not file.name.startswith('whole-'):
            continue
        at = '#/paths/' + path.replace('/', '~1') + f'/{method}/requestBody/content/application~1json/schema'
        validator = Draft202012Validator({'$ref': 'urn:api' + at}, registry=registry)
        name, version = file.stem.removeprefix('whole-').split('@')
        for example in sorted((catalog / name / f'v{version}' / 'examples' / 'ok').glob('*.json')):
            value = json.loads(example.read_text())
            if path == '/verify' and isinstance(value, list):
                continue
            found = [error.message for error in validator.iter_errors(value)]
            assert not found, (file.name, example.name, found[:3])
            examples += 1
        assert not validator.is_valid({'KhongCo': 1}), file.name
schemas = 0
for file in sorted(folder.glob('*.schema')):
    schema = json.loads(file.read_text())
    assert schema['$schema'] == 'https://json-schema.org/draft/2020-12/schema', file.name
    Draft202012Validator.check_schema(schema)
    schemas += 1
print(judged, examples, schemas)
"#;

/// The sandbox's documents, whose services set bad records aside and carry signed documents.
fn declaring(root: &Path, folder: &Path) -> PathBuf {
    let into = folder.join("policies");
    for kind in fs::read_dir(root.join("policies")).unwrap().map(|kind| kind.unwrap().path()) {
        copy(&kind, &into.join(kind.file_name().unwrap()));
    }
    into
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for inner in fs::read_dir(from).unwrap().map(|inner| inner.unwrap().path()) {
            copy(&inner, &to.join(inner.file_name().unwrap()));
        }
    } else if from.extension().is_some_and(|extension| extension == "toml") {
        let mut text = fs::read_to_string(from).unwrap();
        let json = "\nformat = \"json\"\n";
        // Messages are held whole: who speaks nothing but SOAP declares neither.
        if text.contains(json) {
            text = text.replace(json, "\nformat = \"xml\"\nsigned = \"carry\"\n");
            for operation in ["query", "submit"] {
                let declared = format!("\n{operation} = {{ stream = {{ bad_records = \"set-aside\" }},");
                text = text.replace(&format!("\n{operation} = {{"), &declared);
            }
        }
        fs::write(to, text).unwrap();
    }
}

/// What an OpenAPI document says of answers.
fn responses(file: &Path) -> String {
    let api: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let operations = api["paths"].as_object().unwrap().values().filter_map(Value::as_object);
    operations.flat_map(|path| path.values()).map(|operation| operation["responses"].to_string()).collect()
}

#[test]
fn every_open_api_document_is_one_and_says_what_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, offer: &Offer<'_>| {
        for (tag, language) in [("", Language::Vi), (".en", Language::En)] {
            let made = make(offer, Kind::OpenApi, "localhost", language).unwrap();
            fs::write(folder.path().join(format!("{name}{tag}.json")), made.body).unwrap();
        }
        let schema = make(offer, Kind::Schema, "localhost", Language::Vi).unwrap();
        fs::write(folder.path().join(format!("{name}.schema")), schema.body).unwrap();
    };
    let (catalog, _) = Catalog::load(&root.join("contracts")).unwrap();
    let mut written = 0;
    for contract in catalog.contracts() {
        // Named by what the judge looks for.
        let made = make(&Offer::whole(contract), Kind::OpenApi, "localhost", Language::Vi).unwrap();
        fs::write(folder.path().join(format!("whole-{}.json", contract.id())), made.body).unwrap();
        written += 1;
    }
    let at = "2026-11-21T03:00:00Z".parse().unwrap();
    for (world, policies) in [("", root.join("policies")), ("declaring-", declaring(root, folder.path()))] {
        let sources = Sources::read(&policies).unwrap();
        let (register, _) = Register::compile(&sources, &catalog, policies::local(at).date()).unwrap();
        for (caller, system) in register.systems() {
            for (key, service) in register.services() {
                for version in &service.versions {
                    let look = Look {
                        caller,
                        represented: None,
                        service: key,
                        version: version.number,
                        environment: &system.environment,
                        at,
                    };
                    if let Ok(offer) = rights::offer(&register, &look) {
                        let name = format!("{world}{}-{}-{}", system.id, service.id, version.number);
                        write(&name.replace('/', "_"), &offer);
                        written += 2;
                    }
                }
            }
        }
    }
    assert!(written > 40, "{written}");
    for word in ["Lt-Set-Aside", "multipart/related"] {
        let says = |name: &str| {
            let files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
            let api = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
            let own = api.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(name));
            own.filter(|file| responses(file).contains(word)).count()
        };
        assert!(says("declaring-") > 3 && says("H26") + says("G0") == 0, "{word}");
    }
    let judge = folder.path().join("judge.py");
    fs::write(&judge, JUDGE).unwrap();
    let output = Command::new(tools::python().unwrap())
        .arg(&judge)
        .args([folder.path(), &root.join("contracts/catalog")])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counts: Vec<usize> = told.split_whitespace().map(|count| count.parse().unwrap()).collect();
    let [judged, examples, schemas] = counts[..] else { panic!("{told}") };
    assert!(judged == written && examples > 10 && schemas > 8, "{told}");
}
