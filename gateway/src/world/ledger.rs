//! `[quota.redis]` compiled: where the shared quotas are, judged before anything connects.

use std::time::Duration;

use contracts::{Bilingual, Fault};

use super::{Loaded, Secret, settings::Redis};
use crate::{
    host::Material,
    quota::{LedgerKind, LedgerSettings, LedgerTls},
};

/// The most addresses: Sentinels come in threes and fives, a Cluster's other nodes are found from a few.
const ADDRESSES: usize = 32;
/// The longest a request may be made to wait for its quotas.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The longest prefix; every key bears it.
const LONGEST_PREFIX: usize = 64;
/// More gateways than anybody has; a larger number would leave each no share.
const MOST_GATEWAYS: u32 = 1_000;

/// The shared quotas' settings, if there are any.
///
/// # Errors
/// Every fault of `[quota.redis]`, unreadable secrets included.
pub fn ledger(loaded: &Loaded) -> Result<Option<LedgerSettings>, Vec<Fault>> {
    let Some(written) = &loaded.settings.quota.redis else { return Ok(None) };
    let mut faults = Vec::new();
    let mut fault = |rule, vi: &str, en: &str, remedy: (&str, &str)| {
        faults.push(Fault {
            file: loaded.file.clone(),
            place: None,
            rule,
            message: Bilingual::new(format!("`[quota.redis]`: {vi}"), format!("`[quota.redis]`: {en}")),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        });
    };
    let addresses: Vec<(String, u16)> = written.addresses.iter().filter_map(|text| address(text)).collect();
    if addresses.len() != written.addresses.len() || addresses.is_empty() || addresses.len() > ADDRESSES {
        fault(
            "bad-address",
            "`addresses` phải có từ 1 đến 32 địa chỉ dạng `máy:cổng`",
            "`addresses` must hold 1 to 32 addresses of the form `host:port`",
            ("Viết, ví dụ: addresses = [\"10.0.0.7:6379\"]", "Write, say: addresses = [\"10.0.0.7:6379\"]"),
        );
    }
    if written.cluster && written.sentinel.is_some() {
        fault(
            "contradiction",
            "`cluster` và `sentinel` loại trừ nhau",
            "`cluster` and `sentinel` exclude each other",
            ("Giữ lại một khóa", "Keep one of them"),
        );
    }
    if written.gateways == 0 || written.gateways > MOST_GATEWAYS {
        fault(
            "bad-number",
            "`gateways` phải từ 1 đến 1000",
            "`gateways` must be from 1 to 1000",
            ("Viết số cổng cùng dùng Redis này", "Write how many gateways share this Redis"),
        );
    }
    if written.timeout.is_zero() || written.timeout > LONGEST_WAIT {
        fault(
            "bad-duration",
            "`timeout` phải từ 1ms đến 5s",
            "`timeout` must be from 1ms to 5s",
            (
                "Mặc định là 50ms: mỗi yêu cầu có thể phải chờ bấy nhiêu",
                "The default is 50ms: a request may wait that long",
            ),
        );
    }
    let plain = |c: char| c.is_ascii_graphic() && c != '{' && c != '}';
    if written.prefix.len() > LONGEST_PREFIX || !written.prefix.chars().all(plain) {
        fault(
            "bad-value",
            "`prefix` chỉ gồm chữ, số và dấu ASCII, không có ngoặc nhọn, dài tối đa 64",
            "`prefix` holds printable ASCII without braces, 64 characters at most",
            ("Mặc định là \"lienthong:\"", "The default is \"lienthong:\""),
        );
    }
    let own = written.tls.as_ref().and_then(|tls| match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => Some((material(loaded, certificate), material(loaded, key))),
        (None, None) => None,
        _ => {
            fault(
                "missing-key",
                "`tls.certificate` và `tls.key` phải đi cùng nhau",
                "`tls.certificate` and `tls.key` go together",
                ("Viết cả hai, hoặc xóa cả hai", "Write both, or delete both"),
            );
            None
        }
    });
    let of = |secret: &Option<Secret>| secret.as_ref().map(|secret| material(loaded, secret));
    let settings = LedgerSettings {
        addresses,
        kind: match &written.sentinel {
            Some(sentinel) => LedgerKind::Sentinel {
                master: sentinel.master.clone(),
                user: of(&sentinel.user),
                password: of(&sentinel.password),
            },
            None if written.cluster => LedgerKind::Cluster,
            None => LedgerKind::One,
        },
        user: of(&written.user),
        password: of(&written.password),
        tls: written.tls.as_ref().map(|tls| LedgerTls { trust: material(loaded, &tls.trust), own }),
        timeout: written.timeout,
        when_away: written.when_away,
        gateways: written.gateways,
        prefix: written.prefix.clone(),
    };
    faults.extend(
        settings.materials().into_iter().filter_map(|material| material.bytes().err()).map(|fault| *fault),
    );
    if faults.is_empty() { Ok(Some(settings)) } else { Err(faults) }
}

fn material(loaded: &Loaded, secret: &Secret) -> Material {
    match secret {
        Secret::File(path) => Material::File(loaded.folder.join(path)),
        Secret::Env(name) => Material::Env(name.clone()),
    }
}

/// `host:port`; an IPv6 address stands in brackets.
fn address(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port: u16 = port.parse().ok()?;
    (!host.is_empty() && port > 0).then(|| (host.to_owned(), port))
}

/// As it is written in the gateway's settings.
impl Redis {
    pub(super) fn default_timeout() -> Duration {
        Duration::from_millis(50)
    }

    pub(super) fn default_prefix() -> String {
        "lienthong:".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{quota::WhenAway, world::fixture::Fixture};

    fn compiled(text: &str) -> Result<Option<LedgerSettings>, Vec<&'static str>> {
        let fixture = Fixture::new();
        fixture.edit("gateway.toml", "[data]", &format!("{text}\n[data]"));
        fs::write(fixture.path("keys/redis.password"), "mat-khau-redis\n").unwrap();
        ledger(&fixture.loaded()).map_err(|faults| {
            assert!(!format!("{faults:?}").contains("mat-khau-redis"));
            faults.iter().map(|fault| fault.rule).collect()
        })
    }

    #[test]
    fn quotas_are_counted_here_unless_told_otherwise() {
        assert!(compiled("").unwrap().is_none());
        let plain = compiled("[quota.redis]\naddresses = [\"[::1]:6379\"]\ngateways = 3").unwrap().unwrap();
        assert_eq!((plain.addresses, plain.kind), (vec![("::1".to_owned(), 6379)], LedgerKind::One));
        assert_eq!((plain.timeout, plain.when_away), (Duration::from_millis(50), WhenAway::LocalShare));
        let guarded = "[quota.redis]\naddresses = [\"a:1\", \"b:2\"]\ngateways = 2\nwhen_away = \"closed\"\n\
                       password = { file = \"keys/redis.password\" }\ntls = { trust = { file = \"pki/ca.pem\" } }\n\
                       sentinel = { master = \"chinh\" }";
        let guarded = compiled(guarded).unwrap().unwrap();
        assert!(matches!(guarded.kind, LedgerKind::Sentinel { ref master, .. } if master == "chinh"));
        assert_eq!(guarded.when_away, WhenAway::Closed);
        assert_eq!(guarded.materials().len(), 2);
    }

    #[test]
    fn every_fault_of_it_is_told() {
        let with = |more: &str| {
            compiled(&format!("[quota.redis]\naddresses = [\"a:1\"]\ngateways = 2\n{more}")).unwrap_err()
        };
        assert_eq!(with("timeout = \"1h\"\nprefix = \"{x}\""), ["bad-duration", "bad-value"]);
        assert_eq!(with("cluster = true\nsentinel = { master = \"m\" }"), ["contradiction"]);
        assert_eq!(with("password = { file = \"keys/nowhere\" }"), ["unreadable-file"]);
        assert_eq!(
            with("tls = { trust = { file = \"pki/ca.pem\" }, key = { file = \"pki/ca.pem\" } }"),
            ["missing-key"]
        );
        for address in ["", "a", "a:0", "::1:6379", ":1", "redis://a:1"] {
            let text = format!("[quota.redis]\naddresses = [\"{address}\"]\ngateways = 0");
            assert_eq!(compiled(&text).unwrap_err(), ["bad-address", "bad-number"], "{address}");
        }
    }
}
