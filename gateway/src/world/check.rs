//! Everything that would keep written documents from serving, without serving.

use std::path::Path;

use contracts::{Bilingual, Fault};
use jiff::Timestamp;
use policies::{Overlay, Register};

use super::{
    Documents, Loaded, Secrets,
    documents::rooted,
    ledger::ledger,
    peers::{Peers, pki_settings},
    suspensions::Suspensions,
};
use crate::host::{Pki, Standings};

/// Every fault and warning of every document, by file and place. `scratch` is a folder in which
/// contracts can be laid out.
pub fn check(loaded: &Loaded, scratch: &Path, now: Timestamp) -> Vec<Fault> {
    let folders = &loaded.settings.documents;
    let mut faults = match Pki::load(&pki_settings(loaded), now) {
        Ok((_, found)) | Err(found) => found,
    };
    faults.extend(Secrets::read(loaded).err().into_iter().flatten());
    faults.extend(ledger(loaded).err().into_iter().flatten());
    faults.extend(Suspensions::read(&folders.policies, &Overlay::default()).faults);
    let (documents, unread) = Documents::gather(&folders.policies, &folders.contracts);
    // A stray file keeps the rest from serving but not from being checked; a document that cannot be
    // read would make others look as if they spoke of nothing.
    let whole = unread.iter().all(|fault| fault.rule == "misplaced-file");
    faults.extend(unread);
    if whole {
        faults.extend(of_documents(loaded, &documents, scratch, now));
    }
    faults.sort_by(|one, two| (&one.file, one.place, one.rule).cmp(&(&two.file, two.place, two.rule)));
    // A file that two parts need is told once.
    faults.dedup();
    faults
}

fn of_documents(loaded: &Loaded, documents: &Documents, scratch: &Path, now: Timestamp) -> Vec<Fault> {
    let folders = &loaded.settings.documents;
    let (catalog, mut faults) = match documents.catalog(scratch) {
        Ok((catalog, warnings)) => (catalog, rooted(&folders.contracts, warnings)),
        Err(found) => {
            let mut faults = rooted(&folders.contracts, found);
            faults.push(not_reached(loaded));
            return faults;
        }
    };
    match Register::compile(documents.sources(), &catalog, policies::local(now).date()) {
        Ok((register, warnings)) => {
            faults.extend(rooted(&folders.policies, warnings));
            match Peers::compile(None, &register, loaded, &Standings::default(), now) {
                Ok((_, found)) | Err(found) => faults.extend(found),
            }
        }
        Err(found) => faults.extend(rooted(&folders.policies, found)),
    }
    faults
}

/// Without contracts every field of every agreement would be told as missing.
fn not_reached(loaded: &Loaded) -> Fault {
    Fault {
        file: loaded.settings.documents.policies.clone(),
        place: None,
        rule: "not-checked",
        message: Bilingual::new(
            "chưa kiểm tra thành viên, dịch vụ và thỏa thuận, vì hợp đồng dữ liệu còn lỗi",
            "members, services and agreements were not checked, since contracts have faults",
        ),
        remedy: Bilingual::new("Sửa các hợp đồng rồi kiểm tra lại", "Mend the contracts, then check again"),
        warning: true,
    }
}
