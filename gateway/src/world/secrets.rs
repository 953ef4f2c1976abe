//! The secrets that `gateway.toml` refers to, read and judged before anything needs them.

use contracts::{Bilingual, Fault};
use policies::MaskKeys;

use super::{Loaded, Secret, documents::vietnamese, sha256};
use crate::journal::SubjectKey;

/// The shortest key of an HMAC, in bytes: less than the hash's own output is less than its strength.
const KEY_LENGTH: usize = 32;
/// The shortest operator's token: 128 bits in hexadecimal.
const TOKEN_LENGTH: usize = 32;

/// Everything secret that the process keeps in memory, certificates apart.
pub struct Secrets {
    /// Keys persons' identifiers in the journal.
    pub subjects: SubjectKey,
    /// Makes the pseudonyms.
    pub masks: MaskKeys,
    /// Who may ask the admin address for more than health.
    pub operators: Vec<Operator>,
}

/// An operator and the token that shows it.
#[derive(Clone)]
pub struct Operator {
    /// The name that is journalled.
    pub name: String,
    /// SHA-256 of the token: digests are compared, so that how long a comparison takes tells nothing
    /// of the token.
    pub token: [u8; 32],
}

impl Secrets {
    /// Reads them.
    ///
    /// # Errors
    /// Every one that is missing or too short, without its content.
    pub fn read(loaded: &Loaded) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let keys = &loaded.settings.keys;
        let mut key = |secret: &Secret, setting: &str| {
            read(loaded, secret, setting, KEY_LENGTH).map_err(|fault| faults.push(*fault)).ok()
        };
        let subjects = key(&keys.subject, "[keys] subject").and_then(|key| SubjectKey::new(&key));
        let masks = key(&keys.pseudonym, "[keys] pseudonym").map(|key| MaskKeys::new(&key));
        let mut operators = Vec::new();
        for given in &loaded.settings.admin.tokens {
            match read(loaded, &given.token, "[admin] tokens", TOKEN_LENGTH) {
                Ok(token) => {
                    let token = sha256(token.trim_ascii());
                    operators.push(Operator { name: given.operator.clone(), token });
                }
                Err(fault) => faults.push(*fault),
            }
        }
        match (subjects, masks) {
            (Some(subjects), Some(masks)) if faults.is_empty() => Ok(Self { subjects, masks, operators }),
            _ => Err(faults),
        }
    }
}

fn read(loaded: &Loaded, secret: &Secret, setting: &str, length: usize) -> Result<Vec<u8>, Box<Fault>> {
    let fault = |rule, message, remedy| {
        let file = match secret {
            Secret::File(path) => loaded.folder.join(path),
            Secret::Env(_) => loaded.file.clone(),
        };
        Box::new(Fault { file, place: None, rule, message, remedy, warning: false })
    };
    let bytes = secret.read(&loaded.folder).map_err(|error| {
        fault(
            "unreadable-secret",
            Bilingual::new(
                format!("không đọc được bí mật của `{setting}`: {}", vietnamese(&error)),
                format!("the secret of `{setting}` cannot be read: {error}"),
            ),
            Bilingual::new(
                "Tạo tệp bằng `openssl rand -hex 32` và cho tài khoản chạy cổng quyền đọc",
                "Make the file with `openssl rand -hex 32` and let the gateway's account read it",
            ),
        )
    })?;
    if bytes.trim_ascii().len() < length {
        return Err(fault(
            "short-secret",
            Bilingual::new(
                format!("bí mật của `{setting}` ngắn hơn {length} byte"),
                format!("the secret of `{setting}` is shorter than {length} bytes"),
            ),
            Bilingual::new(
                "Tạo bí mật mới bằng `openssl rand -hex 32`",
                "Make a new one with `openssl rand -hex 32`",
            ),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::world::fixture::{Fixture, TOKEN};

    #[test]
    fn every_secret_that_is_missing_or_short_is_told_without_its_content() {
        let fixture = Fixture::new();
        let secrets = Secrets::read(&fixture.loaded()).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(secrets.operators[0].token, sha256(TOKEN.as_bytes()));
        fs::write(fixture.path("keys/subject.key"), "mat-khau").unwrap();
        fs::remove_file(fixture.path("keys/admin.token")).unwrap();
        let Err(faults) = Secrets::read(&fixture.loaded()) else { panic!("accepted") };
        let rules: Vec<_> = faults.iter().map(|fault| fault.rule).collect();
        assert_eq!(rules, ["short-secret", "unreadable-secret"]);
        assert!(!format!("{faults:?}").contains("mat-khau"));
    }
}
