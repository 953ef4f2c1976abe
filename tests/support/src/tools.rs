//! The outside judges that `tests/tools/packages` fetched: where they are.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// The Python interpreter that has the packages of `tests/tools/requirements.txt`.
///
/// # Errors
/// It was not fetched.
pub fn python() -> Result<PathBuf> {
    fetched("python", "bin/python")
}

/// The folder of the W3C XML conformance suite.
///
/// # Errors
/// It was not fetched.
pub fn xml_suite() -> Result<PathBuf> {
    fetched("xml-suite", "")
}

/// The folder of the JSON Schema test suite.
///
/// # Errors
/// It was not fetched.
pub fn json_schema_suite() -> Result<PathBuf> {
    fetched("json-schema-suite", "json")
}

fn fetched(name: &str, inside: &str) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let tools = env::var_os("LIENTHONG_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
    if !tools.join(format!("{name}.stamp")).is_file() {
        bail!("`{name}` is not in {}: run tests/tools/packages, or `make test`, which does", tools.display());
    }
    Ok(tools.join(name).join(inside))
}
