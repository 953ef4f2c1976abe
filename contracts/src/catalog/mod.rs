//! All contracts, by name.

pub mod scope;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{Context, SHA256};

use self::scope::Scope;
use crate::{
    Bilingual, CodeLists, Contract, ContractId, Fault, Shape,
    files::{folders, read},
    manifest::{Manifest, Reading},
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
    code_lists: Arc<CodeLists>,
    scope: Option<Arc<Scope>>,
}

impl Catalog {
    /// Reads `<folder>/catalog` and `<folder>/code-lists`.
    ///
    /// # Errors
    /// Every fault of every file; a catalog is loaded whole or not at all. Warnings come with a
    /// catalog that loaded.
    pub fn load(folder: &Path) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        Self::load_those(folder, None)
    }

    /// [`Catalog::load`] of the contract called `id` alone, if there is one, and all code lists: for who
    /// needs no other, and is not to wait and find memory for them.
    ///
    /// # Errors
    /// As [`Catalog::load`]; faults of other contracts and of the scope, and parts that this one does not
    /// use, are none.
    pub fn load_only(folder: &Path, id: &ContractId) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        Self::load_those(folder, Some(id))
    }

    fn load_those(folder: &Path, only: Option<&ContractId>) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let (code_lists, mut faults) = CodeLists::load(folder);
        let mut catalog = Self { contracts: BTreeMap::new(), code_lists: Arc::new(code_lists), scope: None };
        let (parts_file, scope_file) = (Path::new(PARTS), Path::new(SCOPE));
        let parts_text = text_of(folder, parts_file, &mut faults);
        let parts = parts_text
            .as_ref()
            .and_then(|text| Parts::read(parts_file, text).map_err(|more| faults.extend(more)).ok());
        let mut seen = Seen::default();
        for dataset in folders(folder, Path::new("catalog"), &mut faults) {
            for version in folders(folder, &dataset, &mut faults) {
                let Some(id) = id_of(&dataset, &version) else {
                    faults.push(misnamed(version));
                    continue;
                };
                if only.is_some_and(|only| *only != id) {
                    continue;
                }
                let (parts, code_lists) = (parts.as_ref(), &catalog.code_lists);
                let loading = Loading { folder, version: &version, id, parts, code_lists };
                if let Some(contract) = loading.contract(&mut seen, &mut faults) {
                    catalog.contracts.insert(contract.id.clone(), Arc::new(contract));
                }
            }
        }
        // A contract that failed may be the one that uses a part, or that the scope names.
        if only.is_none() && faults.iter().all(|fault| fault.warning) {
            let parts = parts.iter();
            let unused = parts.flat_map(|parts| parts.names().map(move |name| (parts, name)));
            let unused = unused.filter(|(_, name)| !seen.parts.contains(*name));
            faults.extend(unused.map(|(parts, name)| parts.unused(name)));
            let has = |id: &ContractId| catalog.contracts.contains_key(id);
            catalog.scope = text_of(folder, scope_file, &mut faults)
                .and_then(|text| Scope::read(scope_file, &text, has, &mut faults))
                .map(Arc::new);
        }
        faults.sort_by(|one, two| (&one.file, one.place, one.rule).cmp(&(&two.file, two.place, two.rule)));
        // A faulty part is one fault, however many contracts use it.
        faults.dedup();
        if faults.iter().all(|fault| fault.warning) { Ok((catalog, faults)) } else { Err(faults) }
    }

    /// The contract called `id`.
    pub fn contract(&self, id: &ContractId) -> Option<&Arc<Contract>> {
        self.contracts.get(id)
    }

    /// Every contract, by name.
    pub fn contracts(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.contracts.values()
    }

    /// The code lists.
    pub fn code_lists(&self) -> &CodeLists {
        &self.code_lists
    }

    /// What the legal text asks for, and which contracts answer.
    pub fn scope(&self) -> Option<&Scope> {
        self.scope.as_deref()
    }
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
    fn contract(self, seen: &mut Seen, faults: &mut Vec<Fault>) -> Option<Contract> {
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
        if let Some(manifest) = &manifest {
            let namespace = manifest.xml.namespace.get_ref().clone();
            if let Some(taken) = seen.namespaces.insert(namespace, self.id.clone()) {
                reading.taken_namespace(manifest, &taken);
            }
        }
        seen.parts.extend(compiled.iter().flat_map(|compiled| compiled.parts.iter().cloned()));
        let key = manifest
            .as_ref()
            .zip(compiled.as_ref())
            .and_then(|(manifest, compiled)| reading.key(manifest, &compiled.record));
        let sound = reading.faults.is_empty();
        faults.append(&mut reading.faults);
        let (manifest, compiled, key, schema_text) = (manifest?, compiled?, key?, schema_text?);
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
        Some(assemble(self.id, manifest, compiled, key, validator, revision))
    }
}

fn assemble(
    id: ContractId,
    manifest: Manifest,
    compiled: Compiled,
    key: crate::FieldPath,
    validator: Validator,
    revision: [u8; 32],
) -> Contract {
    Contract {
        name: id.to_string().into(),
        id,
        title: manifest.title.into_inner(),
        owner: manifest.owner.into_inner(),
        legal_basis: manifest.legal_basis.into_inner(),
        status: manifest.status,
        update: manifest.update,
        key,
        schema: compiled.schema,
        shape: Shape {
            namespace: manifest.xml.namespace.into_inner(),
            record: manifest.xml.record.into_inner(),
            collection: manifest.xml.collection.into_inner(),
            root: compiled.record,
        },
        validator,
        revision,
    }
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
