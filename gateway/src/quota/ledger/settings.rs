//! Where the ledger is and what happens without it, as compiled from `[quota.redis]`.

use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult, TlsCertificates};

use super::line;
use crate::host::Material;

/// `[quota.redis]`, compiled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's, the Cluster nodes' or the Sentinels' hosts and ports.
    pub addresses: Vec<(String, u16)>,
    /// What stands at the addresses.
    pub kind: Kind,
    /// Who logs in.
    pub user: Option<Material>,
    /// With what.
    pub password: Option<Material>,
    /// TLS; none speaks plainly.
    pub tls: Option<Tls>,
    /// How long a request waits for an answer.
    pub timeout: Duration,
    /// What happens when none comes.
    pub when_away: WhenAway,
    /// How many gateways share.
    pub gateways: u32,
    /// What every key begins with.
    pub prefix: String,
}

/// What stands at the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One server; further addresses are tried when it does not answer.
    One,
    /// Nodes of a Cluster.
    Cluster,
    /// Sentinels, which name the master.
    Sentinel {
        /// The master's name among them.
        master: String,
        /// Who logs in to the Sentinels.
        user: Option<Material>,
        /// With what.
        password: Option<Material>,
    },
}

/// What happens while the ledger is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenAway {
    /// Each gateway admits its share of what was left.
    #[default]
    LocalShare,
    /// Nothing is admitted that a shared quota limits.
    Closed,
    /// Everything is admitted; it is counted later.
    Open,
}

impl WhenAway {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LocalShare => "local-share",
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// TLS to the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Whom to trust, PEM.
    pub trust: Material,
    /// The gateway's certificate and key, PEM, where the servers ask for one.
    pub own: Option<(Material, Material)>,
}

/// What a connection is made with.
pub(super) struct Access {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) certificates: Option<TlsCertificates>,
}

impl Settings {
    /// Reads the secrets and certificates.
    pub(super) fn access(&self) -> RedisResult<Access> {
        let certificates = match &self.tls {
            None => None,
            Some(tls) => {
                let own = match &tls.own {
                    None => None,
                    Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
                };
                Some(line::certificates(read(&tls.trust)?, own))
            }
        };
        Ok(Access {
            user: self.secret(self.user.as_ref())?,
            password: self.secret(self.password.as_ref())?,
            certificates,
        })
    }

    /// A secret as text, without the line's end that editors leave.
    pub(super) fn secret(&self, material: Option<&Material>) -> RedisResult<Option<String>> {
        let Some(material) = material else { return Ok(None) };
        let text = String::from_utf8(read(material)?)
            .map_err(|_| RedisError::from((ErrorKind::InvalidClientConfig, "a secret is not UTF-8")))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// Everything that has to be readable.
    pub(crate) fn materials(&self) -> Vec<&Material> {
        let mut all: Vec<&Material> = self.user.iter().chain(&self.password).collect();
        if let Some(tls) = &self.tls {
            all.push(&tls.trust);
            all.extend(tls.own.iter().flat_map(|(certificate, key)| [certificate, key]));
        }
        if let Kind::Sentinel { user, password, .. } = &self.kind {
            all.extend(user.iter().chain(password));
        }
        all
    }
}

fn read(material: &Material) -> RedisResult<Vec<u8>> {
    material.bytes().map_err(|_| {
        RedisError::from((ErrorKind::InvalidClientConfig, "a secret or certificate cannot be read"))
    })
}
