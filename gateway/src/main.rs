//! The `lienthong` binary.

use std::process::ExitCode;

/// Small, short-lived allocations from several threads are what a gateway does all day.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::cli::run()
}
