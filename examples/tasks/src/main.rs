//! A to-do API behind the guard.

fn main() {}
