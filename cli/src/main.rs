//! The one binary, `circlet`: reads the command line, runs the command, prints what came of it.

mod args;
mod commands;
mod context;
mod draft;
mod error;
mod hidden;
mod output;
mod paper;
mod people;
mod progress;
mod qr;
mod text;
mod usage;
mod words;

use args::Cli;
use clap::Parser;
use context::Context;
use error::{Failure, Result};
use output::{Done, Printer};
use std::process::ExitCode;

fn main() -> ExitCode {
    leave_no_core();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error),
    };
    let printer = Printer::new(cli.global.json, cli.global.plain);
    std::panic::set_hook(Box::new(|panic| {
        // The place only: what a panic says may hold what somebody wrote. With `--json` too, because a
        // node's task that ends like this has no other way to say so.
        if let Some(place) = panic.location() {
            eprintln!("({place})");
        }
    }));
    let result = std::panic::catch_unwind(|| run(cli, printer));
    match result.unwrap_or_else(|_| Err(Failure::bug())) {
        Ok(done) => {
            printer.done(&done);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            printer.failed(&failure);
            ExitCode::from(failure.exit)
        }
    }
}

/// Sees to it that no image of this process's memory, with its keys, is ever written to the disk or read
/// by another process of the same account. Where the system refuses, nothing else is lost.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

fn run(cli: Cli, printer: Printer) -> Result<Done> {
    let context = Context::new(cli.global, printer)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::computer("Circlet could not start", &error))?;
    runtime.block_on(commands::run(cli.command, &context))
}
