//! The page in German: asked for by a browser, or chosen on the page; and how its longer words fit.

use super::chromium::Chromium;
use super::{PROGRAM, ana, joins, link};
use circlet_tests::nodes::Computer;

#[test]
fn a_language_is_chosen_once_and_fits_everywhere() {
    let mut ana = ana();
    let bo = joins(&ana, "Bo");
    bo.share("Mir ging es genauso.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.comes_to_say("Mir ging es genauso.");
    page.follows("Share");
    page.click(".languages button[value=de]");
    page.says("Was würde dir guttun?");
    let spoken = "return [document.documentElement.lang, document.documentElement.dir]";
    assert_eq!(page.asks(spoken), serde_json::json!(["de", "ltr"]));
    page.pictures("de-share");
    page.types("text", "Ich habe gut geschlafen.");
    page.sends();
    page.says("Geteilt. Es liegt sicher auf diesem Computer");
    page.pictures("de-feed");
    page.follows("Bo antworten");
    page.pictures("de-story");
    for (to, name) in [("Mitglieder", "de-members"), ("Einladen", "de-invite")] {
        page.follows(to);
        page.pictures(name);
    }
    page.click("#leave button");
    page.says("Diese Seite ist geschlossen");
    ana.stop();
    ana.start();
    page.goto(&link(&ana));
    page.says("Geschichten");
    page.click(".languages button[value=en]");
    page.says("Stories");
    page.is_quiet();
}

#[test]
fn a_browser_in_german_is_met_in_german() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start_with(&["--accept-lang=de-AT,en"]);
    page.goto(&link(&ana));
    page.says("Schritt 1 von 3");
    page.pictures("de-name");
    page.types("name", "Ana");
    page.sends();
    page.pictures("de-key");
    page.click("#keep-here");
    page.sends();
    page.says("Wo möchtest du beginnen?");
}
