//! What is said of a command line that was not understood, in our own words.

use crate::error::Failure;
use crate::output::Printer;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::process::ExitCode;

/// Prints the help or version that was asked for, or says what was not understood.
pub(crate) fn answer(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // Whoever closed the pipe has read enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let json = std::env::args_os()
        .take_while(|arg| arg != "--")
        .any(|arg| arg == "--json");
    let failure = describe(error);
    Printer::new(json, true).failed(&failure);
    ExitCode::from(failure.exit)
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "clap may add kinds of mistakes, and the rest are told in general words"
)]
fn describe(error: &clap::Error) -> Failure {
    let found = |kind| error.get(kind).map(say).unwrap_or_default();
    let arg = found(ContextKind::InvalidArg);
    let value = found(ContextKind::InvalidValue);
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!(
                "There is no command \"{}\".",
                found(ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::UnknownArgument => format!("\"{arg}\" is not known here."),
        ErrorKind::MissingRequiredArgument => format!("Something is missing: {arg}."),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} needs a value."),
        ErrorKind::InvalidValue => {
            let choice = found(ContextKind::ValidValue);
            format!("\"{value}\" does not fit {arg}; it can be {choice}.")
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(reason) => format!("\"{value}\" does not fit {arg}: {reason}."),
            None => format!("\"{value}\" does not fit {arg}."),
        },
        ErrorKind::ArgumentConflict => format!("{arg} does not go together with the rest."),
        _ => "Circlet did not understand that.".to_owned(),
    };
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg].map(found);
    let near = near.concat().replace(", ", "\" or \"");
    let usage = found(ContextKind::Usage);
    let next = match (near.is_empty(), usage.is_empty()) {
        (false, _) => format!("Did you mean \"{near}\"? `circlet help` shows everything."),
        (true, false) => usage,
        (true, true) => "`circlet help` shows everything.".to_owned(),
    };
    Failure::usage(message, next)
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "clap may add kinds of values, and all of them can be shown"
)]
fn say(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => texts
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    fn said(line: &str) -> Failure {
        describe(&Cli::try_parse_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn what_was_not_understood_is_named() {
        let unknown = said("circlet shaer");
        assert_eq!(
            (unknown.exit, unknown.message.as_str()),
            (2, "There is no command \"shaer\".")
        );
        assert!(unknown.next.contains("share"), "{}", unknown.next);
        assert_eq!(
            said("circlet status --hm").message,
            "\"--hm\" is not known here."
        );
        assert_eq!(
            said("circlet setup").message,
            "Something is missing: --name <NAME>."
        );
        assert_eq!(
            said("circlet invite --expires 7w").message,
            "\"7w\" does not fit --expires <LENGTH>: write it as 7d, 12h or 30m."
        );
        let ask = said("circlet share --ask hug").message;
        assert!(
            ask.ends_with("it can be listen, experience, ideas, ask-first."),
            "{ask}"
        );
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
