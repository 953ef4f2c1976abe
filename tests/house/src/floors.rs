//! Cargo edges point down, and names mean something.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::{Fault, Hindrance};

/// Names that invite anything to move in.
const MEANINGLESS: [&str; 7] = ["common", "commons", "util", "utils", "helper", "helpers", "misc"];

/// Libraries that only `gateway` among the floors may depend on (and there only `src/host` may
/// import, see [`crate::source`]): the engine and its TLS.
const ENGINE: [&str; 4] = ["pingora", "rustls", "tokio-rustls", "hyper-rustls"];

/// What of `cargo metadata` matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Present for members of the workspace.
    path: Option<PathBuf>,
}

/// The floor a path relative to the root stands on; `None` outside the house.
pub fn floor(path: &Path) -> Option<u8> {
    let Some(Component::Normal(top)) = path.components().next() else { return None };
    match top.to_str()? {
        "contracts" => Some(0),
        "adapters" | "policies" => Some(1),
        "gateway" => Some(2),
        "tests" => Some(3),
        _ => None,
    }
}

/// Checks the workspace's edges as `cargo metadata --no-deps` describes them. Tests may lean on
/// each other (their support crate); everything else leans on a lower floor only.
///
/// # Errors
/// When `metadata` is not what Cargo writes.
pub fn edges(root: &Path, metadata: &str) -> Result<Vec<Fault>, Hindrance> {
    let metadata: Metadata =
        serde_json::from_str(metadata).map_err(|error| Hindrance::Metadata(error.to_string()))?;
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let manifest = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
        let mut fault = |rule, message| {
            faults.push(Fault { file: manifest.to_owned(), line: None, rule, message });
        };
        if MEANINGLESS.contains(&package.name.as_str()) {
            fault("meaningless-name", format!("crate `{}`: name what it is about", package.name));
        }
        let Some(from) = floor(manifest) else {
            fault("outside-the-house", format!("crate `{}` stands on no floor", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(path) = &dependency.path {
                let to = floor(path.strip_prefix(root).unwrap_or(path));
                if !to.is_some_and(|to| to < from || (to == 3 && from == 3)) {
                    fault(
                        "upward-edge",
                        format!(
                            "`{}` depends on `{}`: edges point to a lower floor (contracts, then adapters and policies, then gateway, then tests)",
                            package.name, dependency.name
                        ),
                    );
                }
            } else if from < 2 && ENGINE.iter().any(|engine| dependency.name.starts_with(engine)) {
                fault(
                    "engine-below",
                    format!(
                        "`{}` depends on `{}`: only `gateway` knows the engine",
                        package.name, dependency.name
                    ),
                );
            }
        }
    }
    Ok(faults)
}

/// Checks a source file's own name and its folders' names.
pub fn name(file: &Path) -> Option<Fault> {
    if file.extension().is_none_or(|extension| extension != "rs") {
        return None;
    }
    let meaningless = file
        .with_extension("")
        .components()
        .any(|part| part.as_os_str().to_str().is_some_and(|part| MEANINGLESS.contains(&part)));
    meaningless.then(|| Fault {
        file: file.to_owned(),
        line: None,
        rule: "meaningless-name",
        message: "a module is named after what it is about, not after its use".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo metadata` of one crate at `folder` with dependencies `(name, folder of a member)`.
    fn described(name: &str, folder: &str, dependencies: &[(&str, Option<&str>)]) -> String {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(name, path)| serde_json::json!({"name": name, "path": path.map(|path| format!("/house/{path}"))}))
            .collect();
        serde_json::json!({"packages": [{
            "name": name, "manifest_path": format!("/house/{folder}/Cargo.toml"), "dependencies": dependencies,
        }]})
        .to_string()
    }

    fn rules(name: &str, folder: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<&'static str> {
        let faults = edges(Path::new("/house"), &described(name, folder, dependencies)).unwrap();
        faults.into_iter().map(|fault| fault.rule).collect()
    }

    #[test]
    fn an_edge_down_is_fine() {
        assert_eq!(rules("gateway", "gateway", &[("policies", Some("policies")), ("rustls", None)]), [""; 0]);
        assert_eq!(rules("journeys", "tests/journeys", &[("support", Some("tests/support"))]), [""; 0]);
    }

    #[test]
    fn an_edge_up_or_sideways_is_a_fault() {
        assert_eq!(rules("contracts", "contracts", &[("gateway", Some("gateway"))]), ["upward-edge"]);
        assert_eq!(rules("policies", "policies", &[("adapters", Some("adapters"))]), ["upward-edge"]);
        assert_eq!(rules("gateway", "gateway", &[("support", Some("tests/support"))]), ["upward-edge"]);
        assert_eq!(rules("adapters", "adapters", &[("stray", Some("stray"))]), ["upward-edge"]);
    }

    #[test]
    fn the_engine_stays_on_the_gateways_floor() {
        assert_eq!(rules("policies", "policies", &[("rustls-pki-types", None)]), ["engine-below"]);
        assert_eq!(rules("adapters", "adapters", &[("pingora-core", None)]), ["engine-below"]);
    }

    #[test]
    fn a_crate_has_a_floor_and_a_meaning() {
        assert_eq!(rules("stray", "stray", &[]), ["outside-the-house"]);
        assert_eq!(rules("common", "contracts", &[]), ["meaningless-name"]);
    }

    #[test]
    fn a_module_has_a_meaning() {
        let rule = |file: &str| name(Path::new(file)).map(|fault| fault.rule);
        assert_eq!(rule("gateway/src/utils.rs"), Some("meaningless-name"));
        assert_eq!(rule("gateway/src/helpers/mod.rs"), Some("meaningless-name"));
        assert_eq!(rule("gateway/src/quota/mod.rs"), None);
        assert_eq!(rule("deploy/common/notes.md"), None);
    }

    #[test]
    fn metadata_that_is_not_metadata_is_said_to_be_so() {
        assert!(matches!(edges(Path::new("/house"), "[]"), Err(Hindrance::Metadata(_))));
    }
}
