//! What was measured, for people.

mod spread;
mod table;

pub use self::{
    spread::{Spread, mebibytes, micros, ratio},
    table::Table,
};
