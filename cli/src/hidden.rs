//! A line that is typed at the terminal and does not show: a passphrase.
//!
//! The terminal edits the line as always, only that it shows nothing of it. Ctrl-C ends the line instead of
//! the program, so that the terminal is put back as it was before anything else happens.

use crate::error::{Failure, Result};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::fs::File;
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// The terminal of whoever runs the command, wherever stdin comes from.
const TERMINAL: &str = "/dev/tty";

/// More than a terminal hands over as one line.
const LONGEST: usize = 8 * 1024;

/// What ends a line and is a part of it: the end of the line, and Ctrl-C.
const END: u8 = b'\n';
const CTRL_C: u8 = 3;

/// Asks for a line that does not show.
pub(crate) fn typed(prompt: &str) -> Result<Zeroizing<String>> {
    let could_not = |error| Failure::computer("Circlet could not ask for it", &error);
    let terminal = File::options().read(true).write(true).open(TERMINAL);
    let terminal = terminal.map_err(could_not)?;
    let hidden = Hidden::begin(&terminal).map_err(could_not)?;
    let asked = (&terminal).write_all(prompt.as_bytes());
    let line = asked.and_then(|()| line(&terminal));
    drop(hidden);
    // What was typed did not move on to the next line.
    let moved = (&terminal).write_all(b"\n");
    let line = line.and_then(|line| moved.map(|()| line));
    let Some(line) = line.map_err(could_not)? else {
        return Err(Failure::interrupted());
    };
    let text = std::str::from_utf8(&line).map_err(|_| {
        Failure::new(
            "not-text",
            "What was typed is not plain text (UTF-8). Nothing was changed.",
            "Try again.",
        )
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads up to the end of the line; `None` where it was broken off.
fn line(mut terminal: &File) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // As large as it ever gets, so that it leaves no copies behind when it grows.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut some = Zeroizing::new([0; 512]);
    loop {
        let read = terminal.read(some.as_mut_slice())?;
        line.extend_from_slice(some.get(..read).unwrap_or_default());
        match line.last() {
            Some(&END) => {
                line.pop();
                return Ok(Some(line));
            }
            _ if read == 0 || line.last() == Some(&CTRL_C) => return Ok(None),
            _ if line.len() + some.len() > LONGEST => return Err(io::ErrorKind::InvalidData.into()),
            _ => {}
        }
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes |= LocalModes::ICANON;
        modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(terminal, OptionalActions::Now, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // Where it does not go back, the terminal is gone.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
