//! WSDL documents, judged from outside: zeep, xmlschema and xmllint read that of every contract whole and of
//! every service as each system of the sandbox would see it by SOAP; the catalogue's XML examples are what
//! the wrappers hold, and bad ones are not. Then zeep calls the gateway by the WSDL that it serves.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on fails

use std::{ffi::OsStr, fs, path::Path, process::Command};

use contracts::{Catalog, Format, Language};
use gateway::description::{
    Offer,
    rights::{self, Look},
    wsdl,
};
use policies::{Register, Sources};
use support::{Neighbour, Plan, Sandbox, tools};

/// Documents as zeep, xmlschema and xmllint read them.
const READ: &str = include_str!("read.py");
/// A consumer whose only knowledge is the WSDL.
const CALL: &str = include_str!("call.py");

/// What `script` prints.
fn python(script: &str, arguments: &[&OsStr]) -> String {
    let mut command = Command::new(tools::python().unwrap());
    let output = command.arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn toolkits_read_every_wsdl_and_examples_are_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, offer: &Offer<'_>| {
        let text = wsdl::describe(offer, "cong.example.vn", Language::Vi).unwrap();
        fs::write(folder.path().join(format!("{name}.wsdl")), text).unwrap();
    };
    let (catalog, _) = Catalog::load(&root.join("contracts")).unwrap();
    let mut written = 0;
    for contract in catalog.contracts() {
        write(&format!("whole-{}", contract.id()), &Offer::whole(contract));
        written += 1;
    }
    let at = "2026-11-21T03:00:00Z".parse().unwrap();
    let sources = Sources::read(&root.join("policies")).unwrap();
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
                let Ok(mut offer) = rights::offer(&register, &look) else { continue };
                // As if the agreement had SOAP among its formats.
                offer.operations.iter_mut().for_each(|offered| offered.formats.push(Format::Soap));
                write(&format!("{}-{}", system.id, service.id).replace('/', "_"), &offer);
                written += 1;
            }
        }
    }
    let told = python(READ, &[folder.path().as_os_str(), root.join("contracts/catalog").as_os_str()]);
    let counts: Vec<usize> = told.split_whitespace().map(|count| count.parse().unwrap()).collect();
    let [read, messages, good, bad] = counts[..] else { panic!("{told}") };
    assert_eq!(read, written, "{told}");
    assert!(messages > 5 && good > 10 && bad > 10, "{told}");
}

#[test]
fn a_toolkit_that_has_nothing_but_the_wsdl_submits_reads_queries_and_understands_faults() {
    const HANOI: &str = "H26/quan-ly-khcn";
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), "wsdl").unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    sandbox.documents.edit("agreements/TT-2026-017.toml", "formats = [", "formats = [\"soap\", ").unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    let identity = sandbox.identity(HANOI).unwrap();
    let address = format!("https://localhost:{}/api/G06/nhiem-vu/v1/soap", sandbox.address.port());
    let number = format!("ZP-{}", std::process::id());
    let told = python(
        CALL,
        &[
            address.as_ref(),
            sandbox.pki.ca().as_os_str(),
            identity.certificate.as_os_str(),
            identity.key.as_os_str(),
            number.as_ref(),
        ],
    );
    assert_eq!(told.trim(), "called");
    // What the provider was sent is JSON, the digits as they were.
    let provider = sandbox.neighbour("G06/he-thong-khcn").map(Neighbour::seen).unwrap().unwrap();
    let sent: Vec<_> = provider.iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(sent.len(), 4, "two tasks, each once more; nothing of what was refused");
    assert!(sent.iter().all(|seen| seen.header("content-type") == ["application/json"]));
    assert!(sent.iter().all(|seen| seen.body.contains("12.50") && seen.header("lt-user") == ["cb-0042"]));
}
