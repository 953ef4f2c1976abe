//! Prints what breaks the house's rules in this checkout, or in the one given; exit 1 when anything does.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its purpose")]

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let root = std::env::args_os().nth(1).map_or_else(house::here, PathBuf::from);
    match house::inspect(&root, cargo.as_ref(), home.as_deref()) {
        Ok(faults) if faults.is_empty() => {
            println!("house: every rule holds");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            for fault in &faults {
                println!("{fault}");
            }
            eprintln!("house: {} faults; CONTRIBUTING.md explains the rules", faults.len());
            ExitCode::FAILURE
        }
        Err(hindrance) => {
            eprintln!("house: {hindrance}");
            ExitCode::from(2)
        }
    }
}
