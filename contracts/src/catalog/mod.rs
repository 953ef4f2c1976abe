//! All contracts, by name.
//!
//! A catalog is loaded whole or not at all, with one exception: a draft whose author has yet to answer
//! something ([`Fault::is_open_answer`]) is left out with a warning. Nobody can use it then: a service or an
//! agreement that names it names a contract that is not there, and is refused with all documents. To refuse
//! the whole catalog for its sake instead would keep an agency from any change, an urgent one included, for
//! as long as somebody thinks about a title, and so would teach people to answer without thinking. A
//! contract that says it is `active` is no draft: what is open in it is a fault like any other, so that
//! nothing in force goes missing by a slip of the pen.

pub mod scope;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{Context, SHA256};

use self::scope::Scope;
use crate::{
    Bilingual, CodeLists, Contract, ContractId, Fault, Shape, Status,
    files::{folders, read},
    manifest::Reading,
    schema::{self, Compiled, Parts},
    validation::Validator,
};

/// The parts that contracts share; a catalog whose contracts share nothing need not have the file.
const PARTS: &str = "catalog/parts.json";
/// What the legal text asks for.
const SCOPE: &str = "catalog/scope.toml";

/// The contracts and code lists of a folder, compiled. Cheap to clone, never changed.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    contracts: BTreeMap<ContractId, Arc<Contract>>,
    open_drafts: BTreeMap<ContractId, Arc<OpenDraft>>,
    code_lists: Arc<CodeLists>,
    scope: Option<Arc<Scope>>,
}

impl Catalog {
    /// This catalog, with what of `before` is the same in the place of its own, so that whatever was compiled
    /// against that still holds. Both must have been loaded with the same code lists, word for word: a
    /// contract follows from them and from the texts that its revision stands for.
    #[must_use]
    pub fn taking_over(mut self, before: &Self) -> Self {
        for (id, contract) in &mut self.contracts {
            if let Some(known) = before.contract(id).filter(|known| known.revision() == contract.revision()) {
                *contract = Arc::clone(known);
            }
        }
        self.code_lists = Arc::clone(&before.code_lists);
        self
    }

    /// Whether `other` has the very same code lists, loaded once.
    pub fn has_code_lists_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.code_lists, &other.code_lists)
    }

    /// Reads `<folder>/catalog` and `<folder>/code-lists`.
    ///
    /// A draft with open answers is left out and told of by a warning.
    ///
    /// # Errors
    /// Every fault of every file; but for open drafts, a catalog is loaded whole or not at all. Warnings
    /// come with a catalog that loaded.
    pub fn load(folder: &Path) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let (catalog, faults) = Self::read(folder, None);
        if faults.iter().all(|fault| fault.warning) { Ok((catalog, faults)) } else { Err(faults) }
    }

    /// [`Catalog::load`] of the contract called `id` alone, if there is one, and all code lists: for who
    /// needs no other, and is not to wait and find memory for them.
    ///
    /// # Errors
    /// As [`Catalog::load`], and the open answers of this contract; faults of other contracts and of the
    /// scope, and parts that this one does not use, are none. Warnings are those of lists that it uses.
    pub fn load_only(folder: &Path, id: &ContractId) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let (catalog, mut faults) = Self::read(folder, Some(id));
        let text = read(folder, &folder_of(id).join("schema.json")).unwrap_or_default();
        let used = catalog.lists_of(id, &text);
        let of_used = |file: &Path| {
            let list = file.strip_prefix("code-lists").ok().and_then(|file| file.iter().next());
            list.is_none_or(|list| list.to_str().is_some_and(|list| used.contains(list)))
        };
        faults.retain(|fault| !fault.warning || of_used(&fault.file));
        if faults.iter().all(|fault| fault.warning) { Ok((catalog, faults)) } else { Err(faults) }
    }

    /// Whatever of a folder loads, and every fault of the rest: for looking at it, never for deciding an
    /// exchange.
    pub fn survey(folder: &Path) -> (Self, Vec<Fault>) {
        Self::read(folder, None)
    }

    fn read(folder: &Path, only: Option<&ContractId>) -> (Self, Vec<Fault>) {
        let (code_lists, mut faults) = CodeLists::load(folder);
        let mut catalog = Self { code_lists: Arc::new(code_lists), ..Self::default() };
        let (parts_file, scope_file) = (Path::new(PARTS), Path::new(SCOPE));
        let parts_text = text_of(folder, parts_file, &mut faults);
        let parts = parts_text
            .as_ref()
            .and_then(|text| Parts::read(parts_file, text).map_err(|more| faults.extend(more)).ok());
        let mut seen = Seen::default();
        for dataset in folders(folder, Path::new("catalog"), &mut faults) {
            for version in folders(folder, &dataset, &mut faults) {
                let Some(id) = id_of(&dataset, &version) else {
                    if only.is_none() {
                        faults.push(misnamed(version));
                    }
                    continue;
                };
                if only.is_some_and(|only| *only != id) {
                    continue;
                }
                let (parts, code_lists) = (parts.as_ref(), &catalog.code_lists);
                let loading = Loading { folder, version: &version, id: id.clone(), parts, code_lists };
                match loading.contract(&mut seen) {
                    Ok(contract) => drop(catalog.contracts.insert(id, Arc::new(contract))),
                    Err(Unfit { faults: more, open: true }) if only.is_none() => {
                        faults.push(open_draft(&id, &version, &more));
                        catalog.open_drafts.insert(id, Arc::new(OpenDraft { faults: more }));
                    }
                    Err(unfit) => faults.extend(unfit.faults),
                }
            }
        }
        // A contract that failed may be the one that uses a part, or that the scope names.
        if only.is_none() && faults.iter().all(|fault| fault.warning) {
            let parts = parts.iter().filter(|_| catalog.open_drafts.is_empty());
            let unused = parts.flat_map(|parts| parts.names().map(move |name| (parts, name)));
            let unused = unused.filter(|(_, name)| !seen.parts.contains(*name));
            faults.extend(unused.map(|(parts, name)| parts.unused(name)));
            let has =
                |id: &ContractId| catalog.contracts.contains_key(id) || catalog.open_drafts.contains_key(id);
            catalog.scope = text_of(folder, scope_file, &mut faults)
                .and_then(|text| Scope::read(scope_file, &text, has, &mut faults))
                .map(Arc::new);
        }
        faults.sort_by(|one, two| (&one.file, one.place, one.rule).cmp(&(&two.file, two.place, two.rule)));
        // A faulty part is one fault, however many contracts use it.
        faults.dedup();
        (catalog, faults)
    }

    /// The contract called `id`.
    pub fn contract(&self, id: &ContractId) -> Option<&Arc<Contract>> {
        self.contracts.get(id)
    }

    /// Every contract, by name.
    pub fn contracts(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.contracts.values()
    }

    /// The drafts that were left out because answers are open, by name.
    pub fn open_drafts(&self) -> impl Iterator<Item = (&ContractId, &OpenDraft)> {
        self.open_drafts.iter().map(|(id, draft)| (id, &**draft))
    }

    /// Whether `id` is a draft that was left out because answers are open.
    pub fn is_open_draft(&self, id: &ContractId) -> bool {
        self.open_drafts.contains_key(id)
    }

    /// The code lists.
    pub fn code_lists(&self) -> &CodeLists {
        &self.code_lists
    }

    /// What the legal text asks for, and which contracts answer.
    pub fn scope(&self) -> Option<&Scope> {
        self.scope.as_deref()
    }

    /// The code lists that the contract called `id` uses, whose schema is `text`: of one that did not load,
    /// those that its own text names.
    fn lists_of(&self, id: &ContractId, text: &str) -> BTreeSet<String> {
        if let Some(contract) = self.contract(id) {
            return contract.shape().walk().filter_map(|field| field.code_list.clone()).collect();
        }
        let mut used = BTreeSet::new();
        let written: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        schema::each_list(&written, &mut |list| used.extend([list.to_owned()]));
        used
    }
}

/// A draft of a contract whose author has yet to answer something.
#[derive(Debug)]
pub struct OpenDraft {
    faults: Vec<Fault>,
}

impl OpenDraft {
    /// What is open, and what else is wrong with it, in the order of its files.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How many answers are open.
    pub fn questions(&self) -> usize {
        self.faults.iter().filter(|fault| fault.is_open_answer()).count()
    }
}

/// Why a contract did not load.
struct Unfit {
    faults: Vec<Fault>,
    /// Whether it is a draft with open answers.
    open: bool,
}

/// The loading of one contract from its folder.
struct Loading<'a> {
    folder: &'a Path,
    version: &'a Path,
    id: ContractId,
    parts: Option<&'a Parts<'a>>,
    code_lists: &'a Arc<CodeLists>,
}

/// What the contracts read so far have taken: namespaces are one contract's each, parts are there to be
/// used.
#[derive(Default)]
struct Seen {
    namespaces: BTreeMap<String, ContractId>,
    parts: BTreeSet<String>,
}

/// The text of a file that a catalog need not have.
fn text_of(folder: &Path, file: &Path, faults: &mut Vec<Fault>) -> Option<String> {
    if !folder.join(file).exists() {
        return None;
    }
    read(folder, file).map_err(|fault| faults.push(fault)).ok()
}

impl Loading<'_> {
    /// # Errors
    /// Every fault of its files, in their order.
    fn contract(self, seen: &mut Seen) -> Result<Contract, Unfit> {
        let mut faults = Vec::new();
        let mut is_active = true;
        match self.compiled(seen, &mut faults, &mut is_active) {
            Some(contract) => Ok(contract),
            None => {
                faults.sort_by(|one, two| (&one.file, one.place).cmp(&(&two.file, two.place)));
                faults.dedup();
                let open = !is_active && faults.iter().any(Fault::is_open_answer);
                Err(Unfit { faults, open })
            }
        }
    }

    fn compiled(self, seen: &mut Seen, faults: &mut Vec<Fault>, is_active: &mut bool) -> Option<Contract> {
        let manifest_file = self.version.join("contract.toml");
        let schema_file = self.version.join("schema.json");
        let manifest_text = read(self.folder, &manifest_file).map_err(|fault| faults.push(fault)).ok();
        let schema_text = read(self.folder, &schema_file).map_err(|fault| faults.push(fault)).ok();
        let compiled = schema_text.as_ref().and_then(|text| {
            schema::compile(&schema_file, text, self.parts, self.code_lists)
                .map_err(|more| faults.extend(more))
                .ok()
        });
        let manifest_text = manifest_text?;
        let mut reading = Reading::of(&manifest_file, &manifest_text);
        let manifest = reading.manifest(&self.id);
        let fit = schema_text.as_deref().map(keys_of).unwrap_or_default();
        let fit: Vec<&str> = fit.iter().map(String::as_str).collect();
        let asked = manifest.as_ref().is_some_and(|manifest| reading.blank_key(manifest, &fit));
        let status = manifest.as_ref().and_then(|manifest| manifest.known_status());
        *is_active = manifest.is_none() || status == Some(Status::Active);
        let open = reading.faults.iter().chain(faults.iter()).any(Fault::is_open_answer);
        // What a draft with open answers would be called keeps no name from those that are there.
        if let (Some(manifest), true) = (&manifest, *is_active || !open) {
            let namespace = manifest.xml.namespace.get_ref().clone();
            if let Some(taken) = seen.namespaces.insert(namespace, self.id.clone()) {
                reading.taken_namespace(manifest, &taken);
            }
        }
        seen.parts.extend(compiled.iter().flat_map(|compiled| compiled.parts.iter().cloned()));
        let key = manifest
            .as_ref()
            .zip(compiled.as_ref())
            .filter(|_| !asked)
            .and_then(|(manifest, compiled)| reading.key(manifest, &compiled.record));
        let sound = reading.faults.is_empty();
        faults.append(&mut reading.faults);
        let (manifest, compiled, key, schema_text) = (manifest?, compiled?, key?, schema_text?);
        let (status, update) = (status?, manifest.known_update()?);
        if !sound {
            return None;
        }
        let validator = match Validator::compile(compiled.schema.clone(), &compiled.record, self.code_lists) {
            Ok(validator) => validator,
            Err(pointer) => {
                faults.push(uncompilable(schema_file, &pointer));
                return None;
            }
        };
        let parts = compiled.parts.iter().filter_map(|name| self.parts?.written(name));
        let revision = revision(&manifest_text, &schema_text, parts);
        let Compiled { record, schema, .. } = compiled;
        Some(Contract {
            name: self.id.to_string().into(),
            id: self.id,
            title: manifest.title.into_inner(),
            owner: manifest.owner.into_inner(),
            legal_basis: manifest.legal_basis.into_inner(),
            status,
            update,
            key,
            schema,
            shape: Shape {
                namespace: manifest.xml.namespace.into_inner(),
                record: manifest.xml.record.into_inner(),
                collection: manifest.xml.collection.into_inner(),
                root: record,
            },
            validator,
            revision,
        })
    }
}

/// The fields of a schema that may be the key of a record: required, and a text or a number.
fn keys_of(schema: &str) -> Vec<String> {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap_or_default();
    let names = schema.get("required").and_then(serde_json::Value::as_array).into_iter().flatten();
    let is_fit = |name: &&str| {
        let kind = schema.get("properties").and_then(|all| all.get(name)?.get("type"));
        kind.and_then(serde_json::Value::as_str)
            .is_some_and(|kind| matches!(kind, "string" | "integer" | "number"))
    };
    names.filter_map(serde_json::Value::as_str).filter(is_fit).map(str::to_owned).collect()
}

fn revision<'t>(manifest: &str, schema: &'t str, parts: impl Iterator<Item = &'t str>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(manifest.as_bytes());
    // TOML and JSON have no zero byte, so no text can move from one file to the other unseen.
    for text in std::iter::once(schema).chain(parts) {
        context.update(&[0]);
        context.update(text.as_bytes());
    }
    let mut revision = [0; 32];
    revision.copy_from_slice(context.finish().as_ref());
    revision
}

/// `catalog/nhiem-vu/v1` is `nhiem-vu@1`.
fn id_of(dataset: &Path, version: &Path) -> Option<ContractId> {
    let dataset = dataset.file_name()?.to_str()?;
    let number = version.file_name()?.to_str()?.strip_prefix('v')?;
    let id: ContractId = format!("{dataset}@{number}").parse().ok()?;
    // `v01` and `v+1` would be second names of `v1`.
    (id.version.to_string() == number).then_some(id)
}

/// `catalog/nhiem-vu/v1` of `nhiem-vu@1`.
fn folder_of(id: &ContractId) -> PathBuf {
    Path::new("catalog").join(&*id.dataset).join(format!("v{}", id.version))
}

/// That a draft is left out while answers are open.
fn open_draft(id: &ContractId, version: &Path, faults: &[Fault]) -> Fault {
    let file = version.join("contract.toml");
    let open = faults.iter().filter(|fault| fault.is_open_answer()).count();
    Fault {
        place: faults.iter().find(|fault| fault.file == file).and_then(|fault| fault.place),
        file,
        rule: "open-draft",
        message: Bilingual::new(
            format!("`{id}` là dự thảo còn {open} chỗ chưa trả lời, nên được bỏ ra ngoài, không dùng được"),
            format!("`{id}` is a draft with {open} open answers: it is left out, and nothing can use it"),
        ),
        remedy: Bilingual::new(
            format!("Chạy `lienthong contract check {id}` để xem từng chỗ, rồi trả lời."),
            format!("Run `lienthong contract check {id}` to see each of them, and answer."),
        ),
        warning: true,
    }
}

fn misnamed(folder: PathBuf) -> Fault {
    Fault {
        file: folder,
        place: None,
        rule: "folder-name",
        message: Bilingual::new(
            "Thư mục không phải là một phiên bản của bộ dữ liệu",
            "The folder is not a version of a dataset",
        ),
        remedy: Bilingual::new(
            "Đặt tên dạng `catalog/nhiem-vu/v1`: chữ thường, số và gạch nối; phiên bản từ 1.",
            "Name it like `catalog/nhiem-vu/v1`: small letters, digits and hyphens; versions from 1.",
        ),
        warning: false,
    }
}

/// The subset admits only what compiles; should a keyword slip through, it is said where.
fn uncompilable(file: PathBuf, pointer: &str) -> Fault {
    Fault {
        file,
        place: None,
        rule: "not-a-schema",
        message: Bilingual::new(
            format!("Lược đồ không biên dịch được tại `{pointer}`"),
            format!("The schema does not compile at `{pointer}`"),
        ),
        remedy: Bilingual::new("Sửa từ khóa ở vị trí đã nêu.", "Correct the keyword at the given place."),
        warning: false,
    }
}

#[cfg(test)]
mod tests;
