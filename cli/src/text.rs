//! Where words come from: stdin, an editor or a file; never the command line, which others can see.

use crate::context::Context;
use crate::error::{Failure, Result};
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// The most that is read of any text; what the model takes is less and says so itself.
const MAX_BYTES: u64 = 1024 * 1024;

/// Returns the text of a story or response: from stdin when it is piped or `-` was given, else from
/// an editor.
pub(crate) fn write(stdin: bool, context: &Context) -> Result<String> {
    // Nobody should write into a home that cannot keep it.
    let folder = context.run_folder()?;
    let text = if stdin || !std::io::stdin().is_terminal() {
        bounded(std::io::stdin().lock())?
    } else if context.can_ask() {
        edit(&folder)?
    } else {
        return Err(Failure::usage(
            "There is no text to send.",
            "Give it on stdin, as in `circlet share - < story.txt`.",
        ));
    };
    let text = text.trim_end().to_owned();
    if text.is_empty() {
        return Err(Failure::cancelled(
            "There was no text, so nothing was sent.",
        ));
    }
    Ok(text)
}

/// Returns the text of a file, or of stdin for `-`.
pub(crate) fn file(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return bounded(std::io::stdin().lock());
    }
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::computer(
            &format!("Circlet could not read {}", path.display()),
            &error,
        )
    })?;
    bounded(file)
}

/// Returns one secret line: from stdin when it is piped, else typed unseen.
pub(crate) fn secret_line(prompt: &str, context: &Context) -> Result<String> {
    if context.can_ask() {
        return typed(prompt);
    }
    if std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "There is nobody to ask here.",
            "Give it on stdin, as in `circlet join - < key.txt`, or leave out `--no-input`.",
        ));
    }
    Ok(bounded(std::io::stdin().lock())?.trim().to_owned())
}

/// Returns what is typed, without showing it.
pub(crate) fn typed(prompt: &str) -> Result<String> {
    rpassword::prompt_password(prompt)
        .map_err(|error| Failure::computer("Circlet could not ask for it", &error))
}

fn bounded(source: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::computer("Circlet could not read the text", &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new(
            "too-long",
            "That text is longer than Circlet can carry.",
            "Nothing was sent. Share it in parts.",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            "not-text",
            "That is not plain text (UTF-8).",
            "Nothing was sent. Save it as plain text and try again.",
        )
    })
}

fn edit(folder: &Path) -> Result<String> {
    let could_not = |error: &std::io::Error| Failure::computer("The editor did not open", error);
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let editor = set("VISUAL").or_else(|| set("EDITOR")).ok_or_else(|| {
        Failure::usage(
            "Circlet does not know which editor to open.",
            "Set EDITOR, or give the text on stdin, as in `circlet share - < story.txt`.",
        )
    })?;
    let draft = tempfile::Builder::new()
        .prefix("draft-")
        .suffix(".txt")
        .tempfile_in(folder)
        .map_err(|error| could_not(&error))?
        .into_temp_path();
    // Ctrl-C belongs to the editor meanwhile, so that the draft does not stay behind.
    let _held = signal(SignalKind::interrupt()).map_err(|error| could_not(&error))?;
    let mut words = editor.split_whitespace();
    let status = Command::new(words.next().unwrap_or_default())
        .args(words)
        .arg(&draft)
        .status()
        .map_err(|error| could_not(&error))?;
    if !status.success() {
        return Err(Failure::cancelled(
            "The editor was left, so nothing was sent.",
        ));
    }
    let text = file(&draft)?;
    draft.close().map_err(|error| could_not(&error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_and_no_text_are_told_apart() {
        let much = vec![b'a'; usize::try_from(MAX_BYTES).unwrap() + 1];
        assert_eq!(bounded(much.as_slice()).unwrap_err().code, "too-long");
        assert_eq!(bounded([0xff].as_slice()).unwrap_err().code, "not-text");
        assert_eq!(bounded("Grüße".as_bytes()).unwrap(), "Grüße");
    }
}
