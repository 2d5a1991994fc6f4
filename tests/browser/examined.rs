//! What holds of every screen: it fits at every width, size of text and direction of writing; axe-core finds
//! nothing in either scheme; Tab goes where the eye goes; and there are pictures of it for people.
//!
//! A screen is covered by one line: `page.pictures("its-name")`, in `looks`, in each of its states.

use super::chromium::Chromium;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The widths that every screen is looked at in, in CSS pixels. 320 is also 1280 at 400 %.
const WIDTHS: [u64; 4] = [320, 390, 768, 1280];

/// The highest picture.
const HIGHEST: u64 = 6000;

/// axe-core as it is published: see its README.
const AXE: &str = include_str!("axe/axe.min.js");

/// Returns what axe finds, one line for each; also where it cannot tell whether a colour is legible.
const FINDS: &str = r#"
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const lines = (found) => found.flatMap((rule) => rule.nodes.map(
        (node) => rule.id + ": " + rule.help + ": " + node.html + " " + node.any.map((one) => one.message)));
    axe.run(document, { runOnly: rules }).then((found) => {
        const colours = found.incomplete.filter((rule) => rule.id === "color-contrast");
        done(lines(found.violations).concat(lines(colours)));
    }, (error) => done([String(error)]));
"#;

/// Returns how wide and how high the page would like to be.
const SIZE: &str =
    "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]";

/// Returns what Tab reaches out of the order in which it is read, or by an order of its own.
const ASTRAY: &str = r#"
    const reached = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && one.type !== "hidden" && one.className !== "skip");
    const ltr = document.documentElement.dir !== "rtl";
    const astray = [];
    for (const [index, one] of reached.entries()) {
        if (one.tabIndex > 0) astray.push(one.outerHTML);
        if (index === 0) continue;
        const [before, here] = [reached[index - 1], one].map((box) => box.getClientRects()[0]);
        const below = here.top >= before.bottom - 2 || here.top > before.top + before.height / 2;
        const beside = here.bottom > before.top && (ltr ? here.left >= before.left : here.right <= before.right);
        if (!below && !beside) astray.push(one.outerHTML);
    }
    return astray;
"#;

/// Turns the page to the other direction; returns what does not stand where a mirror would show it.
const MIRROR: &str = r#"
    const page = document.documentElement;
    const boxes = [...document.querySelectorAll("body *")].filter((one) =>
        one.checkVisibility() && getComputedStyle(one).display !== "inline" && !one.closest("svg *, .skip, bdi"));
    const edges = (side) => boxes.map((box) => {
        const rect = box.getBoundingClientRect();
        return side === "left" ? rect.left : page.clientWidth - rect.right;
    });
    const before = edges("left");
    page.dir = page.dir === "rtl" ? "ltr" : "rtl";
    const after = edges("right");
    return boxes.filter((_, index) => Math.abs(before[index] - after[index]) > 2).map((box) => box.outerHTML);
"#;

/// Writes everything longer and with marks above the letters, as other languages are; `[` and `]` show where
/// a text is cut off. Said again, it puts back what was there.
const LONGER: &str = r#"
    if (window.circletTexts) {
        for (const [node, text] of window.circletTexts) node.data = text;
        window.circletTexts = null;
        return;
    }
    const long = { a: "áá", e: "ëë", i: "îî", o: "øø", u: "ûû" };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    window.circletTexts = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.data.trim() || node.parentElement.closest("textarea, bdi, #key, #words")) continue;
        window.circletTexts.push([node, node.data]);
        node.data = "[" + node.data.trim().replace(/[aeiou]/g, (letter) => long[letter]) + "]";
    }
"#;

impl Chromium {
    /// Examines the page as it is, and takes pictures of it, for people to look at.
    #[track_caller]
    pub(crate) fn pictures(&self, name: &str) {
        self.asks(AXE);
        for scheme in ["light", "dark"] {
            // At rest: a colour that is on its way to another is neither.
            let features = json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] });
            self.tells("Emulation.setEmulatedMedia", &features);
            for width in WIDTHS {
                self.is_whole(name, width);
                self.takes(&format!("{name}-{width}-{scheme}"));
                nothing(name, "is astray", &self.asks(ASTRAY));
            }
            nothing(name, "is found by axe", &self.awaits(FINDS));
        }
        self.is_legible_large(name);
        self.turns(name);
        self.tells("Emulation.setEmulatedMedia", &json!({ "features": [] }));
        self.tells("Emulation.clearDeviceMetricsOverride", &json!({}));
        self.is_quiet();
    }

    /// Looks at it on a narrow screen with text of twice the size.
    #[track_caller]
    fn is_legible_large(&self, name: &str) {
        self.asks("document.documentElement.style.fontSize = '212.5%'");
        self.is_whole(name, 640);
        self.takes(&format!("{name}-640-large"));
        self.asks("document.documentElement.style.fontSize = ''");
    }

    /// Looks at it as it would be in a language that is written from right to left, and one with longer words.
    #[track_caller]
    fn turns(&self, name: &str) {
        for width in [320, 1280] {
            self.is_whole(name, width);
            nothing(name, "does not turn", &self.asks(MIRROR));
            self.asks(LONGER);
            self.is_whole(name, width);
            self.takes(&format!("{name}-{width}-rtl"));
            self.asks(LONGER);
            self.asks(MIRROR);
        }
    }

    /// Makes the window as high as the page at this width; fails where something does not fit in.
    #[track_caller]
    fn is_whole(&self, name: &str, width: u64) {
        self.is_wide(width, 600);
        let size = self.asks(SIZE);
        let [wide, high] = [0, 1].map(|side| size[side].as_u64().unwrap());
        assert!(wide <= width, "{name} needs {wide} of {width}");
        // One more, as a part of one is left out of the height: nothing is to scroll.
        self.is_wide(width, (high + 1).min(HIGHEST));
    }

    #[track_caller]
    fn is_wide(&self, width: u64, height: u64) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.tells("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Writes what is in the window into a file. The driver sends it in base64, which `base64` reads.
    #[track_caller]
    fn takes(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let path: &Path = &folder.join(format!("{name}.png"));
        let mut base64 = Command::new("base64")
            .arg("--decode")
            .stdin(Stdio::piped())
            .stdout(File::create(path).unwrap())
            .spawn()
            .unwrap();
        let mut stdin = base64.stdin.take().unwrap();
        let picture = self.picture();
        stdin
            .write_all(picture.as_str().unwrap().as_bytes())
            .unwrap();
        drop(stdin);
        assert!(base64.wait().unwrap().success());
    }
}

#[track_caller]
fn nothing(name: &str, what: &str, found: &Value) {
    let found = found.as_array().unwrap();
    assert!(found.is_empty(), "{name}: this {what}: {found:#?}");
}

#[test]
fn what_is_wrong_is_found() {
    let ana = super::ana();
    let page = Chromium::start();
    page.goto(&super::link(&ana));
    page.says("Nothing here yet");
    page.asks(AXE);
    assert_eq!(page.asks(ASTRAY), json!([]));
    assert_eq!(page.awaits(FINDS), json!([]));
    page.asks(
        "const main = document.querySelector('main'); \
         const button = main.appendChild(document.createElement('button')); \
         button.style.marginLeft = '3rem'; \
         button.tabIndex = 3; \
         const faint = main.appendChild(document.createElement('p')); \
         faint.textContent = 'Faint'; \
         faint.style.color = '#bbb'; \
         faint.style.width = '400px';",
    );
    assert_eq!(page.asks(ASTRAY).as_array().unwrap().len(), 1);
    let found = page.awaits(FINDS).to_string();
    for rule in ["button-name", "color-contrast", "tabindex"] {
        assert!(found.contains(rule), "{rule} is not in {found}");
    }
    assert!(!page.asks(MIRROR).as_array().unwrap().is_empty());
    page.asks(MIRROR);
    page.is_wide(320, 600);
    assert!(page.asks(SIZE)[0].as_u64().unwrap() > 320);
}
