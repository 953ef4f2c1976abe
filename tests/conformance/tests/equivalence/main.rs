//! One contract, one tree, one verdict, whatever the format and whoever judges.
//!
//! - [`trees`]: what is written in one format, read, and written in another comes back as it was (draft
//!   circular, Điều 15 khoản 5).
//! - [`verdicts`]: a document is valid for the gateway, for its XML Schema and for its JSON Schema, or for
//!   none of them, except for the rules that a language has no words for; those are listed.
//! - [`views`]: what is released to a caller is valid under the descriptions made for that caller, what is not
//!   is refused, and no description tells of it.
//!
//! All go through every contract of the catalogue, and through contracts made up ([`made_up`]) so that every
//! keyword of the subset is tried in combinations that no dataset has. Records are made up from the contract
//! and a seed. Chance follows from the contract's name: a new dataset changes nothing for the others.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod judges;
mod made_up;
mod spoil;
mod trees;
mod verdicts;
mod views;
mod wild;

use std::{path::Path, sync::Arc};

use contracts::{Catalog, Contract, Document};
use tempfile::TempDir;

const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts");

/// How many contracts are made up.
const MADE_UP: u32 = 8;

/// Contracts, and a folder for what judges are given of them.
struct Contracts {
    folder: TempDir,
    /// The catalogue, and what was made up.
    catalogs: [Catalog; 2],
    all: Vec<Arc<Contract>>,
}

impl Contracts {
    /// Those of the catalogue and those made up.
    fn load() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (shipped, _) = Catalog::load(Path::new(CONTRACTS)).unwrap_or_else(|faults| panic!("{faults:?}"));
        let made_up = made_up::catalog(&folder.path().join("made-up"), MADE_UP);
        let all = shipped.contracts().chain(made_up.contracts()).cloned().collect();
        Self { folder, all, catalogs: [shipped, made_up] }
    }

    /// How many records of `contract` to try: `made_up` of those that were made up, whose keywords are
    /// what is tried; of the others an even share of `total`, and one at least.
    fn share(&self, contract: &Contract, made_up: u64, total: usize) -> u64 {
        let others = self.all.len() - MADE_UP as usize;
        if contract.id().dataset.starts_with(made_up::NAME) {
            made_up
        } else {
            u64::try_from(total / others).unwrap().max(1)
        }
    }
}

/// A record made up for a contract.
fn specimen(specimens: &contracts::Specimens<'_>, contract: &Contract, seed: u64) -> Document<'static> {
    specimens.record(seed).unwrap_or_else(|| panic!("{}: no specimen of seed {seed}", contract.id()))
}

/// A source of numbers for one contract.
pub struct Chance(u64);

impl Chance {
    /// One that nothing but `name` decides.
    pub fn of(name: &str) -> Self {
        Self(name.bytes().fold(20_261_121, |state, byte| state * 31 % 1_000_000_007 + u64::from(byte)))
    }

    /// A number below `limit`; zero below zero.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit.max(1))).unwrap()
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of them, by chance.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(u32::try_from(from.len()).unwrap()) as usize].clone()
    }
}
