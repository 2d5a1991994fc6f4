//! Backups and bundles, with real nodes: back after the computer is lost, and news that comes on a stick.
//! What is not a whole file of one's own changes nothing.

use super::{PROGRAM, arrives, computer, two};
use circlet_tests::disk::SmallDisk;
use circlet_tests::namespace;
use circlet_tests::nodes::{Computer, list, text, together};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Stands in the story that is taken back, and nowhere else.
const MARKER: &str = "a lantern under the bridge";

fn path(computer: &Computer, name: &str) -> String {
    let path = computer.folder().join(name);
    path.to_str().unwrap().to_owned()
}

/// Returns a file with somebody's words, for another computer.
fn words_of(whose: &Computer, at: &Computer) -> String {
    let shown = whose.data(&["words", "show", "--yes"]);
    at.file("words.txt", &text(&shown, "words"))
}

/// Returns every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.insert(path, bytes);
        }
    }
    found
}

#[test]
fn a_lost_computer_comes_back_from_its_backup_and_learns_what_was_taken_back_first() {
    let (ana, mut bo) = two();
    let gone = ana.share(MARKER);
    let kept = ana.share("This one stays.");
    let own = bo.share("From the first computer.");
    for story in [&gone, &kept, &own] {
        arrives(&ana, story);
        arrives(&bo, story);
    }
    let mut new = Computer::bare(PROGRAM);
    let (file, words) = (path(&new, "backup"), words_of(&bo, &new));
    // Made while the node runs.
    let made = bo.data(&["backup", "make", &file]);
    assert_eq!(list(&made, "circles"), ["Tuesday circle"]);
    assert!(bo.data(&["status"])["backup"]["made"].is_string());
    let again = bo.refused("", &["backup", "make", &file]);
    assert_eq!(again.code, "file-exists");
    bo.data(&["backup", "make", &file, "--force"]);
    let inside = bo.home().join("run").to_str().unwrap().to_owned() + "/mine";
    let inside = bo.refused("", &["backup", "make", &inside]);
    assert_eq!(inside.code, "inside-home");
    bo.stop();
    ana.data(&["take-back", &gone]);
    ana.share("Said since.");
    drop(bo);

    let found = new.data(&["backup", "check", &file, "--words-file", &words]);
    assert_eq!(text(&found, "name"), "Bo");
    let circles = list(&found, "circles");
    assert_eq!(list(&circles[0], "members"), ["Ana", "Bo"]);
    assert!(!new.home().exists(), "a look changes nothing");
    let args = ["restore", &file, "--words-file", &words, "--no-passphrase"];
    new.data(&args);
    let last = &new.data(&["status"])["backup"];
    assert_eq!(last["made"], Value::Null, "it has made none itself");
    let hidden = new.refused("", &["read"]);
    assert_eq!(hidden.code, "from-backup");
    assert!(!new.output("", &["read", &gone]).status.success());
    let sentence = text(&new.only(), "sentence");
    assert!(sentence.contains("came back from a backup"), "{sentence}");
    new.start();
    together(&[&ana, &new], &["Ana", "Bo"]);
    for story in [&kept, &own] {
        arrives(&new, story);
    }
    assert_eq!(new.stories(), ana.stories());
    assert_eq!(new.output("", &["read", &gone]).status.code(), Some(6));
    let devices = new.data(&["device", "list"]);
    let devices = list(&devices, "devices");
    assert_eq!(devices.len(), 2, "it is a new computer of Bo's");
    arrives(&ana, &new.share("From the second computer."));
    let left = files(new.home());
    let marker = MARKER.as_bytes();
    assert!(
        left.values()
            .all(|bytes| !bytes.windows(marker.len()).any(|it| it == marker))
    );
}

#[test]
fn what_is_not_a_whole_backup_of_ones_own_changes_nothing() {
    let (ana, bo) = two();
    let new = Computer::bare(PROGRAM);
    let (file, words) = (path(&new, "backup"), words_of(&ana, &new));
    ana.data(&["backup", "make", &file]);
    let whole = fs::read(&file).unwrap();
    let mut cases = Vec::new();
    for (name, length) in [("empty", 0), ("short", 100), ("half", whole.len() / 2)] {
        cases.push((name, whole[..length].to_vec()));
    }
    let mut changed = whole.clone();
    changed[whole.len() - 20] ^= 1;
    cases.push(("changed", changed));
    let mut newer = whole.clone();
    newer[14] = 9;
    cases.push(("newer", newer));
    let expected = BTreeMap::from([
        ("empty", "no-backup"),
        ("short", "backup-damaged"),
        ("half", "backup-damaged"),
        ("changed", "backup-damaged"),
        ("newer", "backup-newer"),
    ]);
    for (name, bytes) in cases {
        let file = path(&new, name);
        fs::write(&file, bytes).unwrap();
        for args in [
            ["backup", "check", &file, "--words-file", &words].as_slice(),
            &["restore", &file, "--words-file", &words, "--no-passphrase"],
        ] {
            assert_eq!(new.refused("", args).code, expected[name], "{name}");
        }
    }
    let others = words_of(&bo, &new);
    let args = ["restore", &file, "--words-file", &others, "--no-passphrase"];
    assert_eq!(new.refused("", &args).code, "other-words");
    let args = ["restore", &file, "--no-passphrase"];
    assert_eq!(new.refused("", &args).code, "words-only");
    assert!(!new.home().exists());
    assert_eq!(fs::read_dir(new.folder()).unwrap().count(), 7);
    // Over a home that is there, of the same person or of another.
    words_of(&ana, &new);
    let before = fs::read(bo.home().join("keys")).unwrap();
    for home in [&ana, &bo] {
        let args = ["restore", &file, "--words-file", &words, "--no-passphrase"];
        assert_eq!(home.refused("", &args).code, "set-up-already");
    }
    assert_eq!(fs::read(bo.home().join("keys")).unwrap(), before);
    together(&[&ana, &bo], &["Ana", "Bo"]);
}

#[test]
fn a_passphrase_opens_the_backup_of_a_home_that_has_one() {
    let mut ana = Computer::bare(PROGRAM);
    let right = ana.file("right", "blue door\n");
    let wrong = ana.file("wrong", "red door\n");
    ana.data(&["setup", "--name", "Ana", "--passphrase-file", &right]);
    ana.data(&["new", "Tuesday", "--passphrase-file", &right]);
    let story = ana.data_from("Alone.", &["share", "-", "--passphrase-file", &right]);
    let file = path(&ana, "backup");
    let make = ["backup", "make", &file];
    assert_eq!(ana.refused("", &make).exit, 4);
    ana.data(&["backup", "make", &file, "--passphrase-file", &right]);
    let check = ["backup", "check", &file, "--passphrase-file", &wrong];
    assert_eq!(ana.refused("", &check).code, "wrong-passphrase");
    ana.data(&["backup", "check", &file, "--passphrase-file", &right]);
    ana.live_at(ana.folder().join("new"));
    ana.data(&["restore", &file, "--passphrase-file", &right]);
    ana.always(&["--passphrase-file", &right]);
    let story = text(&story, "id");
    assert_eq!(ana.refused("", &["read"]).code, "from-backup");
    // Nobody else is in the circle who could be asked.
    let shown = ana.data(&["restore", "--show-now"]);
    assert_eq!(shown["shown"], 1);
    arrives(&ana, &story);
    ana.data_from("And on.", &["share", "-"]);
    assert_eq!(ana.stories().len(), 2);
}

#[test]
fn computers_that_never_meet_agree_by_bundles_that_anybody_carries() {
    let (mut ana, mut bo) = two();
    ana.stop();
    bo.stop();
    let stranger = computer("Cai");
    stranger.data(&["new", "Another circle"]);
    let digest = |computer: &Computer| text(&computer.only(), "digest");
    let gone = ana.share(MARKER);
    bo.share("Said on Bo's computer.");
    let (first, second) = (path(&ana, "first"), path(&ana, "second"));
    ana.data(&["export", "--bundle", &first]);
    assert_eq!(bo.data(&["import", &first])["new"], true);
    assert_eq!(bo.data(&["import", &first])["new"], false);
    arrives(&bo, &gone);
    bo.data(&["take-back", &bo.share("Soon gone.")]);
    bo.data(&["export", "--bundle", &second, "--for", "ana"]);
    ana.data(&["import", &second]);
    assert_eq!(digest(&ana), digest(&bo));
    ana.data(&["take-back", &gone]);
    ana.data(&["export", "--bundle", &second, "--force"]);
    bo.data(&["import", &second]);
    assert_eq!(bo.data(&["import", &first])["new"], false, "it stays gone");
    assert_eq!(bo.output("", &["read", &gone]).status.code(), Some(6));
    assert_eq!(digest(&ana), digest(&bo));

    let refused = stranger.refused("", &["import", &first]);
    assert_eq!(refused.code, "foreign-bundle");
    let whole = fs::read(&second).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() - 1] ^= 1;
    let mut newer = whole.clone();
    newer[14] = 2;
    for (bytes, code) in [
        (whole[..whole.len() - 1].to_vec(), "bundle-damaged"),
        (whole[..5].to_vec(), "no-bundle"),
        (changed, "bundle-damaged"),
        (newer, "bundle-newer"),
        (b"circlet backup and so on".to_vec(), "no-bundle"),
    ] {
        let file = path(&ana, "bad");
        fs::write(&file, bytes).unwrap();
        assert_eq!(bo.refused("", &["import", &file]).code, code);
    }
    assert_eq!(bo.refused("", &["import", &path(&ana, "none")]).exit, 6);
    let nobody = ["export", "--bundle", &path(&ana, "third"), "--for", "Zoe"];
    assert_eq!(ana.refused("", &nobody).exit, 6);
    assert_eq!(digest(&ana), digest(&bo));
    ana.start();
    bo.start();
    together(&[&ana, &bo], &["Ana", "Bo"]);
}

#[test]
fn words_are_taken_along_as_files_that_need_no_circlet() {
    let (ana, bo) = two();
    let story = ana.share("Mine to keep.");
    arrives(&bo, &story);
    let response = text(&bo.data_from("With you.", &["respond", &story, "-"]), "id");
    let gone = bo.share(MARKER);
    bo.data(&["take-back", &gone]);
    let mine = path(&bo, "mine");
    bo.data(&["export", "--mine", &mine]);
    let found = files(Path::new(&mine));
    let ends = |files: &BTreeMap<PathBuf, Vec<u8>>, id: &str, end: &str| {
        let name = format!("{id}.{end}");
        let mut all = files.iter();
        let found = all.find(|(path, _)| path.to_str().is_some_and(|it| it.ends_with(&name)));
        found.map(|(_, bytes)| bytes.clone())
    };
    for end in ["md", "json", "automerge"] {
        assert!(ends(&found, &response, end).is_some(), "{end}");
        assert!(ends(&found, &story, end).is_none(), "it is Ana's");
        assert!(ends(&found, &gone, end).is_none());
    }
    let document = ends(&found, &response, "automerge").unwrap();
    assert_eq!(document[..4], [0x85, 0x6f, 0x4a, 0x83]);
    let readme = fs::read_to_string(Path::new(&mine).join("README.md")).unwrap();
    assert!(readme.contains("not encrypted"));
    for path in found.keys() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    assert_eq!(
        bo.refused("", &["export", "--mine", &mine]).code,
        "not-empty"
    );
    assert_eq!(bo.refused("", &["export", &path(&bo, "x")]).exit, 2);
    let all = path(&bo, "all");
    fs::create_dir(&all).unwrap();
    bo.data(&["export", "--circle", "Tuesday", &all]);
    let found = files(Path::new(&all));
    for id in [&story, &response] {
        let read = String::from_utf8(ends(&found, id, "md").unwrap()).unwrap();
        assert!(read.contains("Mine to keep.") || read.contains("With you."));
    }
    let marker = MARKER.as_bytes();
    assert!(
        found
            .values()
            .all(|it| !it.windows(marker.len()).any(|some| some == marker))
    );
    let inside = bo.home().join("copy").to_str().unwrap().to_owned();
    let refused = bo.refused("", &["export", "--mine", &inside]);
    assert_eq!(refused.code, "inside-home");
}

#[test]
fn a_full_disk_leaves_nothing_half_made() {
    let name = "backups::a_full_disk_leaves_nothing_half_made";
    if !namespace::is_here(name, &["--mount"]) {
        return;
    }
    let ana = computer("Ana");
    ana.data(&["new", "Tuesday"]);
    ana.data_from(&"quiet words ".repeat(3_000), &["share", "-"]);
    let small = ana.folder().join("small");
    fs::create_dir(&small).unwrap();
    let disk = SmallDisk::mount(&small, 4);
    let (full, copy) = (path(&ana, "small/file"), path(&ana, "small/copy"));
    disk.fill(&small.join("filler"), 4096);
    for args in [
        ["backup", "make", &full].as_slice(),
        &["export", "--bundle", &full],
        &["export", "--mine", &copy],
    ] {
        assert_eq!(ana.refused("", args).code, "no-room", "{args:?}");
        assert_eq!(fs::read_dir(&small).unwrap().count(), 1, "{args:?}");
    }
    let file = path(&ana, "backup");
    ana.data(&["backup", "make", &file]);
    let words = words_of(&ana, &ana);
    let mut new = Computer::bare(PROGRAM);
    new.live_at(small.join("home"));
    let args = ["restore", &file, "--words-file", &words, "--no-passphrase"];
    assert_eq!(new.refused("", &args).code, "disk-full");
    assert_eq!(fs::read_dir(&small).unwrap().count(), 1);
    assert_eq!(ana.stories().len(), 1);
}

#[test]
fn a_bundle_is_taken_in_when_there_is_room_again() {
    let name = "backups::a_bundle_is_taken_in_when_there_is_room_again";
    if !namespace::is_here(name, &["--mount"]) {
        return;
    }
    let (mut ana, mut bo) = (computer("Ana"), Computer::bare(PROGRAM));
    let small = bo.folder().join("small");
    fs::create_dir(&small).unwrap();
    let disk = SmallDisk::mount(&small, 32);
    bo.live_at(small.join("home"));
    bo.data(&["setup", "--name", "Bo", "--no-passphrase"]);
    ana.found("Tuesday circle");
    bo.start();
    let key = text(&ana.data(&["invite"]), "key");
    bo.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    bo.stop();
    let story = ana.share(&"quiet words ".repeat(300));
    let file = path(&ana, "bundle");
    ana.data(&["export", "--bundle", &file]);
    let filler = small.join("filler");
    // It can be opened, and not written to.
    disk.fill(&filler, 4 * 1024 * 1024);
    assert_eq!(bo.refused("", &["import", &file]).code, "disk-full");
    let refused = bo.refused("", &["read", &story]);
    assert_eq!(refused.code, "not-found", "{refused:?}");
    fs::remove_file(filler).unwrap();
    assert_eq!(bo.data(&["import", &file])["new"], true);
    arrives(&bo, &story);
}
