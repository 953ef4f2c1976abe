//! The `lienthong` binary.

fn main() {}
