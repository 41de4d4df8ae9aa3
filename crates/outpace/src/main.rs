//! The `outpace` binary: composes the capabilities into one program.
fn main() {}
