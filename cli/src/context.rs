//! What every command is given: the home, the way to its circles, how to print and whom to ask.

use crate::args::Global;
use crate::error::{Failure, Result};
use crate::output::Printer;
use crate::{draft, hidden, paper, text, words};
use circlet_node::client::{Client, with_query};
use circlet_node::home::{Home, create_private_dir};
use circlet_node::identity;
use circlet_node::keystore::{Key, Keystore, Passphrase};
use circlet_node::problem::Problem;
use circlet_node::recovery::seed_of;
use serde::Serialize;
use serde_json::Value;
use std::cell::{Cell, OnceCell};
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a command is given.
pub(crate) struct Context {
    /// What stood beside the command.
    pub(crate) global: Global,
    /// How to print.
    pub(crate) printer: Printer,
    /// The node's folder.
    pub(crate) home: Home,
    running: Cell<bool>,
    passphrase: OnceCell<Zeroizing<String>>,
}

impl Context {
    /// Returns the context of one command.
    pub(crate) fn new(global: Global, printer: Printer) -> Result<Self> {
        let home = Home::find(|name| std::env::var_os(name)).map_err(Problem::from)?;
        Ok(Self {
            global,
            printer,
            home,
            running: Cell::new(false),
            passphrase: OnceCell::new(),
        })
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.asking(async |client| client.get(path).await).await
    }

    /// Asks for something of the circle that was named.
    pub(crate) async fn get_of_circle(&self, path: &str, more: &[(&str, &str)]) -> Result<Value> {
        self.get(&self.of_circle(path, more)).await
    }

    /// Asks to do something in the circle that was named.
    pub(crate) async fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<Value> {
        let path = self.of_circle(path, &[]);
        self.asking(async |client| client.post(&path, body).await)
            .await
    }

    /// Asks to do something in the circle with this id.
    pub(crate) async fn post_in<T: Serialize>(
        &self,
        circle: &str,
        path: &str,
        body: &T,
    ) -> Result<Value> {
        let path = with_query(path, &[("circle", circle)]);
        self.asking(async |client| client.post(&path, body).await)
            .await
    }

    /// Says what becomes of what was just shared; `shared` and `saved` say that it was.
    pub(crate) async fn told(&self, shared: &str, saved: &str) -> String {
        if !self.running.get() {
            return self.goes_out(saved);
        }
        let circle = if self.printer.json {
            None
        } else {
            self.get_of_circle("/v1/circle", &[]).await.ok()
        };
        let way = circle.map_or_else(String::new, |circle| {
            let [now, later] = ["connected", "away"].map(|name| words::list(&circle, name));
            way(&now, &later)
        });
        format!("{shared} {way}")
    }

    /// Says something, and when it goes out if that is not now.
    pub(crate) fn goes_out(&self, said: &str) -> String {
        if self.running.get() {
            said.to_owned()
        } else {
            format!("{said} Circlet isn't running, so it goes out when you run `circlet start`.")
        }
    }

    /// Says where what was just taken back is gone.
    pub(crate) fn taken_back(&self) -> &'static str {
        if self.running.get() {
            "Taken back. It is gone from this computer, and goes from each other one as it connects."
        } else {
            "Taken back. It is gone from this computer. Circlet isn't running, so the others learn it \
             when you run `circlet start`."
        }
    }

    /// Says which drafts are still here.
    pub(crate) fn name_drafts(&self) {
        let left = draft::left_behind(&self.home.root().join("run"));
        for draft in &left {
            self.printer.say(&format!(
                "A draft from {} is still here: {}",
                words::day_of(draft.written),
                draft.path.display()
            ));
        }
        if !left.is_empty() {
            self.printer.say(
                "`circlet share - < FILE` shares one. Nothing else deletes it: do so once you don't need \
                 it.",
            );
        }
    }

    /// Says whether this home was ever set up.
    pub(crate) fn is_set_up(&self) -> bool {
        self.home.keys().exists()
    }

    /// Returns the folder for what lives only as long as a command, readable by its owner alone.
    pub(crate) fn run_folder(&self) -> Result<PathBuf> {
        if !self.is_set_up() {
            return Err(identity::missing(&self.home).into());
        }
        self.make_run_folder()
    }

    /// Returns the same folder where the home may not be set up yet.
    pub(crate) fn make_run_folder(&self) -> Result<PathBuf> {
        self.home.create().map_err(Problem::from)?;
        let folder = self.home.root().join("run");
        create_private_dir(&folder)
            .map_err(|error| Failure::computer("Circlet could not make its folder", &error))?;
        Ok(folder)
    }

    /// Says whether a question can be put to somebody.
    pub(crate) fn can_ask(&self) -> bool {
        !self.global.no_input && !self.printer.json && std::io::stdin().is_terminal()
    }

    /// Asks for a line; `None` where nobody can be asked.
    pub(crate) fn ask(&self, question: &str) -> Result<Option<String>> {
        if !self.can_ask() {
            return Ok(None);
        }
        let could_not = |error| Failure::computer("Circlet could not ask", &error);
        let mut stderr = std::io::stderr();
        write!(stderr, "{question}")
            .and_then(|()| stderr.flush())
            .map_err(could_not)?;
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(could_not)?;
        Ok(Some(line))
    }

    /// Says whether a name was typed before something that cannot be undone: beside the command, or as
    /// it is asked for now. `None` where it was not given and nobody can be asked.
    pub(crate) fn confirm(
        &self,
        given: Option<&str>,
        name: &str,
        question: &str,
    ) -> Result<Option<bool>> {
        let typed = match given {
            Some(given) => Some(given.to_owned()),
            None => self.ask(question)?,
        };
        Ok(typed.map(|typed| typed.trim() == name))
    }

    /// Returns the passphrase from the file that was named, or as it is typed now; asks only once.
    pub(crate) fn passphrase(&self) -> Result<Zeroizing<String>> {
        if let Some(known) = self.passphrase.get() {
            return Ok(known.clone());
        }
        let words = self.read_passphrase()?;
        Ok(self.passphrase.get_or_init(|| words).clone())
    }

    /// Says whether this home needs a passphrase.
    pub(crate) fn needs_passphrase(&self) -> Result<bool> {
        Ok(Keystore::needs_passphrase(&self.home).map_err(Problem::from)?)
    }

    /// Says whether the command was given a passphrase, so that nobody is asked.
    pub(crate) fn gives_passphrase(&self) -> bool {
        self.global.passphrase_file.is_some()
    }

    /// Returns the passphrase if this home needs one.
    pub(crate) fn passphrase_if_needed(&self) -> Result<Option<Zeroizing<String>>> {
        if self.needs_passphrase()? {
            self.passphrase().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns the passphrase as a node asks for it.
    pub(crate) fn passphrase_for_node(&self) -> std::result::Result<Option<Key>, Problem> {
        let passphrase = Passphrase::from(self.passphrase()?.as_str());
        Ok(Some(passphrase.into()))
    }

    /// Returns what opens a home: the words in a file, where one is named, or else the passphrase.
    /// Nothing of it is kept here: a node asks this way, and may be locked later.
    pub(crate) fn key(
        &self,
        words_file: Option<&Path>,
    ) -> std::result::Result<Option<Key>, Problem> {
        let Some(file) = words_file else {
            let passphrase = Passphrase::from(self.read_passphrase()?.as_str());
            return Ok(Some(passphrase.into()));
        };
        let (written, _) = paper::apart(&text::file(file)?);
        Ok(Some(Key::Seed(Box::new(seed_of(&written)?))))
    }

    fn read_passphrase(&self) -> Result<Zeroizing<String>> {
        if let Some(path) = &self.global.passphrase_file {
            text::passphrase(path)
        } else if self.can_ask() {
            hidden::typed("Passphrase: ")
        } else {
            Err(Failure::needs_passphrase())
        }
    }

    /// Asks one thing, and lets go of the home again: nobody waits for somebody who reads or types.
    async fn asking(
        &self,
        ask: impl AsyncFnOnce(&Client) -> std::result::Result<Value, Problem>,
    ) -> Result<Value> {
        let client = Client::connect(&self.home, || self.passphrase_for_node()).await?;
        self.running.set(client.through_node());
        let answer = ask(&client).await;
        client.close().await;
        Ok(answer?)
    }

    fn of_circle(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = more.to_vec();
        if let Some(circle) = &self.global.circle {
            pairs.push(("circle", circle));
        }
        with_query(path, &pairs)
    }
}

/// Says how what was shared goes on its way: to whom now, and to whom later.
fn way(now: &[String], later: &[String]) -> String {
    const LATER: &str = "when you next meet";
    match (now, later) {
        ([], []) => "Nobody else is in this circle yet.".to_owned(),
        ([], _) => {
            format!("Nobody else is connected now; it goes to the others {LATER}.")
        }
        (now, []) => format!("It goes to {} now.", words::names(now)),
        (now, [one]) => {
            format!(
                "It goes to {} now, and to {one} {LATER}.",
                words::names(now)
            )
        }
        (now, _) => format!(
            "It goes to {} now, and to the others {LATER}.",
            words::names(now)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::way;

    #[test]
    fn it_is_said_who_gets_it_now_and_who_later() {
        let names = ["Bo", "Cai", "Dan"].map(str::to_owned);
        let (bo, rest) = names.split_at(1);
        assert_eq!(way(&[], &[]), "Nobody else is in this circle yet.");
        assert!(way(&[], bo).starts_with("Nobody else is connected now"));
        assert_eq!(way(rest, &[]), "It goes to Cai and Dan now.");
        let some = way(rest, bo);
        assert_eq!(
            some,
            "It goes to Cai and Dan now, and to Bo when you next meet."
        );
        assert!(way(bo, rest).contains("and to the others"));
    }
}
