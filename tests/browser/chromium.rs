//! A browser: Chromium, headless, with a profile of its own, that reaches nobody but this computer.

use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use thirtyfour::common::log::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;

/// How long a page may take to show something, on a slow and busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// What keeps it small, quiet and apart.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The widths that every screen is looked at in, in CSS pixels.
pub(crate) const WIDTHS: [u32; 4] = [320, 390, 768, 1280];

/// A browser with one window. Its driver goes first, because a browser writes into its profile to the end.
pub(crate) struct Chromium {
    _driver: Driver,
    pub(crate) web: WebDriver,
    _profile: TempDir,
}

/// The driver's process; ends its browser with itself.
struct Driver {
    process: Child,
    port: u16,
    session: String,
}

impl Chromium {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with further flags.
    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let mut driver = Driver::start();
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        for flag in FLAGS.iter().chain(flags).chain([&folder.as_str()]) {
            wanted.add_arg(flag).unwrap();
        }
        wanted
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        let url = format!("http://127.0.0.1:{}", driver.port);
        let web = WebDriver::new(url, wanted).await.unwrap();
        driver.session = web.session_id().to_string();
        Self {
            _driver: driver,
            web,
            _profile: profile,
        }
    }

    /// Loads an address.
    pub(crate) async fn goto(&self, url: &str) {
        self.web.goto(url).await.unwrap();
    }

    /// Returns the address that is shown.
    pub(crate) async fn url(&self) -> String {
        self.web.current_url().await.unwrap().to_string()
    }

    /// Returns what the page says.
    pub(crate) async fn text(&self) -> String {
        let body = self.web.find(By::Css("body")).await.unwrap();
        body.text()
            .await
            .unwrap()
            .replace(['\u{2068}', '\u{2069}'], "")
    }

    /// Waits until the page says something.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> impl Future<Output = ()> {
        let deadline = Instant::now() + PATIENCE;
        async move {
            loop {
                let body = self.web.find(By::Css("body")).await;
                let text = match body {
                    Ok(body) => body.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                let text = text.replace(['\u{2068}', '\u{2069}'], "");
                if text.contains(words) {
                    return;
                }
                assert!(Instant::now() < deadline, "{words:?} is not in {text:?}");
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Loads the page again until it says something.
    pub(crate) async fn comes_to_say(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().await.contains(words) {
            assert!(Instant::now() < deadline, "{words:?} does not come");
            self.web.refresh().await.unwrap();
        }
    }

    /// Types into the field of this id.
    pub(crate) async fn types(&self, id: &str, words: &str) {
        let field = self.web.find(By::Id(id)).await.unwrap();
        field.send_keys(words).await.unwrap();
    }

    /// Chooses the radio button, box or link of this selector.
    pub(crate) async fn click(&self, css: &str) {
        let thing = self.web.find(By::Css(css)).await.expect(css);
        thing.scroll_into_view().await.unwrap();
        thing.click().await.unwrap();
    }

    /// Follows the link with these words.
    pub(crate) async fn follows(&self, words: &str) {
        let link = self.web.find(By::PartialLinkText(words)).await;
        link.expect(words).click().await.unwrap();
    }

    /// Sends the form of the main part.
    pub(crate) async fn sends(&self) {
        self.click("main button[type=submit]").await;
    }

    /// Asks something of the page.
    pub(crate) async fn asks(&self, script: &str) -> serde_json::Value {
        let answer = self.web.execute(script, Vec::new()).await.unwrap();
        answer.json().clone()
    }

    /// Sends a command of the DevTools protocol.
    pub(crate) async fn tells(&self, command: &str, with: serde_json::Value) -> serde_json::Value {
        self.web.cdp().send_raw(command, with).await.unwrap()
    }

    /// Fails if the page broke its own policy or a script stopped since the last time.
    pub(crate) async fn is_quiet(&self) {
        let log = self.web.browser_log().await.unwrap();
        let faults: Vec<_> = log
            .iter()
            .filter(|entry| entry.source.as_deref() != Some("network"))
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
    }

    /// Takes pictures of the page as it is, at every width and in both schemes, for people to look at; fails
    /// where something does not fit.
    pub(crate) async fn pictures(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        for scheme in ["light", "dark"] {
            let scheme_is = json!({"name": "prefers-color-scheme", "value": scheme});
            self.tells(
                "Emulation.setEmulatedMedia",
                json!({"features": [scheme_is]}),
            )
            .await;
            for width in WIDTHS {
                self.is_wide(width, 800).await;
                let size = self
                    .asks("const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]")
                    .await;
                assert!(
                    size[0].as_u64().unwrap() <= width.into(),
                    "{name} is wider than {width}: {size}"
                );
                let height = size[1].as_u64().unwrap().clamp(400, 6000);
                self.is_wide(width, u32::try_from(height).unwrap()).await;
                let path = folder.join(format!("{name}-{width}-{scheme}.png"));
                self.web.screenshot(&path).await.unwrap();
            }
        }
        self.tells("Emulation.setEmulatedMedia", json!({"features": []}))
            .await;
        self.tells("Emulation.clearDeviceMetricsOverride", json!({}))
            .await;
        self.is_quiet().await;
    }

    /// Makes the window so wide and high.
    pub(crate) async fn is_wide(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tells("Emulation.setDeviceMetricsOverride", size).await;
    }
}

impl Driver {
    fn start() -> Self {
        let process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.expect("chromedriver: Debian's package chromium-driver has it");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        Self {
            process,
            port: port.expect("the driver says its port"),
            session: String::new(),
        }
    }

    /// Ends the session, and with it the browser.
    fn end_session(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let Self { port, session, .. } = self;
        write!(
            stream,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        )?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // A browser that has gone already is what is wanted.
            let _ = self.end_session();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
