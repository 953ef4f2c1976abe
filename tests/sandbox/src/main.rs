//! The sandbox: simulated neighbours of the gateway, and the demo that runs them beside it.
//!
//! `sandbox neighbour SYSTEM` is one neighbour as a process of its own; `sandbox demo` lays out
//! `.sandbox`, starts the neighbours and the real gateway, runs the journeys and keeps serving.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is for a person")]

mod demo;
mod neighbour;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Simulated neighbours of the gateway, and the demo beside it")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve as one simulated neighbour until told to stop
    Neighbour {
        /// Which one: G06/he-thong-khcn, H26/quan-ly-khcn, G03/quan-ly-de-tai, G01/he-thong-dan-cu or
        /// G06/quan-trac-phong-xa
        system: String,
        /// Where to serve (mutual TLS; only the gateway may call)
        #[arg(long)]
        listen: SocketAddr,
        /// Where to take test controls (plain HTTP; keep it on loopback)
        #[arg(long)]
        control: SocketAddr,
        /// Certificates: ca.pem, gateway-client.pem, provider--<member>--<system>.pem and .key
        #[arg(long)]
        pki: PathBuf,
        /// Where its records are kept
        #[arg(long)]
        data: PathBuf,
    },
    /// Run the journeys beside simulated neighbours, then keep serving
    Demo {
        /// End after the journeys; exit 1 if one failed
        #[arg(long)]
        once: bool,
        /// vi or en (by LANG; Vietnamese when unclear)
        #[arg(long, value_parser = ["vi", "en"])]
        lang: Option<String>,
        /// The gateway's program, when it is not beside this one
        #[arg(long)]
        lienthong: Option<PathBuf>,
        /// The sandbox's folder, when it is not .sandbox in the repository
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Neighbour { system, listen, control, pki, data } => {
            neighbour::run(&neighbour::Settings { system, listen, control, pki, data })
        }
        Command::Demo { once, lang, lienthong, folder } => {
            demo::run(demo::Settings { once, language: lang, lienthong, folder })
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}
