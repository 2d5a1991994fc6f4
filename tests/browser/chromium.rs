//! A browser: Chromium, headless, with a profile of its own, that reaches nobody but this computer.

use super::driver::Driver;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a page may take to show something, on a slow and busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// What keeps it small, quiet and apart, and its pages as wide as its window.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Keys, as `WebDriver` says them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const SHIFT: &str = "\u{e008}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const DOWN: &str = "\u{e015}";

/// What Fluent puts around a name, so that it runs in its own direction.
const ISOLATES: &str = "\u{2068}\u{2069}";

/// A browser with one window. Its driver goes first, because a browser writes into its profile to the end.
pub(crate) struct Chromium {
    driver: Driver,
    _profile: TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further flags.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags: Vec<&str> = FLAGS
            .iter()
            .chain(flags)
            .copied()
            .chain([folder.as_str()])
            .collect();
        let driver = Driver::start(&json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        }));
        Self {
            driver,
            _profile: profile,
        }
    }

    /// Loads an address.
    #[track_caller]
    pub(crate) fn goto(&self, url: &str) {
        self.driver.post("url", &json!({ "url": url })).unwrap();
    }

    /// Goes back in the history.
    #[track_caller]
    pub(crate) fn back(&self) {
        self.driver.post("back", &json!({})).unwrap();
    }

    /// Loads the page again.
    #[track_caller]
    pub(crate) fn again(&self) {
        self.driver.post("refresh", &json!({})).unwrap();
    }

    /// Returns the address that is shown.
    pub(crate) fn url(&self) -> String {
        self.driver.get("url").unwrap().as_str().unwrap().to_owned()
    }

    /// Returns what the page shows; nothing while it is between two.
    pub(crate) fn text(&self) -> String {
        let body = self.find("css selector", "body");
        let text = body.and_then(|body| self.driver.get(&format!("element/{body}/text")));
        let text = text.map(|text| text.as_str().unwrap_or_default().to_owned());
        text.unwrap_or_default()
            .replace(|letter| ISOLATES.contains(letter), "")
    }

    /// Returns the text of the element with this id.
    #[track_caller]
    pub(crate) fn text_of(&self, id: &str) -> String {
        let element = self.awaited("css selector", &format!("#{id}"));
        let text = self.driver.get(&format!("element/{element}/text"));
        text.unwrap().as_str().unwrap().to_owned()
    }

    /// Waits until the page says something.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        self.wait(words, || {});
    }

    /// Loads the page again and again until it says something.
    #[track_caller]
    pub(crate) fn comes_to_say(&self, words: &str) {
        self.wait(words, || self.again());
    }

    #[track_caller]
    fn wait(&self, words: &str, meanwhile: impl Fn()) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if text.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "{words:?} is not in {text:?}");
            sleep(LOOK);
            meanwhile();
        }
    }

    /// Types into the field of this id.
    #[track_caller]
    pub(crate) fn types(&self, id: &str, words: &str) {
        let field = self.awaited("css selector", &format!("#{id}"));
        let keys = json!({ "text": words });
        let path = format!("element/{field}/value");
        self.driver.post(&path, &keys).unwrap();
    }

    /// Presses and lets go of one key, wherever the focus is.
    #[track_caller]
    pub(crate) fn presses(&self, key: &str) {
        self.acts(&[("keyDown", key), ("keyUp", key)]);
    }

    /// Presses a key while another one is held.
    #[track_caller]
    pub(crate) fn presses_with(&self, held: &str, key: &str) {
        self.acts(&[
            ("keyDown", held),
            ("keyDown", key),
            ("keyUp", key),
            ("keyUp", held),
        ]);
    }

    #[track_caller]
    fn acts(&self, keys: &[(&str, &str)]) {
        let keys = keys.iter();
        let keys: Vec<Value> = keys
            .map(|(kind, key)| json!({ "type": kind, "value": key }))
            .collect();
        let keys = json!({ "type": "key", "id": "keys", "actions": keys });
        let actions = json!({ "actions": [keys] });
        self.driver.post("actions", &actions).unwrap();
    }

    /// Clicks what this selector finds.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        self.click_on("css selector", css);
    }

    /// Follows the link with these words.
    #[track_caller]
    pub(crate) fn follows(&self, words: &str) {
        // Around a name stand marks that keep its direction apart.
        let path = format!("//a[contains(translate(., '{ISOLATES}', ''), \"{words}\")]");
        self.click_on("xpath", &path);
    }

    /// Sends the form that was last written in, or the first of the main part.
    #[track_caller]
    pub(crate) fn sends(&self) {
        let written = "main form:focus-within button[type=submit]";
        match self.find("css selector", written) {
            Ok(_) => self.click(written),
            Err(_) => self.click("main button[type=submit]"),
        }
    }

    /// Clicks; where that is a link or a button, waits until the page it was on has gone.
    #[track_caller]
    fn click_on(&self, using: &str, value: &str) {
        let element = self.awaited(using, value);
        let kind = self.driver.get(&format!("element/{element}/name")).unwrap();
        let page = self.find("css selector", "html").unwrap();
        let path = format!("element/{element}/click");
        self.driver.post(&path, &json!({})).unwrap();
        if kind != "a" && kind != "button" {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        while self.driver.get(&format!("element/{page}/name")).is_ok() {
            assert!(Instant::now() < deadline, "{value} leads nowhere");
            sleep(LOOK);
        }
    }

    /// Returns what is found, as soon as the page has it.
    #[track_caller]
    fn awaited(&self, using: &str, value: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.find(using, value) {
                Ok(element) => return element,
                Err(error) => assert!(Instant::now() < deadline, "{value}: {error}"),
            }
            sleep(LOOK);
        }
    }

    fn find(&self, using: &str, value: &str) -> Result<String, String> {
        let by = json!({ "using": using, "value": value });
        let element = self.driver.post("element", &by)?;
        let mut ids = element.as_object().unwrap().values();
        Ok(ids.next().unwrap().as_str().unwrap().to_owned())
    }

    /// Looks into the frame of this number, or out of it again.
    #[track_caller]
    pub(crate) fn looks_into(&self, frame: Option<u16>) {
        self.driver.post("frame", &json!({ "id": frame })).unwrap();
    }

    /// Returns the page's HTML.
    pub(crate) fn source(&self) -> String {
        self.driver
            .get("source")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Runs a script in the page; returns what it returns.
    #[track_caller]
    pub(crate) fn asks(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.driver.post("execute/sync", &body).unwrap()
    }

    /// Runs a script that calls `done` with what it comes to.
    #[track_caller]
    pub(crate) fn awaits(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        let body = json!({ "script": script, "args": [] });
        self.driver.post("execute/async", &body).unwrap()
    }

    /// Sends a command of the `DevTools` protocol; returns its answer.
    #[track_caller]
    pub(crate) fn tells(&self, command: &str, with: &Value) -> Value {
        let body = json!({ "cmd": command, "params": with });
        self.driver.post("goog/cdp/execute", &body).unwrap()
    }

    /// Returns what is in the window, as the driver sends it: a picture in base64.
    #[track_caller]
    pub(crate) fn picture(&self) -> Value {
        self.driver.get("screenshot").unwrap()
    }

    /// Fails if the page broke its own policy, or a script of it stopped, since the last time.
    #[track_caller]
    pub(crate) fn is_quiet(&self) {
        let log = self.driver.post("se/log", &json!({ "type": "browser" }));
        let log = log.unwrap();
        let entries = log.as_array().unwrap().iter();
        // That a page is closed, or a form is asked again, is an answer; the rest is a browser's advice.
        let grave = |entry: &&Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        let faults: Vec<_> = entries
            .filter(|entry| entry["source"] != "network" && grave(entry))
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}
