//! A sandbox's documents: the repository's `policies/`, copied so that a journey may edit them, and
//! a `gateway.toml`. Contracts are read where they are; nobody edits those while a gateway runs.

use std::{
    fs,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::pki::write;

/// The folders that hold sharing documents, and the one of the deny-only overlay.
const FOLDERS: [&str; 5] = ["members", "services", "purposes", "agreements", "suspensions"];

/// Documents in a folder of their own.
#[derive(Clone, Debug)]
pub struct Documents {
    folder: PathBuf,
}

/// The addresses a gateway listens on.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Callers (mutual TLS).
    pub gateway: SocketAddr,
    /// Operators.
    pub admin: SocketAddr,
}

/// The repository's root, where `policies/` and `contracts/` are.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

impl Documents {
    /// Copies the repository's documents into `folder`, every address in `moved` replaced, and
    /// writes `gateway.toml` with its keys. What an earlier run left there is replaced.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn lay_out(folder: &Path, addresses: Addresses, moved: &[(SocketAddr, SocketAddr)]) -> Result<Self> {
        let documents = Self { folder: folder.to_owned() };
        let policies = repository().join("policies");
        for name in FOLDERS {
            let to = documents.path(name);
            if to.exists() {
                fs::remove_dir_all(&to)?;
            }
            copy(&policies.join(name), &to, moved)?;
        }
        let keys = folder.join("keys");
        fs::create_dir_all(&keys)?;
        for key in ["subject.key", "pseudonym.key", "admin.token"] {
            // Kept when there: the data of an earlier run was made with them.
            if !keys.join(key).exists() {
                write(&keys.join(key), random()?.as_bytes())?;
            }
        }
        write(&documents.settings(), settings(addresses).as_bytes())?;
        Ok(documents)
    }

    /// `gateway.toml`.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("gateway.toml")
    }

    /// Where a document is: `agreements/TT-2026-017.toml`.
    pub fn path(&self, document: &str) -> PathBuf {
        self.folder.join("policies").join(document)
    }

    /// A document's text.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, document: &str) -> Result<String> {
        fs::read_to_string(self.path(document)).with_context(|| format!("reading {document}"))
    }

    /// Writes a document, as an editor that saves by renaming does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, document: &str, text: &str) -> Result<()> {
        let file = self.path(document);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        write(&file, text.as_bytes())
    }

    /// Replaces `from` by `to` in a document.
    ///
    /// # Errors
    /// When `from` does not stand there: a journey that changes nothing proves nothing.
    pub fn edit(&self, document: &str, from: &str, to: &str) -> Result<()> {
        let text = self.text(document)?;
        ensure!(text.contains(from), "{document} does not hold `{from}`:\n{text}");
        self.put(document, &text.replace(from, to))
    }

    /// Removes a document.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove(&self, document: &str) -> Result<()> {
        fs::remove_file(self.path(document)).with_context(|| format!("removing {document}"))
    }

    /// Every registered system, as `<member>/<system>`.
    ///
    /// # Errors
    /// When a member's document is not TOML.
    pub fn systems(&self) -> Result<Vec<String>> {
        let mut systems = Vec::new();
        for entry in fs::read_dir(self.path("members"))? {
            let file = entry?.path();
            let member: toml::Table =
                fs::read_to_string(&file)?.parse().with_context(|| format!("reading {}", file.display()))?;
            let text = |table: &toml::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
            let id = text(&member, "id").with_context(|| format!("{} has no `id`", file.display()))?;
            let list = member.get("systems").and_then(toml::Value::as_array).into_iter().flatten();
            systems
                .extend(list.filter_map(|system| Some(format!("{id}/{}", text(system.as_table()?, "id")?))));
        }
        systems.sort();
        Ok(systems)
    }
}

fn copy(from: &Path, to: &Path, moved: &[(SocketAddr, SocketAddr)]) -> Result<()> {
    fs::create_dir_all(to)?;
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        // A repository without, say, suspensions is a repository in which nobody is suspended.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", from.display())),
    };
    for entry in entries {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            copy(&path, &to.join(name), moved)?;
        } else {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let text = moved.iter().fold(text, |text, (old, new)| {
                let (name, new_name) =
                    (format!("localhost:{}", old.port()), format!("localhost:{}", new.port()));
                text.replace(&old.to_string(), &new.to_string()).replace(&name, &new_name)
            });
            write(&to.join(name), text.as_bytes())?;
        }
    }
    Ok(())
}

fn settings(addresses: Addresses) -> String {
    let Addresses { gateway, admin } = addresses;
    let port = gateway.port();
    let contracts = repository().join("contracts");
    format!(
        r#"# Written by the sandbox; deploy/gateway.toml explains every key.
environment = "production"

[listen]
address = "{gateway}"
authorities = ["localhost:{port}", "localhost", "127.0.0.1:{port}"]
workers = 2

[tls]
certificate = {{ file = "pki/server.pem" }}
key = {{ file = "pki/server.key" }}

[[tls.anchors]]
certificate = {{ file = "pki/ca.pem" }}
crl = "required"
crl_file = "pki/ca.crl"
grace = "24h"

[documents]
policies = "policies"
contracts = {contracts:?}

[data]
folder = "data/gateway"

[keys]
subject = {{ file = "keys/subject.key" }}
pseudonym = {{ file = "keys/pseudonym.key" }}

[admin]
address = "{admin}"
tokens = [{{ operator = "truc-van-hanh", token = {{ file = "keys/admin.token" }} }}]

[limits]
body = "1MiB"
"#
    )
}

/// 32 bytes from the system's source of randomness, in hexadecimal.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_move_their_addresses_and_can_be_edited() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("G06")).unwrap();
        fs::write(from.path().join("G06/a.toml"), "url = \"https://127.0.0.1:8501/x\"").unwrap();
        let moved = [("127.0.0.1:8501".parse().unwrap(), "127.0.0.1:40123".parse().unwrap())];
        copy(from.path(), &to.path().join("policies/services"), &moved).unwrap();
        let documents = Documents { folder: to.path().to_owned() };
        assert_eq!(documents.text("services/G06/a.toml").unwrap(), "url = \"https://127.0.0.1:40123/x\"");
        documents.edit("services/G06/a.toml", "/x", "/y").unwrap();
        assert!(documents.text("services/G06/a.toml").unwrap().ends_with("/y\""));
        assert!(documents.edit("services/G06/a.toml", "not there", "").is_err());
    }

    #[test]
    fn settings_are_toml_and_keys_survive() {
        let folder = tempfile::tempdir().unwrap();
        let addresses = Addresses {
            gateway: "127.0.0.1:8443".parse().unwrap(),
            admin: "127.0.0.1:9090".parse().unwrap(),
        };
        let documents = Documents::lay_out(folder.path(), addresses, &[]).unwrap();
        let key = fs::read(folder.path().join("keys/subject.key")).unwrap();
        Documents::lay_out(folder.path(), addresses, &[]).unwrap();
        assert_eq!(fs::read(folder.path().join("keys/subject.key")).unwrap(), key);
        let settings: toml::Table = fs::read_to_string(documents.settings()).unwrap().parse().unwrap();
        assert_eq!(settings["listen"]["address"].as_str(), Some("127.0.0.1:8443"));
    }

    #[test]
    fn systems_are_read_from_the_members_documents() {
        let folder = tempfile::tempdir().unwrap();
        let documents = Documents { folder: folder.path().to_owned() };
        documents
            .put("members/H26.toml", "id = \"H26\"\n[[systems]]\nid = \"b\"\n[[systems]]\nid = \"a\"")
            .unwrap();
        documents.put("members/G03.toml", "id = \"G03\"").unwrap();
        assert_eq!(documents.systems().unwrap(), ["H26/a", "H26/b"]);
    }
}
