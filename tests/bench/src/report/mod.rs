//! What was measured, for people.

mod chart;
mod machine;
mod page;
mod spread;
mod table;

pub use self::{
    chart::{Chart, Panel},
    machine::Machine,
    page::{keep, save},
    spread::{Spread, mebibytes, micros, ratio},
    table::Table,
};
