//! Damaged files, with real nodes: what can still be read is carried over, the rest comes from another
//! computer, and what was damaged is kept until its member lets go of it.

use super::{PROGRAM, arrives, computer};
use circlet_node::storage::{Engine, Range, Sled};
use circlet_tests::disk::{SmallDisk, copy_folder};
use circlet_tests::namespace;
use circlet_tests::nodes::{Computer, list, text, together};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::fs;
use std::hint::spin_loop;

/// The first byte of the rows of entries, as `node/src/storage.rs` lists them.
const ENTRIES: u8 = 4;

/// How often a repair is ended in the middle, unless told.
const CUTS: u32 = 4;

/// Stands in the story that is taken back, and nowhere else.
const MARKER: &str = "a kettle on the landing";

/// What a home holds that was away while somebody took something back.
struct Away {
    ana: Computer,
    bo: Computer,
    /// The story that was taken back, and one of Bo's that nobody else has.
    gone: String,
    own: String,
}

impl Away {
    fn new() -> Self {
        Self::of(computer("Bo"))
    }

    /// The same, with this computer as Bo's.
    fn of(mut bo: Computer) -> Self {
        let mut ana = computer("Ana");
        ana.found("Tuesday circle");
        bo.start();
        let key = text(&ana.data(&["invite"]), "key");
        bo.data_from(&key, &["join", "-"]);
        together(&[&ana, &bo], &["Ana", "Bo"]);
        let gone = ana.share(MARKER);
        let kept = bo.share("This one stays.");
        arrives(&bo, &gone);
        arrives(&ana, &kept);
        bo.stop();
        let own = bo.share("Written while nobody was there.");
        bo.share("And one more, after it.");
        bo.data_from("Not said yet.", &["share", "-", "--draft"]);
        // Once more, so that sled sums up all of it.
        bo.data(&["status"]);
        bo.data(&["status"]);
        ana.data(&["take-back", &gone]);
        Self { ana, bo, gone, own }
    }

    /// Changes one byte of the store's file, at this part of what is written in it.
    fn harm(&self, hundredths: usize) {
        let file = self.bo.home().join("store").join("db");
        let mut bytes = fs::read(&file).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[end * hundredths / 100] ^= 1;
        fs::write(file, bytes).unwrap();
    }

    /// Repairs, and says what became of the circle.
    fn repair(&self) -> String {
        let account = self.bo.data(&["repair"]);
        let circles = list(&account, "circles");
        assert_eq!(circles.len(), 1);
        assert_eq!(circles[0]["name"], "Tuesday circle");
        let kept = self.bo.home().join("damaged");
        assert_eq!(text(&account, "kept"), kept.to_str().unwrap());
        assert!(kept.join("store").join("db").exists());
        text(&circles[0], "back")
    }

    /// Brings both together again; Bo shows what Ana does, and not what she took back.
    fn meet(&mut self) {
        self.bo.start();
        together(&[&self.ana, &self.bo], &["Ana", "Bo"]);
        assert_eq!(self.bo.stories(), self.ana.stories());
        let read = self.bo.output("", &["read", &self.gone]);
        assert_eq!(read.status.code(), Some(6));
        arrives(&self.ana, &self.bo.share("From the repaired one."));
    }
}

#[test]
fn a_store_that_does_not_open_comes_back_from_another_computer() {
    let mut away = Away::new();
    away.harm(1);
    let refused = away.bo.refused("", &["read"]);
    assert_eq!(refused.code, "store-damaged");
    assert!(refused.next.contains("`circlet repair`"), "{refused:?}");
    assert_eq!(away.repair(), "from-others");
    let sentence = text(&away.bo.only(), "sentence");
    assert!(sentence.starts_with("Coming back"), "{sentence}");
    away.meet();

    let looked = away.bo.data(&["doctor"]);
    let checks = list(&looked, "checks");
    assert!(checks.iter().any(|check| check["check"] == "set-aside"));
    assert_eq!(away.bo.refused("", &["repair"]).code, "running");
    away.bo.stop();
    assert_eq!(away.bo.refused("", &["repair"]).code, "nothing-damaged");
    let kept = away.bo.home().join("damaged");
    assert!(kept.exists() && !away.bo.home().join("repairing").exists());
    assert_eq!(away.bo.data(&["repair", "--forget"])["forgotten"], true);
    assert!(!kept.exists());
}

#[test]
fn a_store_that_is_gone_comes_back_too() {
    let mut away = Away::new();
    fs::remove_dir_all(away.bo.home().join("store")).unwrap();
    let account = away.bo.data(&["repair"]);
    assert_eq!(list(&account, "circles")[0]["back"], "from-others");
    away.meet();
}

#[test]
fn what_a_torn_store_still_says_is_carried_over_and_goes_out() {
    let mut away = Away::new();
    away.harm(99);
    assert_eq!(away.bo.refused("", &["read"]).code, "store-damaged");
    assert_eq!(away.repair(), "part");
    assert_eq!(away.bo.refused("", &["repair"]).code, "nothing-damaged");
    // What was taken back since is not known yet.
    assert_eq!(away.bo.refused("", &["read"]).code, "from-backup");
    away.meet();
    arrives(&away.ana, &away.own);
}

#[test]
fn a_damaged_row_is_left_out_and_filled_by_another_computer() {
    let mut away = Away::new();
    let backup = away.bo.folder().join("backup");
    away.bo.data(&["backup", "make", backup.to_str().unwrap()]);
    let made = away.bo.data(&["status"])["backup"]["made"].clone();
    assert!(made.is_string(), "{made}");
    let engine = Sled::open(&away.bo.home().join("store")).unwrap();
    let entries = engine.scan(&Range {
        from: vec![ENTRIES],
        to: Some(vec![ENTRIES + 1]),
        backwards: false,
        limit: usize::MAX,
    });
    // One of those that Ana holds too: the first of her chain or of Bo's.
    let (key, mut value) = entries.unwrap().swap_remove(0);
    *value.last_mut().unwrap() ^= 1;
    engine.write(vec![(key, Some(value))]).unwrap();
    engine.flush().unwrap();
    drop(engine);
    assert_eq!(away.repair(), "part");
    let drafts = away.bo.data(&["drafts"]);
    assert_eq!(list(&drafts, "drafts")[0]["text"], "Not said yet.");
    assert_eq!(away.bo.data(&["status"])["backup"]["made"], made);
    away.meet();
    arrives(&away.ana, &away.own);
}

#[test]
fn a_full_disk_leaves_what_is_damaged_as_it_was() {
    let name = "repaired::a_full_disk_leaves_what_is_damaged_as_it_was";
    if !namespace::is_here(name, &["--mount"]) {
        return;
    }
    let mut bo = Computer::bare(PROGRAM);
    let small = bo.folder().join("small");
    fs::create_dir(&small).unwrap();
    let disk = SmallDisk::mount(&small, 48);
    bo.live_at(small.join("home"));
    bo.data(&["setup", "--name", "Bo", "--no-passphrase"]);
    let mut away = Away::of(bo);
    away.harm(99);
    assert_eq!(away.bo.refused("", &["read"]).code, "store-damaged");
    let filler = small.join("filler");
    for left in [4 * 1024, 4 * 1024 * 1024] {
        disk.fill(&filler, left);
        let refused = away.bo.refused("", &["repair"]);
        assert_eq!(refused.code, "disk-full", "{refused:?}");
        fs::remove_file(&filler).unwrap();
        for name in ["damaged", "repaired", "repairing"] {
            assert!(!away.bo.home().join(name).exists(), "{name}");
        }
    }
    assert_eq!(away.repair(), "part");
    away.meet();
    arrives(&away.ana, &away.own);
}

#[test]
fn a_repair_that_is_ended_at_any_moment_is_done_or_begun_anew() {
    let away = Away::new();
    away.harm(99);
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
    };
    let seed = number("CIRCLET_CRASH_SEED").unwrap_or(u64::from(std::process::id()));
    println!("CIRCLET_CRASH_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let before = away.bo.folder().join("before");
    copy_folder(away.bo.home(), &before);
    for cut in 0..number("CIRCLET_CRASH_ROUNDS").map_or(CUTS, |rounds| rounds as u32) {
        fs::remove_dir_all(away.bo.home()).unwrap();
        copy_folder(&before, away.bo.home());
        let mut repair = away.bo.command(&["repair", "--json"]).spawn().unwrap();
        for _ in 0..rng.next_u32() % 15_000_000 {
            spin_loop();
        }
        // It may have ended.
        drop(repair.kill());
        repair.wait().unwrap();
        let again = away.bo.output("", &["repair"]);
        if !again.status.success() {
            let refused = away.bo.refused("", &["repair"]);
            assert_eq!(refused.code, "nothing-damaged", "cut {cut}");
        }
        away.bo.data(&["restore", "--show-now"]);
        assert!(away.bo.output("", &["read", &away.own]).status.success());
        let kept = fs::read_dir(away.bo.home()).unwrap();
        let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.retain(|name| name.starts_with("damaged") || name.starts_with("repair"));
        assert_eq!(names, ["damaged"], "cut {cut}");
    }
}
