//! The command line: arguments in, exit status out.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "server")]
    Serve(Box<rayguard::serve::ServeArgs>),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        #[cfg(feature = "server")]
        Command::Serve(args) => rayguard::serve::run(*args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("rayguard: {error}");
            ExitCode::from(2)
        }
    }
}
