//! What every command is given: the home, the way to its circles, how to print and whom to ask.

use crate::args::Global;
use crate::error::{Failure, Result};
use crate::output::Printer;
use crate::text;
use circlet_node::client::{Client, with_query};
use circlet_node::home::{Home, create_private_dir};
use circlet_node::keystore::{Keystore, Passphrase};
use circlet_node::problem::Problem;
use serde::Serialize;
use serde_json::Value;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use tokio::sync::OnceCell;

/// What a command is given.
pub(crate) struct Context {
    /// What stood beside the command.
    pub(crate) global: Global,
    /// How to print.
    pub(crate) printer: Printer,
    /// The node's folder.
    pub(crate) home: Home,
    client: OnceCell<Client>,
}

impl Context {
    /// Returns the context of one command.
    pub(crate) fn new(global: Global, printer: Printer) -> Result<Self> {
        let home = Home::find(|name| std::env::var_os(name)).map_err(Problem::from)?;
        Ok(Self {
            global,
            printer,
            home,
            client: OnceCell::new(),
        })
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.client().await?.get(path).await?)
    }

    /// Asks for something of the circle that was named.
    pub(crate) async fn get_of_circle(&self, path: &str, more: &[(&str, &str)]) -> Result<Value> {
        self.get(&self.of_circle(path, more)).await
    }

    /// Asks to do something in the circle that was named.
    pub(crate) async fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<Value> {
        Ok(self
            .client()
            .await?
            .post(&self.of_circle(path, &[]), body)
            .await?)
    }

    /// Asks to do something in the circle with this id.
    pub(crate) async fn post_in<T: Serialize>(
        &self,
        circle: &str,
        path: &str,
        body: &T,
    ) -> Result<Value> {
        let path = with_query(path, &[("circle", circle)]);
        Ok(self.client().await?.post(&path, body).await?)
    }

    /// Says whether a node runs, so that what is shared goes out at once.
    pub(crate) fn running(&self) -> bool {
        self.client.get().is_some_and(Client::through_node)
    }

    /// Says whether this home was ever set up.
    pub(crate) fn is_set_up(&self) -> bool {
        self.home.keys().exists()
    }

    /// Closes what the command opened.
    pub(crate) async fn close(self) {
        if let Some(client) = self.client.into_inner() {
            client.close().await;
        }
    }

    /// Returns the folder for what lives only as long as a command, readable by its owner alone.
    pub(crate) fn run_folder(&self) -> Result<PathBuf> {
        if !self.is_set_up() {
            return Err(Problem::not_set_up().into());
        }
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

    /// Returns the passphrase from the file that was named, or as it is typed now.
    pub(crate) fn passphrase(&self) -> Result<String> {
        if let Some(path) = &self.global.passphrase_file {
            return Ok(text::file(path)?.trim_end_matches(['\n', '\r']).to_owned());
        }
        if !self.can_ask() {
            return Err(Failure::needs_passphrase());
        }
        text::typed("Passphrase: ")
    }

    /// Returns the passphrase if this home needs one.
    pub(crate) fn passphrase_if_needed(&self) -> Result<Option<String>> {
        let needed = Keystore::needs_passphrase(&self.home).map_err(Problem::from)?;
        if needed {
            self.passphrase().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns the passphrase as a node asks for it.
    pub(crate) fn passphrase_for_node(&self) -> std::result::Result<Option<Passphrase>, Problem> {
        Ok(Some(self.passphrase()?.into()))
    }

    async fn client(&self) -> Result<&Client> {
        let connect = || async { Client::connect(&self.home, || self.passphrase_for_node()).await };
        Ok(self.client.get_or_try_init(connect).await?)
    }

    fn of_circle(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = more.to_vec();
        if let Some(circle) = &self.global.circle {
            pairs.push(("circle", circle));
        }
        with_query(path, &pairs)
    }
}
