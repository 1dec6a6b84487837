//! The `countersign` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_server::cli::run(std::env::args_os())
}
