//! The inspection, run over this checkout, and over one with a fault in each place.

use std::{fs, path::Path};

use house::{here, inspect};

fn cargo() -> &'static Path {
    Path::new(env!("CARGO"))
}

#[test]
fn every_rule_holds_here() {
    let home = std::env::var_os("HOME");
    let faults = inspect(&here(), cargo(), home.as_deref().map(Path::new)).unwrap();
    let list: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}

#[test]
fn a_bad_house_is_found_out() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    let write = |file: &str, text: &str| {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"contracts\", \"gateway\"]\n");
    write(
        "contracts/Cargo.toml",
        "[package]\nname = \"contracts\"\nedition = \"2024\"\n[dev-dependencies]\ngateway = { path = \"../gateway\" }\n",
    );
    write("contracts/src/lib.rs", "fn later() {\n    todo!()\n}\n");
    write("gateway/Cargo.toml", "[package]\nname = \"gateway\"\nedition = \"2024\"\n");
    write("gateway/src/lib.rs", "mod utils;\n");
    write("gateway/src/utils.rs", "use rustls::ServerConfig;\n");
    write("README.md", &format!("[map](MAP.md)\n{}/x\n", root.display()));
    write("target/left.rs", "todo!()");

    let faults = inspect(&root, cargo(), None).unwrap();
    let found: Vec<_> = faults.iter().map(|fault| (fault.file.to_str().unwrap(), fault.rule)).collect();
    assert_eq!(
        found,
        [
            ("README.md", "broken-link"),
            ("README.md", "machine-path"),
            ("contracts/Cargo.toml", "upward-edge"),
            ("contracts/src/lib.rs", "unfinished"),
            ("gateway/src/utils.rs", "meaningless-name"),
            ("gateway/src/utils.rs", "engine-outside-host"),
        ]
    );
}
