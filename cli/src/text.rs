//! Where words come from: stdin, an editor or a file; never the command line, which others can see.

use crate::context::Context;
use crate::draft::Draft;
use crate::error::{Failure, Result};
use crate::hidden;
use serde_json::Value;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// The most that is read of any text; what the model takes is less and says so itself.
const MAX_BYTES: usize = 1024 * 1024;

/// What somebody wrote, and the draft in which it lies until it is sent.
#[derive(Debug)]
pub(crate) struct Written {
    /// The words.
    pub(crate) text: String,
    draft: Option<Draft>,
}

impl Written {
    /// Says whether somebody saved the words, perhaps as they were there already.
    pub(crate) fn is_saved(&self) -> bool {
        self.draft.as_ref().is_none_or(Draft::is_saved)
    }

    /// Lets go of the words: they are the same as those that were there already, which should not lie on
    /// the disk in clear as well.
    pub(crate) fn unchanged(self) -> Failure {
        self.dropped("The words are the same as before, so nothing was changed.")
    }

    /// Lets go of the words, and says why.
    pub(crate) fn dropped(self, why: &str) -> Failure {
        if let Some(draft) = self.draft {
            draft.remove();
        }
        Failure {
            next: "If your editor opened a window of its own that is still there, set EDITOR so that it is \
                   waited for, as in `EDITOR='code --wait'`."
                .to_owned(),
            ..Failure::cancelled(why)
        }
    }

    /// Waits until the words are sent. Until then the draft stays, and the failure says where it is.
    pub(crate) async fn send(self, sending: impl Future<Output = Result<Value>>) -> Result<Value> {
        let Some(draft) = self.draft else {
            return sending.await;
        };
        // Since the editor, Ctrl-C only ends what looks at it.
        let result = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
            result = sending => result,
        };
        match result {
            Ok(json) => {
                draft.remove();
                Ok(json)
            }
            Err(failure) => Err(draft.keep(failure)),
        }
    }
}

/// Says whether an editor opens, rather than that stdin is read: it is not piped, and no `-` was given.
pub(crate) fn opens_editor(stdin: bool, context: &Context) -> Result<bool> {
    // Nobody should write into a home that cannot keep it.
    context.run_folder()?;
    if stdin || !std::io::stdin().is_terminal() {
        Ok(false)
    } else if context.can_ask() {
        editor().map(|_| true)
    } else {
        Err(Failure::usage(
            "There is no text to send.",
            "Give it on stdin, as in `circlet share - < story.txt`.",
        ))
    }
}

/// Returns the text of a story or response, from an editor or from stdin. The editor opens with the words
/// that are there already.
pub(crate) fn write(in_editor: bool, context: &Context, already: &str) -> Result<Written> {
    if in_editor {
        return edit(context, already);
    }
    let text = bounded(stdin()?)?.trim_end().to_owned();
    if text.is_empty() {
        return Err(nothing());
    }
    Ok(Written { text, draft: None })
}

/// Returns the text of a file, or of stdin for `-`.
pub(crate) fn file(path: &Path) -> Result<Zeroizing<String>> {
    if path == Path::new("-") {
        return bounded(stdin()?);
    }
    let file = File::open(path).map_err(|error| {
        Failure::computer(
            &format!("Circlet could not read {}", path.display()),
            &error,
        )
    })?;
    bounded(file)
}

/// Returns the passphrase in a file, or on stdin for `-`: all of it but the ends of lines behind it.
pub(crate) fn passphrase(path: &Path) -> Result<Zeroizing<String>> {
    let mut words = file(path)?;
    let length = words.trim_end_matches(['\n', '\r']).len();
    words.truncate(length);
    Ok(words)
}

/// Returns one secret line: from stdin when it is piped, else typed unseen.
pub(crate) fn secret_line(prompt: &str, context: &Context) -> Result<Zeroizing<String>> {
    if context.can_ask() {
        return hidden::typed(prompt);
    }
    if std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "There is nobody to ask here.",
            "Give it on stdin, as in `circlet join - < key.txt`, or leave out `--no-input`.",
        ));
    }
    Ok(Zeroizing::new(bounded(stdin()?)?.trim().to_owned()))
}

/// Returns stdin as a file, without a buffer that would keep a copy of what is secret.
fn stdin() -> Result<File> {
    let descriptor = std::io::stdin().as_fd().try_clone_to_owned();
    let could_not = |error| Failure::computer("Circlet could not read the text", &error);
    descriptor.map(File::from).map_err(could_not)
}

fn bounded(source: impl Read) -> Result<Zeroizing<String>> {
    // As large as it ever gets, so that it leaves no copies behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::computer("Circlet could not read the text", &error))?;
    if bytes.len() > MAX_BYTES {
        return Err(Failure::new(
            "too-long",
            "That text is longer than Circlet can carry.",
            "Nothing was sent. Share it in parts.",
        ));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new(
            "not-text",
            "That is not plain text (UTF-8).",
            "Nothing was sent. Save it as plain text and try again.",
        )
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Has the words written in an editor.
fn edit(context: &Context, already: &str) -> Result<Written> {
    let could_not = |error: &std::io::Error| Failure::computer("The editor did not open", error);
    let editor = editor()?;
    context.name_drafts();
    let mut draft = Draft::new(&context.run_folder()?).map_err(|error| could_not(&error))?;
    if let Err(error) = draft.fill(already) {
        draft.remove();
        return Err(could_not(&error));
    }
    // Ctrl-C belongs to the editor meanwhile.
    let _held = signal(SignalKind::interrupt()).map_err(|error| could_not(&error))?;
    let mut words = editor.split_whitespace();
    let ended = Command::new(words.next().unwrap_or_default())
        .args(words)
        .arg(draft.path())
        .status();
    match ended {
        Ok(status) if status.success() => {}
        Ok(_) => {
            let left = Failure::cancelled("The editor was left, so nothing was sent.");
            if !already.is_empty() && draft.holds_only(already) {
                draft.remove();
                return Err(left);
            }
            return Err(draft.keep(left));
        }
        Err(error) => return Err(draft.keep(could_not(&error))),
    }
    let text = match file(&draft.path()) {
        Ok(text) => text.trim_end().to_owned(),
        Err(failure) => return Err(draft.keep(failure)),
    };
    if text.is_empty() {
        return Err(draft.keep_open(nothing()));
    }
    Ok(Written {
        text,
        draft: Some(draft),
    })
}

/// Returns the editor of this computer's owner.
fn editor() -> Result<String> {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    set("VISUAL").or_else(|| set("EDITOR")).ok_or_else(|| {
        Failure::usage(
            "Circlet does not know which editor to open.",
            "Set EDITOR, or give the text on stdin, as in `circlet share - < story.txt`.",
        )
    })
}

fn nothing() -> Failure {
    Failure::cancelled("There was no text, so nothing was sent.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};

    #[tokio::test]
    async fn ctrl_c_keeps_the_words_that_are_on_their_way() {
        let run = tempfile::tempdir().unwrap();
        let draft = Draft::new(run.path()).unwrap();
        let path = draft.path();
        std::fs::write(&path, "Slowly.").unwrap();
        let (text, draft) = ("Slowly.".to_owned(), Some(draft));
        let sending = async {
            kill_process(getpid(), Signal::INT).unwrap();
            std::future::pending().await
        };
        let stopped = Written { text, draft }.send(sending).await.unwrap_err();
        assert_eq!((stopped.exit, stopped.code.as_str()), (130, "interrupted"));
        assert!(stopped.next.contains(path.to_str().unwrap()));
        assert_eq!(std::fs::read(&path).unwrap(), b"Slowly.");
    }

    #[tokio::test]
    async fn a_draft_goes_once_it_is_sent() {
        let run = tempfile::tempdir().unwrap();
        let draft = Draft::new(run.path()).unwrap();
        std::fs::write(draft.path(), "Done.").unwrap();
        let (text, draft) = ("Done.".to_owned(), Some(draft));
        let sent = Written { text, draft }
            .send(async { Ok(Value::Null) })
            .await;
        assert_eq!(sent, Ok(Value::Null));
        assert_eq!(std::fs::read_dir(run.path()).unwrap().count(), 0);
    }

    #[test]
    fn too_much_and_no_text_are_told_apart() {
        let much = vec![b'a'; MAX_BYTES + 1];
        assert_eq!(bounded(much.as_slice()).unwrap_err().code, "too-long");
        assert_eq!(bounded([0xff].as_slice()).unwrap_err().code, "not-text");
        assert_eq!(bounded("Grüße".as_bytes()).unwrap().as_str(), "Grüße");
    }
}
