//! The commands, one a file: what may follow each on the command line, and what it does.

pub(crate) mod agreement;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod crisis;
pub(crate) mod demo;
pub(crate) mod device;
pub(crate) mod doctor;
pub(crate) mod drafts;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod gesture;
pub(crate) mod help;
pub(crate) mod import;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod members;
pub(crate) mod new;
pub(crate) mod node;
pub(crate) mod open;
pub(crate) mod passphrase;
pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod respond;
pub(crate) mod restore;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod share;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod take_back;
pub(crate) mod unlock;
pub(crate) mod welcome;
pub(crate) mod words;

use crate::args::Command;
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;

/// Runs one command.
pub(crate) async fn run(command: Option<Command>, context: &Context) -> Result<Done> {
    match command {
        None => status::alone(context).await,
        Some(Command::Setup(args)) => setup::run(&args, context),
        Some(Command::Open(args)) => open::run(&args, context).await,
        Some(Command::Start(args)) => start::run(&args, context).await,
        Some(Command::Stop(args)) => stop::run(&args, context).await,
        Some(Command::Lock(args)) => lock::run(&args, context).await,
        Some(Command::Unlock(args)) => unlock::run(&args, context).await,
        Some(Command::Passphrase(args)) => passphrase::run(&args, context).await,
        Some(Command::Status(args)) => status::run(&args, context).await,
        Some(Command::Doctor(args)) => doctor::run(&args, context).await,
        Some(Command::New(args)) => new::run(&args, context).await,
        Some(Command::List(args)) => list::run(&args, context).await,
        Some(Command::Members(args)) => members::run(&args, context).await,
        Some(Command::Leave(args)) => leave::run(&args, context).await,
        Some(Command::Invite(args)) => invite::run(&args, context).await,
        Some(Command::Join(args)) => join::run(&args, context).await,
        Some(Command::Welcome(args)) => welcome::run(&args, context).await,
        Some(Command::Settings(args)) => settings::run(&args, context).await,
        Some(Command::Agreement(args)) => agreement::run(&args, context).await,
        Some(Command::Share(args)) => share::run(&args, context).await,
        Some(Command::Read(args)) => read::run(&args, context).await,
        Some(Command::Respond(args)) => respond::run(&args, context).await,
        Some(Command::Gesture(args)) => gesture::run(&args, context).await,
        Some(Command::Edit(args)) => edit::run(&args, context).await,
        Some(Command::TakeBack(args)) => take_back::run(&args, context).await,
        Some(Command::Drafts(args)) => drafts::run(&args, context).await,
        Some(Command::Crisis(args)) => crisis::run(&args, context).await,
        Some(Command::Words(args)) => words::run(&args, context).await,
        Some(Command::Device(args)) => device::run(&args, context).await,
        Some(Command::Backup(args)) => backup::run(&args, context).await,
        Some(Command::Restore(args)) => restore::run(&args, context).await,
        Some(Command::Repair(args)) => repair::run(&args, context).await,
        Some(Command::Export(args)) => export::run(&args, context).await,
        Some(Command::Import(args)) => import::run(&args, context).await,
        Some(Command::Demo(args)) => demo::run(&args, context).await,
        Some(Command::Node(args)) => node::run(&args, context).await,
        Some(Command::Completions(args)) => Ok(completions::run(&args)),
        Some(Command::Help(args)) => help::run(&args),
    }
}
