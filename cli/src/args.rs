//! The command line as it is typed: every command and flag, and their help.

use crate::commands::{
    agreement, backup, completions, crisis, demo, device, doctor, drafts, edit, export, gesture,
    help, import, invite, join, leave, list, lock, members, new, node, open, passphrase, read,
    repair, respond, restore, settings, setup, share, start, status, stop, take_back, unlock,
    welcome, words,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Share stories in a small circle, on the members' own computers
///
/// Circlet keeps a small group's stories on the computers of its members, and nowhere else. There is
/// no company in the middle. `circlet` alone says how things are and what you can do next.
#[derive(Debug, Parser)]
#[command(
    name = "circlet",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(propagate_version = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do; nothing = a short status
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What may stand beside every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Answer with one line of JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Plain text only: no colours, nothing that is redrawn
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Which circle, where there is more than one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) circle: Option<String>,
    /// Read the passphrase from this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Setup(setup::Args),
    Open(open::Args),
    Start(start::Args),
    Stop(stop::Args),
    Lock(lock::Args),
    Unlock(unlock::Args),
    Passphrase(passphrase::Args),
    Status(status::Args),
    Doctor(doctor::Args),
    New(new::Args),
    List(list::Args),
    Members(members::Args),
    Settings(settings::Args),
    Agreement(agreement::Args),
    Leave(leave::Args),
    Invite(invite::Args),
    Join(join::Args),
    Welcome(welcome::Args),
    Share(share::Args),
    Read(read::Args),
    Respond(respond::Args),
    Gesture(gesture::Args),
    Edit(edit::Args),
    TakeBack(take_back::Args),
    Drafts(drafts::Args),
    Crisis(crisis::Args),
    Words(words::Args),
    Device(device::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Repair(repair::Args),
    Export(export::Args),
    Import(import::Args),
    Demo(demo::Args),
    Node(node::Args),
    Completions(completions::Args),
    Help(help::Args),
}
