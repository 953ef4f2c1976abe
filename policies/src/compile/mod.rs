//! From documents as written to a [`Register`]: everything held against everything else.
//!
//! Compiling goes on after a fault, so that an operator sees all of them at once, and is quiet about
//! what merely follows from one: a reference to a document that exists but has faults of its own is
//! not called dangling. Every kind has its chapter: members, services, agreements.

mod again;
mod agreements;
mod codes;
mod drafts;
mod fields;
mod members;
mod overlaps;
mod pins;
mod records;
mod services;
mod versions;

use std::{cell::Cell, collections::HashSet, convert::Infallible, ops::Range, sync::Arc};

use contracts::{Catalog, Fault, Shape};
use jiff::civil::Date;

use crate::{
    Purpose, Register, Source, Sources,
    register::{Identities, Map},
    written::{self, Sheet, both, nearest},
};

pub(crate) use again::Origin;
use again::Previous;

/// A document while it is being compiled.
struct Page<'s, T, C = Infallible> {
    sheet: Sheet<'s>,
    content: Content<T, C>,
}

/// How far a document has come.
enum Content<T, C> {
    /// It lacks what makes it a document, or has been dealt with.
    Unclear,
    /// What it says.
    Written(T),
    /// What was compiled of it before still holds.
    Compiled(C),
}

impl<'s, T, C> Page<'s, T, C> {
    fn read(source: &'s Source, read: impl Fn(&Sheet<'_>) -> Option<T>) -> Self {
        let sheet = Sheet::new(source);
        let content = read(&sheet).map_or(Content::Unclear, Content::Written);
        Self { sheet, content }
    }

    fn is_unclear(&self) -> bool {
        matches!(self.content, Content::Unclear) || self.sheet.is_faulty()
    }

    fn stem(&self) -> &'s str {
        self.sheet.source().stem()
    }
}

/// How many names dangling references are compared with in all, in search of the one that was meant: about a second.
/// After a folder was lost by mistake every reference of a hundred thousand documents dangles, and nobody reads that
/// many suggestions.
const COMPARISONS: usize = 1_000_000;

/// What a document is held against.
struct Desk<'a> {
    catalog: &'a Catalog,
    today: Date,
    /// Members whose documents are there but have faults: what they lack may be among those.
    unclear_members: Vec<&'a str>,
    /// Purposes whose documents are there, sound or not.
    purpose_files: Vec<&'a str>,
    /// Services whose documents are there, sound or not: member and name.
    service_files: HashSet<(&'a str, &'a str)>,
    /// Those of them with faults.
    unclear_services: Vec<(&'a str, &'a str)>,
    /// How many comparisons are left of [`COMPARISONS`].
    comparisons: Cell<usize>,
}

impl Desk<'_> {
    /// The one of `known` that was probably meant by `name`, while there is time to look for it.
    fn meant<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
        let mut left = self.comparisons.get();
        let looked_at = known.into_iter().map_while(|candidate| {
            left = left.checked_sub(1)?;
            Some(candidate)
        });
        let found = nearest(name, looked_at);
        self.comparisons.set(left);
        // Of those that were not looked at one may be nearer.
        found.filter(|_| left > 0)
    }
}

impl Register {
    /// Compiles the documents. Warnings come with a register that serves.
    ///
    /// # Errors
    /// Every fault and every warning of every document, by file and place.
    pub fn compile(
        sources: &Sources,
        catalog: &Catalog,
        today: Date,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        Self::compile_after(None, sources, catalog, today)
    }

    /// As [`Register::compile`], with the same result, taking over from `previous` what follows from
    /// documents that are the very same [`Source`] and were held against what has not changed.
    ///
    /// # Errors
    /// As [`Register::compile`].
    pub fn compile_after(
        previous: Option<&Self>,
        sources: &Sources,
        catalog: &Catalog,
        today: Date,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let previous = previous.map(|register| Previous::of(register, catalog, today));
        let previous = previous.as_ref();
        let purposes: Vec<Page<'_, _>> = sources
            .purposes
            .iter()
            .map(|source| Page::read(source, written::purpose::Purpose::read))
            .collect();
        let members: Vec<Page<'_, Arc<written::member::Member>>> =
            sources.members.iter().map(|source| again::member(previous, source)).collect();
        let mut desk = Desk {
            catalog,
            today,
            unclear_members: members.iter().filter(|page| page.is_unclear()).map(Page::stem).collect(),
            purpose_files: purposes.iter().map(Page::stem).collect(),
            service_files: sources.services.iter().map(|source| (source.folder(), source.stem())).collect(),
            unclear_services: Vec::new(),
            comparisons: Cell::new(COMPARISONS),
        };

        let mut register = Self::empty();
        for page in &purposes {
            if let Content::Written(written) = &page.content {
                register.add_purpose(written);
            }
        }
        members::compile(&mut register, &desk, &members);
        let mut services: Vec<_> =
            sources.services.iter().map(|source| again::service(previous, &register, source)).collect();
        services::compile(&mut register, &desk, &mut services);
        let unclear = services.iter().filter(|page| page.sheet.is_faulty());
        desk.unclear_services = unclear.map(|page| (page.sheet.source().folder(), page.stem())).collect();
        let parties = previous.map(|previous| previous.parties(&register));
        let mut agreements: Vec<_> = sources
            .agreements
            .iter()
            .map(|source| again::agreement(previous, parties.as_ref(), &register, source))
            .collect();
        agreements::compile(&mut register, &desk, &mut agreements);

        register.origin.of(sources, catalog, today, &members, &services, &agreements);
        let mut faults: Vec<Fault> = Vec::new();
        faults.extend(purposes.into_iter().flat_map(|page| page.sheet.into_faults()));
        faults.extend(members.into_iter().flat_map(|page| page.sheet.into_faults()));
        faults.extend(services.into_iter().flat_map(|page| page.sheet.into_faults()));
        faults.extend(agreements.into_iter().flat_map(|page| page.sheet.into_faults()));
        faults.sort_by(|a, b| (&a.file, a.place, a.rule).cmp(&(&b.file, b.place, b.rule)));
        if faults.iter().all(|fault| fault.warning) { Ok((register, faults)) } else { Err(faults) }
    }

    fn empty() -> Self {
        Self {
            members: Vec::new(),
            systems: Vec::new(),
            services: Vec::new(),
            agreements: Vec::new(),
            purposes: Map::default(),
            members_by_name: Map::default(),
            systems_by_name: Map::default(),
            services_by_name: Map::default(),
            agreements_by_name: Map::default(),
            identities: Identities::default(),
            by_consumer: Map::default(),
            by_member: Map::default(),
            no_conditions: crate::Conditions::default(),
            origin: Origin::default(),
        }
    }

    fn add_purpose(&mut self, written: &written::purpose::Purpose) {
        let purpose = Purpose {
            id: written.id.clone(),
            title: written.title.clone(),
            legal_basis: written.legal_basis.clone(),
        };
        self.purposes.insert(written.id.clone(), purpose);
    }
}

/// A reference to a document that is not there.
fn dangling<'k>(
    desk: &Desk<'_>,
    sheet: &Sheet<'_>,
    at: Range<usize>,
    kind: (&str, &str),
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
    place: &str,
) {
    let remedy = match desk.meant(name, known) {
        Some(meant) => both(format!("Có phải là `{meant}`?"), format!("Is it `{meant}`?")),
        None => both(
            format!("Thêm tệp `{place}`, hoặc sửa tên"),
            format!("Add the file `{place}`, or correct the name"),
        ),
    };
    sheet.fault(
        at,
        "dangling-reference",
        both(format!("không có {} `{name}`", kind.0), format!("there is no {} `{name}`", kind.1)),
        remedy,
    );
}

/// A field that the contract does not have.
fn unknown_field(sheet: &Sheet<'_>, at: Range<usize>, path: &str, contract: &str, shapes: &[&Shape]) {
    let known: Vec<&str> =
        shapes.iter().flat_map(|shape| shape.walk().map(|field| field.path.as_str())).collect();
    let remedy = match nearest(path, known.iter().copied()) {
        Some(meant) => both(format!("Có phải là `{meant}`?"), format!("Is it `{meant}`?")),
        None => both(
            format!("Xem các trường của hợp đồng `{contract}`, hoặc xóa tên này"),
            format!("See the fields of contract `{contract}`, or delete this name"),
        ),
    };
    sheet.fault(
        at,
        "unknown-field",
        both(
            format!("hợp đồng `{contract}` không có trường `{path}`"),
            format!("contract `{contract}` has no field `{path}`"),
        ),
        remedy,
    );
}

/// A record or list of records named where a single value is needed.
fn not_a_leaf(sheet: &Sheet<'_>, at: Range<usize>, path: &str) {
    sheet.fault(
        at,
        "not-a-value",
        both(
            format!("`{path}` là một nhóm trường, ở đây cần một trường"),
            format!("`{path}` is a group of fields; one field is needed here"),
        ),
        both("Ghi đủ đường dẫn đến trường bên trong", "Write the whole path to a field inside"),
    );
}

#[cfg(test)]
mod tests;
