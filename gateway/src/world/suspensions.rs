//! The deny-only overlay as it stands on disk. It loads on its own, and what it once said goes on
//! acting while its file cannot be read.

use std::{path::Path, sync::Arc};

use contracts::Fault;
use policies::{Overlay, Source, Sources};
use ring::digest::{Context, SHA256};

use super::documents::{missing, rooted, sha256};

/// The suspensions as read, compiled.
pub struct Suspensions {
    /// What they say.
    pub overlay: Overlay,
    /// The texts.
    pub sources: Vec<Arc<Source>>,
    /// What is wrong with them, warnings among it. The rest acts all the same.
    pub faults: Vec<Fault>,
}

impl Suspensions {
    /// Reads the suspensions under `policies`. Where a file does not say whom it stops, or cannot be
    /// opened, what it said in `previous` goes on. A folder that is not there holds none, as long as
    /// `policies` itself is.
    pub fn read(policies: &Path, previous: &Overlay) -> Self {
        let (sources, mut faults) = Sources::suspensions(policies);
        let (mut overlay, found) = Overlay::compile(&sources, previous);
        let unopened = missing(policies);
        if unopened.is_some() {
            overlay = previous.clone();
        } else {
            overlay.keep(previous, &faults);
        }
        faults.extend(found);
        faults = rooted(policies, faults);
        faults.extend(unopened);
        Self { overlay, sources, faults }
    }

    /// From texts kept earlier.
    pub fn from_texts(texts: Vec<(std::path::PathBuf, String)>) -> Overlay {
        let sources: Vec<Arc<Source>> = texts
            .into_iter()
            .filter_map(|(name, text)| Some(Arc::new(Source::new(name.strip_prefix("policies").ok()?, text))))
            .collect();
        Overlay::compile(&sources, &Overlay::default()).0
    }

    /// Names (`policies/suspensions/DC-2026-001.toml`) and texts, for the journal.
    pub fn texts(&self) -> Vec<(String, &[u8])> {
        let named = self.sources.iter();
        named.map(|source| (format!("policies/{}", source.file.display()), source.text.as_bytes())).collect()
    }

    /// Tells one reading from another: texts, and which files could not be read.
    pub fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for (name, text) in self.texts() {
            context.update(&sha256(name.as_bytes()));
            context.update(&sha256(text));
        }
        for fault in &self.faults {
            context.update(&sha256(fault.file.as_os_str().as_encoded_bytes()));
        }
        let mut out = [0; 32];
        out.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        out
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;
    use policies::Parties;

    use super::*;

    fn stops(overlay: &Overlay, system: &str) -> bool {
        let system = system.parse().unwrap();
        let parties = Parties { system: &system, represented: None, service: None, agreement: None };
        overlay.suspends(&parties, Timestamp::now()).is_some()
    }

    fn of(system: &str) -> String {
        let (member, name) = system.split_once('/').unwrap();
        format!(
            "id = \"{member}-{name}\"\nsystem = \"{system}\"\nreason = {{ vi = \"thử\", en = \"test\" }}\n"
        )
    }

    #[test]
    fn what_was_stopped_stays_stopped_while_its_file_or_folder_cannot_be_read() {
        let policies = tempfile::tempdir().unwrap();
        let folder = policies.path().join("suspensions");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("H26-a.toml"), of("H26/a")).unwrap();
        let first = Suspensions::read(policies.path(), &Overlay::default());
        assert!(first.faults.is_empty() && stops(&first.overlay, "H26/a"), "{:?}", first.faults);

        // Not UTF-8 any more, and a new stop beside it acts at once.
        fs::write(folder.join("H26-a.toml"), b"\xff\xfe").unwrap();
        fs::write(folder.join("H26-b.toml"), of("H26/b")).unwrap();
        let second = Suspensions::read(policies.path(), &first.overlay);
        assert!(stops(&second.overlay, "H26/a") && stops(&second.overlay, "H26/b"));
        assert_eq!(second.faults.len(), 1);
        assert!(second.faults[0].file.starts_with(policies.path()), "a path to open");
        assert_ne!(second.digest(), first.digest());

        // The folder is no folder, then nothing at all is mounted.
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "").unwrap();
        let third = Suspensions::read(policies.path(), &second.overlay);
        assert!(stops(&third.overlay, "H26/a") && stops(&third.overlay, "H26/b") && !third.faults.is_empty());
        let gone = Suspensions::read(&policies.path().join("elsewhere"), &third.overlay);
        assert!(stops(&gone.overlay, "H26/a") && !gone.faults.is_empty());

        // Taking the file away is what lifts it.
        fs::remove_file(&folder).unwrap();
        let lifted = Suspensions::read(policies.path(), &third.overlay);
        assert!(!stops(&lifted.overlay, "H26/a") && lifted.faults.is_empty());
    }
}
