//! `gateway.toml`: what a process needs to know that is not a sharing document.
//!
//! The file is read once, at start; what it names (documents, certificates, revocation lists) is
//! read again when it changes. Relative paths are relative to the file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use contracts::{Bilingual, Fault, Place};
use serde::Deserialize;

use super::{
    documents::vietnamese,
    units::{duration, size},
};
use crate::quota::WhenAway;

/// The largest `gateway.toml` that is read; a settings file is a few kilobytes.
const SETTINGS_CAP: u64 = 1024 * 1024;

/// The settings as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Systems of another environment are refused.
    pub environment: String,
    /// Where callers connect.
    pub listen: Listen,
    /// The gateway's own certificate and whom it trusts.
    pub tls: Tls,
    /// Where the documents are.
    pub documents: Documents,
    /// Where state is kept.
    pub data: Data,
    /// Secret keys.
    pub keys: Keys,
    /// The operators' address.
    pub admin: Admin,
    /// Caps.
    #[serde(default)]
    pub limits: Limits,
    /// Where quotas are counted.
    #[serde(default)]
    pub quota: Quota,
    /// How long the gateway goes on as before after it was told to end and readiness says no: balancers
    /// need that long to notice and send nobody any more.
    #[serde(default, deserialize_with = "duration")]
    pub shutdown_delay: Duration,
    /// How long shutdown waits for exchanges under way.
    #[serde(default = "Settings::default_grace", deserialize_with = "duration")]
    pub shutdown_grace: Duration,
}

/// `[listen]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The address callers connect to.
    pub address: SocketAddr,
    /// The authorities (`host` or `host:port`) that are ours; others get 421.
    pub authorities: Vec<String>,
    /// Worker threads; as many as processors unless given.
    pub workers: Option<usize>,
}

/// `[tls]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Our certificate chain, PEM.
    pub certificate: Secret,
    /// Its key, PEM.
    pub key: Secret,
    /// Whom we trust to name systems.
    pub anchors: Vec<Anchor>,
}

/// One `[[tls.anchors]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The authority's certificate, PEM.
    pub certificate: Secret,
    /// Whether its revocation list is required.
    pub crl: CrlRule,
    /// The revocation list, PEM or DER.
    pub crl_file: Option<PathBuf>,
    /// How long past `nextUpdate` a list still counts.
    #[serde(default, deserialize_with = "duration")]
    pub grace: Duration,
}

/// Whether an anchor's certificates are checked against a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrlRule {
    /// No current list, no connection.
    Required,
    /// The authority issues no lists.
    None,
}

/// `[documents]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// Holds `members/ services/ purposes/ agreements/ suspensions/`.
    pub policies: PathBuf,
    /// Holds `catalog/ code-lists/`.
    pub contracts: PathBuf,
}

/// `[data]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The one data directory.
    pub folder: PathBuf,
}

/// `[keys]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Keys the HMAC of persons' identifiers in the journal.
    pub subject: Secret,
    /// Master of the per-agreement pseudonym keys.
    pub pseudonym: Secret,
}

/// `[admin]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// The operators' address; loopback unless the operator knows better.
    pub address: SocketAddr,
    /// Who may act (health and metrics need no token).
    #[serde(default)]
    pub tokens: Vec<AdminToken>,
}

/// One operator's token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminToken {
    /// The name journalled as the actor: a role, not a person.
    pub operator: String,
    /// The token.
    pub token: Secret,
}

/// `[quota]`: counted in this process and its data folder unless gateways share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The Redis that gateways share.
    pub redis: Option<Redis>,
}

/// `[quota.redis]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// The server's, the Cluster nodes' or the Sentinels' addresses, `host:port`.
    pub addresses: Vec<String>,
    /// Whether the addresses are nodes of a Redis Cluster.
    #[serde(default)]
    pub cluster: bool,
    /// The addresses are Sentinels, which name the master.
    pub sentinel: Option<Sentinel>,
    /// The ACL user.
    pub user: Option<Secret>,
    /// Its password.
    pub password: Option<Secret>,
    /// TLS; without it the connection is plain.
    pub tls: Option<RedisTls>,
    /// How long a request waits for an answer.
    #[serde(default = "Redis::default_timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// What happens when none comes.
    #[serde(default)]
    pub when_away: WhenAway,
    /// How many gateways share.
    pub gateways: u32,
    /// What every key begins with.
    #[serde(default = "Redis::default_prefix")]
    pub prefix: String,
}

/// `[quota.redis] sentinel`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentinel {
    /// The master's name among the Sentinels.
    pub master: String,
    /// The ACL user at the Sentinels.
    pub user: Option<Secret>,
    /// Its password.
    pub password: Option<Secret>,
}

/// `[quota.redis] tls`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisTls {
    /// Whom to trust, PEM.
    pub trust: Secret,
    /// The gateway's own certificate, PEM, where the server asks for one.
    pub certificate: Option<Secret>,
    /// Its key, PEM.
    pub key: Option<Secret>,
}

/// `[limits]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The largest whole body either way, in bytes: large enough for a day's tasks of a province,
    /// small enough that checking one stalls nobody for long.
    #[serde(deserialize_with = "size")]
    pub body: usize,
    /// The longest request target, in bytes.
    #[serde(deserialize_with = "size")]
    pub target: usize,
    /// The most header fields of a request.
    pub headers: usize,
    /// The largest head of a request, in bytes.
    #[serde(deserialize_with = "size")]
    pub head: usize,
    /// Open connections, all together.
    pub connections: usize,
    /// Open connections from one address.
    pub connections_per_address: usize,
    /// Open connections of one system, over all addresses.
    pub connections_per_system: usize,
    /// Connections in their handshake, all together: an outage's end brings all callers back at once.
    pub half_open: usize,
    /// Connections in their handshake from one address, which may be a translator for many.
    pub half_open_per_address: usize,
    /// Streams of one HTTP/2 connection.
    pub streams: u32,
    /// Streams of one HTTP/2 connection that its caller may reset at once.
    pub resets: u32,
    /// Frames of one HTTP/2 connection that carry nothing and may come at once.
    pub idle_frames: u32,
    /// What one HTTP/2 connection may hold of answers that its caller does not take, in bytes; never less than
    /// `body`, or no answer of that length could be held.
    #[serde(deserialize_with = "size")]
    pub unsent: usize,
    /// Requests per second of one system over all its connections, whatever its agreements say.
    pub flood_per_second: u32,
    /// Violations listed in one problem document; a broken mapping breaks every record.
    pub violations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            target: 8 * 1024,
            headers: 64,
            head: 32 * 1024,
            connections: 20_000,
            connections_per_address: 4_000,
            connections_per_system: 4_000,
            half_open: 4_000,
            half_open_per_address: 1_000,
            streams: 128,
            resets: 256,
            idle_frames: 1024,
            unsent: 16 * 1024 * 1024,
            flood_per_second: 5_000,
            violations: 100,
        }
    }
}

impl Limits {
    /// Limits that honest callers would reach at once: each with the least it may be and the reason.
    fn too_small(&self) -> Vec<(&'static str, usize, &'static str, &'static str)> {
        let nobody = ("không ai kết nối được", "nobody could connect");
        let streams = usize::try_from(self.streams).unwrap_or(usize::MAX);
        let resets = usize::try_from(self.resets).unwrap_or(usize::MAX);
        let idle_frames = usize::try_from(self.idle_frames).unwrap_or(usize::MAX);
        let one_each = [
            ("connections", self.connections),
            ("connections_per_address", self.connections_per_address),
            ("half_open", self.half_open),
            ("half_open_per_address", self.half_open_per_address),
            ("streams", streams),
        ];
        let one_each = one_each.map(|(key, is)| (key, is, 1, nobody));
        let budgets = [
            (
                "resets",
                resets,
                streams,
                (
                    "một bên gọi được phép bỏ mọi luồng đang mở cùng lúc",
                    "a caller may give up all its open streams at once",
                ),
            ),
            (
                "idle_frames",
                idle_frames,
                streams.saturating_mul(4),
                (
                    "mỗi luồng đang mở có thể kèm khung ưu tiên, cửa sổ và ping",
                    "each open stream may bring a priority, updates of its window and a ping",
                ),
            ),
        ];
        let all = one_each.into_iter().chain(budgets);
        all.filter(|(_, is, least, _)| is < least)
            .map(|(key, _, least, (vi, en))| (key, least, vi, en))
            .collect()
    }
}

/// Where a key of `[limits]` is written.
fn written_at(text: &str, key: &str) -> Option<Place> {
    let all = toml::de::DeTable::parse(text).ok()?;
    let limits = all.get_ref().get("limits")?.get_ref().as_table()?;
    let (key, _) = limits.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(Place::of(text, key.span().start))
}

/// A secret, never written in the document itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

impl<'de> Deserialize<'de> for Secret {
    /// One that is written out after all is refused without being repeated: faults go to logs.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Reference {
            File(PathBuf),
            Env(String),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Reference(Reference),
            Itself(serde::de::IgnoredAny),
        }
        match Written::deserialize(deserializer)? {
            Written::Reference(Reference::File(path)) => Ok(Self::File(path)),
            Written::Reference(Reference::Env(name)) => Ok(Self::Env(name)),
            Written::Itself(_) => Err(serde::de::Error::custom(
                "a secret is referred to as `{ file = \"…\" }` or `{ env = \"…\" }`, never written here",
            )),
        }
    }
}

impl Secret {
    /// The secret's bytes.
    ///
    /// # Errors
    /// What could not be read, without its content.
    pub fn read(&self, folder: &Path) -> std::io::Result<Vec<u8>> {
        match self {
            Self::File(path) => std::fs::read(folder.join(path)),
            Self::Env(name) => std::env::var(name).map(String::into_bytes).map_err(|_| {
                std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    format!("environment variable `{name}` is not set"),
                )
            }),
        }
    }
}

/// Settings and where they were read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings, paths resolved.
    pub settings: Settings,
    /// The file.
    pub file: PathBuf,
    /// The folder relative paths start from.
    pub folder: PathBuf,
    /// The text, for the journal.
    pub text: String,
}

impl Loaded {
    /// The files that say whom to trust.
    pub fn pki_files(&self) -> Vec<PathBuf> {
        let tls = &self.settings.tls;
        let secrets = [&tls.certificate, &tls.key]
            .into_iter()
            .chain(tls.anchors.iter().map(|anchor| &anchor.certificate));
        secrets
            .filter_map(|secret| match secret {
                Secret::File(path) => Some(self.folder.join(path)),
                Secret::Env(_) => None,
            })
            .chain(tls.anchors.iter().filter_map(|anchor| anchor.crl_file.clone()))
            .collect()
    }

    /// Whether the file says something else by now; that takes effect at the next start.
    pub fn was_edited(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|text| text != self.text)
    }
}

impl Settings {
    fn default_grace() -> Duration {
        Duration::from_secs(30)
    }

    /// Reads `file`.
    ///
    /// # Errors
    /// The fault with its place.
    pub fn read(file: &Path) -> Result<Loaded, Vec<Fault>> {
        let fault = |place, rule, vi: String, en: String, remedy: (&str, &str)| {
            vec![Fault {
                file: file.to_owned(),
                place,
                rule,
                message: Bilingual::new(vi, en),
                remedy: Bilingual::new(remedy.0, remedy.1),
                warning: false,
            }]
        };
        let text = std::fs::metadata(file)
            .and_then(|meta| {
                if meta.len() > SETTINGS_CAP {
                    Err(std::io::ErrorKind::FileTooLarge.into())
                } else {
                    std::fs::read_to_string(file)
                }
            })
            .map_err(|error| {
                fault(
                    None,
                    "unreadable-file",
                    format!("không đọc được tệp: {}", vietnamese(&error)),
                    format!("the file cannot be read: {error}"),
                    (
                        "Kiểm tra đường dẫn sau `-c` và quyền đọc.",
                        "Check the path after `-c` and its permissions.",
                    ),
                )
            })?;
        let mut settings: Settings = toml::from_str(&text).map_err(|error| {
            let place = error.span().map(|span| Place::of(&text, span.start));
            fault(
                place,
                "settings",
                format!("`gateway.toml` sai: {}", error.message()),
                format!("`gateway.toml` is wrong: {}", error.message()),
                (
                    "Xem mẫu có chú giải `deploy/gateway.toml`.",
                    "See the commented example `deploy/gateway.toml`.",
                ),
            )
        })?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        for path in
            [&mut settings.documents.policies, &mut settings.documents.contracts, &mut settings.data.folder]
        {
            *path = folder.join(&*path);
        }
        for anchor in &mut settings.tls.anchors {
            anchor.crl_file = anchor.crl_file.take().map(|path| folder.join(path));
        }
        let faults: Vec<Fault> = settings
            .limits
            .too_small()
            .into_iter()
            .flat_map(|(key, least, vi, en)| {
                fault(
                    written_at(&text, key),
                    "limit-too-small",
                    format!("`limits.{key}` quá nhỏ: {vi}"),
                    format!("`limits.{key}` is too small: {en}"),
                    (
                        &format!("Đặt `{key}` ít nhất là {least}, hoặc bỏ khóa này để dùng mặc định."),
                        &format!("Make `{key}` at least {least}, or leave it out for its default."),
                    ),
                )
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Loaded { settings, file: file.to_owned(), folder, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fixture::Fixture;

    #[test]
    fn the_commented_example_is_read_and_shows_the_defaults() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/gateway.toml");
        let settings = Settings::read(&example).unwrap().settings;
        assert_eq!(format!("{:?}", settings.limits), format!("{:?}", Limits::default()));
        assert_eq!(settings.shutdown_grace, Settings::default_grace());
    }

    fn fault_of(from: &str, to: &str) -> Fault {
        let fixture = Fixture::new();
        fixture.edit("gateway.toml", from, to);
        Settings::read(&fixture.path("gateway.toml")).unwrap_err().remove(0)
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place() {
        let fault = fault_of("[data]\n", "[data]\n  foldr = \"x\"\n");
        assert_eq!(fault.rule, "settings");
        let place = fault.place.unwrap();
        assert_eq!((place.line, place.column), (18, 3), "{}", fault.message.en);
        assert!(fault.message.vi.contains("foldr") && fault.message.en.contains("foldr"));
    }

    #[test]
    fn limits_that_would_keep_everybody_out_are_all_told_with_their_places() {
        let fixture = Fixture::new();
        let limits = "[limits]\nhalf_open = 0\nstreams = 300\nresets = 299\nidle_frames = 1200\n";
        fixture.edit("gateway.toml", "[data]\n", &format!("{limits}[data]\n"));
        let faults = Settings::read(&fixture.path("gateway.toml")).unwrap_err();
        let told: Vec<_> = faults
            .iter()
            .map(|fault| (fault.rule, fault.place.unwrap().line, fault.remedy.en.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("limit-too-small", 18, "Make `half_open` at least 1, or leave it out for its default."),
                ("limit-too-small", 20, "Make `resets` at least 300, or leave it out for its default."),
            ]
        );
        assert!(faults[1].message.vi.contains("`limits.resets` quá nhỏ"));
    }

    #[test]
    fn a_secret_written_out_is_refused_and_not_repeated() {
        for written in ["\"bi-mat-0123\"", "{ file = \"a\", bi-mat-0123 = 1 }", "[\"bi-mat-0123\"]"] {
            let fault =
                fault_of("subject = { file = \"keys/subject.key\" }", &format!("subject = {written}"));
            assert!(fault.message.en.contains("never written here"), "{}", fault.message.en);
            assert!(!format!("{fault:?}").contains("bi-mat-0123"), "{fault:?}");
            assert_eq!(fault.place.unwrap().line, 20);
        }
    }

    #[test]
    fn paths_start_from_the_file_and_an_edit_is_noticed() {
        let fixture = Fixture::new();
        let loaded = fixture.loaded();
        assert_eq!(loaded.settings.data.folder, fixture.path("data"));
        assert!(loaded.pki_files().contains(&fixture.path("pki/ca.crl")));
        assert!(!loaded.was_edited());
        fixture.edit("gateway.toml", "24h", "25h");
        assert!(loaded.was_edited());
    }

    #[test]
    fn a_missing_file_is_a_fault_that_names_it() {
        let fault = Settings::read(Path::new("/nowhere/gateway.toml")).unwrap_err().remove(0);
        assert_eq!(
            (fault.rule, fault.file.as_path()),
            ("unreadable-file", Path::new("/nowhere/gateway.toml"))
        );
    }
}
