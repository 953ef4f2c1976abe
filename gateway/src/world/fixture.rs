//! A gateway's folder for one test: the repository's own documents, a throw-away PKI, keys.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use contracts::Fault;
use policies::MaskKeys;

use super::{Keeper, Loaded, OneOffs, Parts, Settings};
use crate::{
    host::tests::pki::Authority,
    journal::{self, Journal},
    quota::{self, Quota},
};

const SETTINGS: &str = r#"
environment = "production"
[listen]
address = "127.0.0.1:0"
authorities = ["localhost"]
[tls]
certificate = { file = "pki/server.pem" }
key = { file = "pki/server.key" }
[[tls.anchors]]
certificate = { file = "pki/ca.pem" }
crl = "required"
crl_file = "pki/ca.crl"
grace = "24h"
[documents]
policies = "policies"
contracts = "contracts"
[data]
folder = "data"
[keys]
subject = { file = "keys/subject.key" }
pseudonym = { file = "keys/pseudonym.key" }
[admin]
address = "127.0.0.1:0"
tokens = [{ operator = "truc-van-hanh", token = { file = "keys/admin.token" } }]
"#;

/// The token in `keys/admin.token`.
pub(crate) const TOKEN: &str = "00112233445566778899aabbccddeeff";

/// The folder.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let fixture = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["pki", "keys", "data"] {
            fs::create_dir(fixture.path(folder)).unwrap();
        }
        fixture.renew(90, 7);
        fs::write(fixture.path("keys/subject.key"), [7; 32]).unwrap();
        fs::write(fixture.path("keys/pseudonym.key"), [8; 32]).unwrap();
        fs::write(fixture.path("keys/admin.token"), TOKEN).unwrap();
        fs::write(fixture.path("gateway.toml"), SETTINGS).unwrap();
        fixture.lay_out_policies();
        for name in ["catalog", "code-lists"] {
            copy(&repository().join("contracts").join(name), &fixture.path("contracts").join(name));
        }
        fixture
    }

    /// A new PKI: server and client certificates of so many days, a list of so many.
    pub(crate) fn renew(&self, days: i64, list_days: i64) {
        let authority = Authority::new("ca", &self.path("pki"));
        authority.publish(&[], list_days);
        for name in ["server", "gateway-client"] {
            let identity = authority.issue(name, &["localhost"], days);
            fs::rename(identity.certificate, self.path(&format!("pki/{name}.pem"))).unwrap();
            fs::rename(identity.key, self.path(&format!("pki/{name}.key"))).unwrap();
        }
    }

    pub(crate) fn lay_out_policies(&self) {
        for name in ["members", "services", "purposes", "agreements", "suspensions"] {
            copy(&repository().join("policies").join(name), &self.path("policies").join(name));
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces `from`, which must stand there, by `to`.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} does not hold `{from}`");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    pub(crate) fn loaded(&self) -> Loaded {
        Settings::read(&self.path("gateway.toml")).unwrap()
    }

    pub(crate) fn parts(&self) -> Parts {
        let data = self.path("data");
        let (journal, _) = Journal::open(&data, journal::Settings::default()).unwrap();
        let quota = Quota::open(&data, journal.process(), quota::Settings::default()).unwrap();
        Parts {
            mask_keys: Arc::new(MaskKeys::new(&[8; 32])),
            one_offs: OneOffs::default(),
            quota: Arc::new(quota),
            journal: Arc::new(journal),
            metrics: Arc::default(),
            standings: crate::host::Standings::default(),
        }
    }

    pub(crate) fn keeper(&self) -> Result<Arc<Keeper>, Vec<Fault>> {
        Keeper::open(self.loaded(), self.parts())
    }
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        // Examples decide nothing, and there are hundreds of them.
        if entry.file_name() == "examples" {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
