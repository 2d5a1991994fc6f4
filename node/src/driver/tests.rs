//! The driver over engines in memory that can be told to fail: nothing is answered before it is
//! durable, and what could not be stored is not there.

mod keep;

use super::*;
use crate::handle::{Handle, Line};
use crate::home::Home;
use crate::keystore::{Cost, Secret};
use crate::storage::{Change, Error, Memory, Range, Rows};
use circlet_model::bounded::Text;
use circlet_model::codec;
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::{CircleId, PeerId};
use circlet_model::invitation::{InviteKey, InviteSecret};
use circlet_model::replica::input::{DialId, Fade, LinkId};
use circlet_model::replica::overview::Standing;
use circlet_model::secrecy::kem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// An engine whose disk can fill up.
#[derive(Clone, Debug, Default)]
struct Faulty {
    rows: Memory,
    full: Arc<AtomicBool>,
    unflushable: Arc<AtomicBool>,
    /// The number of the read that fails, from 1; 0 = none.
    unreadable: Arc<AtomicUsize>,
    flushes: Arc<AtomicUsize>,
}

impl Faulty {
    fn read(&self) -> Result<(), Error> {
        let left = self.unreadable.load(Ordering::SeqCst);
        self.unreadable
            .store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 1 {
            return Err(Error::Io("made to fail".to_owned()));
        }
        Ok(())
    }
}

impl Engine for Faulty {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.read()?;
        self.rows.get(key)
    }

    fn scan(&self, range: &Range) -> Result<Rows, Error> {
        self.read()?;
        self.rows.scan(range)
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        if self.full.load(Ordering::SeqCst) {
            Err(Error::Full)
        } else {
            self.rows.write(changes)
        }
    }

    fn flush(&self) -> Result<(), Error> {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        if self.unflushable.load(Ordering::SeqCst) {
            Err(Error::Full)
        } else {
            Ok(())
        }
    }
}

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
    engine: Faulty,
}

impl Place {
    /// Changes one byte of some rows.
    fn harm(&self, which: impl Fn(&[u8]) -> bool) {
        let all = Range {
            from: Vec::new(),
            to: None,
            backwards: false,
            limit: usize::MAX,
        };
        let rows = self.engine.rows.scan(&all).unwrap();
        for (key, mut value) in rows.into_iter().filter(|(key, _)| which(key)) {
            *value.last_mut().unwrap() ^= 1;
            self.engine.rows.write(vec![(key, Some(value))]).unwrap();
        }
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.create().unwrap();
        let mut rng = fresh_rng().unwrap();
        let keystore =
            Keystore::create(&home, None, Cost::TINY, &[1; Secret::SIZE], &mut rng).unwrap();
        Identity::new("Ana", &mut rng)
            .unwrap()
            .save(&keystore, &mut rng)
            .unwrap();
        Self {
            _folder: folder,
            home,
            engine: Faulty::default(),
        }
    }

    fn parts(&self) -> Parts<Faulty> {
        let keystore = Keystore::open(&self.home, None).unwrap();
        let identity = Identity::load(&keystore).unwrap();
        let rng = fresh_rng().unwrap();
        let vault = Vault::open(
            self.engine.clone(),
            self.home.pages(),
            keystore.master(),
            rng,
        )
        .unwrap();
        Parts {
            vault,
            keystore,
            identity,
            config: Config::offline(self.home.clone()),
        }
    }

    fn start(&self) -> Running {
        start(self.parts()).unwrap()
    }

    fn flushes(&self) -> usize {
        self.engine.flushes.load(Ordering::SeqCst)
    }
}

fn share(text: &str) -> Command {
    let text = Text::new(text).unwrap();
    let written = Timestamp(1);
    Command::Share {
        story: Story {
            text,
            ask: Ask::Listen,
            note: None,
            replaces: None,
            written,
        },
        fade: Fade::AsSettled,
    }
}

async fn texts(handle: &Handle) -> Vec<String> {
    let look = handle.look(|shown| {
        let stories = shown
            .replica(&Select::Only)?
            .stories(usize::MAX, shown.now)?;
        Ok(stories.into_iter().map(|story| story.text).collect())
    });
    look.await.unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let place = Place::new();
    let running = place.start();
    running.handle.found("Tuesday".to_owned()).await.unwrap();
    running
        .handle
        .command(Select::Only, share("one"))
        .await
        .unwrap();
    running.close().await;
    let running = place.start();
    assert_eq!(texts(&running.handle).await, ["one"]);
    running.close().await;
}

#[tokio::test]
async fn a_damaged_entry_closes_its_circle_when_it_is_met_and_no_other() {
    let place = Place::new();
    let running = place.start();
    let first = running.handle.found("Tuesday".to_owned()).await.unwrap();
    let tuesday = Select::Hint(first.hint());
    let reply = running.handle.command(tuesday.clone(), share("one")).await;
    let Ok(Reply::Shared { thing }) = reply else {
        panic!("{reply:?}");
    };
    running.close().await;
    place.harm(|key| key[0] == store::Space::Log as u8);

    let running = place.start();
    let second = running.handle.found("Book club".to_owned()).await.unwrap();
    let take_back = Command::TakeBack { thing };
    let refused = running.handle.command(tuesday.clone(), take_back).await;
    assert_eq!(refused.unwrap_err().code, "store-damaged");
    // What it kept is not written to any more.
    let refused = running.handle.command(tuesday, share("two")).await;
    assert_eq!(refused.unwrap_err().code, "store-damaged");
    let book_club = Select::Hint(second.hint());
    let told = running.handle.command(book_club, share("a book")).await;
    assert!(told.is_ok());
    running.close().await;
}

#[tokio::test]
async fn a_damaged_row_of_keys_closes_its_circle_and_no_other() {
    let place = Place::new();
    let running = place.start();
    let first = running.handle.found("Tuesday".to_owned()).await.unwrap();
    let tuesday = Select::Hint(first.hint());
    for number in 0..64 {
        let told = share(&format!("story {number}"));
        running.handle.command(tuesday.clone(), told).await.unwrap();
    }
    let second = running.handle.found("Book club".to_owned()).await.unwrap();
    let book_club = Select::Hint(second.hint());
    let told = share("a book");
    running
        .handle
        .command(book_club.clone(), told)
        .await
        .unwrap();
    running.close().await;
    // The first row of keys, and the shell's own rows: of those only ports are lost.
    place.harm(|key| key[0] == store::Space::Home as u8 || key == [0xf1, 0, 0, 0, 0, 0]);

    let running = place.start();
    let refused = running.handle.command(tuesday, share("one more")).await;
    assert_eq!(refused.unwrap_err().code, "store-damaged");
    let told = share("another book");
    running.handle.command(book_club, told).await.unwrap();
    let open = running.handle.look(|shown| {
        let lines = shown.circles.iter();
        Ok(lines
            .map(|line| line.replica.is_ok())
            .filter(|open| *open)
            .count())
    });
    assert_eq!(open.await.unwrap(), 1);
    // The keys of what is closed are still kept when another circle begins.
    running.handle.found("Choir".to_owned()).await.unwrap();
    running.close().await;
    let running = place.start();
    let circles = running.handle.look(|shown| Ok(shown.circles.len()));
    assert_eq!(circles.await.unwrap(), 3);
    running.close().await;
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_goes_on_once_there_is_room() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    handle.found("Tuesday".to_owned()).await.unwrap();
    handle.command(Select::Only, share("before")).await.unwrap();
    place.engine.full.store(true, Ordering::SeqCst);
    let problem = handle
        .command(Select::Only, share("lost"))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "disk-full");
    assert_eq!(texts(&handle).await, ["before"]);
    let paused = handle.look(|shown| Ok(shown.circles.iter().all(|line| line.paused)));
    assert!(paused.await.unwrap());
    assert_eq!(
        handle.found("Second".to_owned()).await.unwrap_err().code,
        "disk-full"
    );
    place.engine.full.store(false, Ordering::SeqCst);
    handle.command(Select::Only, share("after")).await.unwrap();
    let now = texts(&handle).await;
    assert_eq!(now.len(), 2);
    assert!(now.contains(&"after".to_owned()) && !now.contains(&"lost".to_owned()));
    running.close().await;
    let running = place.start();
    assert_eq!(texts(&running.handle).await, now);
    running.close().await;
}

#[tokio::test]
async fn a_read_that_fails_undoes_its_command_and_the_circle_goes_on() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    handle.found("Tuesday".to_owned()).await.unwrap();
    let mut failed = 0;
    loop {
        place.engine.unreadable.store(failed + 1, Ordering::SeqCst);
        let shared = handle.command(Select::Only, share("once")).await;
        place.engine.unreadable.store(0, Ordering::SeqCst);
        let Err(problem) = shared else { break };
        assert_eq!(problem.code, "store-out-of-reach");
        assert!(texts(&handle).await.is_empty(), "read {failed}");
        failed += 1;
    }
    assert!(failed > 0);
    assert_eq!(texts(&handle).await, ["once"]);
    running.close().await;
    let running = place.start();
    assert_eq!(texts(&running.handle).await, ["once"]);
    running.close().await;
}

#[tokio::test]
async fn what_a_round_wrote_before_the_disk_was_full_counts_as_done() {
    let place = Place::new();
    let (settle, _settled) = watch::channel(false);
    let mut driver = Driver::open(place.parts(), settle).unwrap();
    found_circle(&mut driver).await;
    let mut round = Round::default();
    let mut asked = Vec::new();
    for (text, full) in [("one", false), ("two", true)] {
        place.engine.full.store(full, Ordering::SeqCst);
        let (answer, wait) = oneshot::channel();
        driver.command(&Select::Only, share(text), answer, &mut round);
        asked.push(wait);
    }
    driver.finish(round).await;
    let lost = asked.pop().unwrap().await.unwrap().unwrap_err();
    assert_eq!(lost.code, "disk-full");
    assert!(asked.pop().unwrap().await.unwrap().is_ok());
    let stories = driver
        .shown()
        .replica(&Select::Only)
        .unwrap()
        .stories(9, Timestamp(1));
    let texts: Vec<_> = stories
        .unwrap()
        .into_iter()
        .map(|story| story.text)
        .collect();
    assert_eq!(texts, ["one"]);
}

#[tokio::test]
async fn kem_keys_are_kept_before_they_are_used_and_old_ones_leave_the_file() {
    let place = Place::new();
    let (settle, _settled) = watch::channel(false);
    let mut driver = Driver::open(place.parts(), settle).unwrap();
    let mut round = Round::default();
    let (answer, _found) = oneshot::channel();
    let name = "Tuesday".to_owned();
    driver.take(Work::Request(Request::Found { name, answer }), &mut round);
    driver.finish(round).await;
    let hint = driver.hints()[0];
    let first = driver.identity.keys(hint).unwrap().kem;
    let both = first.renewed(&mut driver.rng).unwrap();
    let in_file = |kem: &kem::Keys| {
        let keystore = Keystore::open(&place.home, None).unwrap();
        let file = keystore.load_identity().unwrap().unwrap();
        let secret = &codec::encode(kem)[..32];
        file.windows(32).any(|part| part == secret)
    };
    for (kem, old) in [(both.clone(), true), (both.without(|_| true), false)] {
        let keep = Output::Keep { kem: kem.clone() };
        driver.other_keys.push((hint, keep));
        driver.change_keys().await;
        assert_eq!((in_file(&both), in_file(&first)), (true, old));
        assert_eq!(place.parts().identity.keys(hint).unwrap().kem, kem);
    }
}

#[tokio::test]
async fn a_flush_that_fails_acknowledges_nothing() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    handle.found("Tuesday".to_owned()).await.unwrap();
    place.engine.unflushable.store(true, Ordering::SeqCst);
    let problem = handle
        .command(Select::Only, share("perhaps"))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "disk-full");
    assert!(problem.message.contains("nothing was sent"));
    let problem = handle.found("Second".to_owned()).await.unwrap_err();
    assert_eq!(problem.code, "disk-full");
    place.engine.unflushable.store(false, Ordering::SeqCst);
    let select = Select::Named("Tuesday".to_owned());
    handle.command(select, share("surely")).await.unwrap();
    running.close().await;
}

#[tokio::test]
async fn a_round_is_flushed_once_and_answered_after_that() {
    let place = Place::new();
    let (settle, _settled) = watch::channel(false);
    let mut driver = Driver::open(place.parts(), settle).unwrap();
    let mut round = Round::default();
    let (answer, found) = oneshot::channel::<Result<CircleId, Problem>>();
    driver.take(
        Work::Request(Request::Found {
            name: "Tuesday".to_owned(),
            answer,
        }),
        &mut round,
    );
    let mut shared = Vec::new();
    for text in ["one", "two", "three"] {
        let (answer, wait) = oneshot::channel();
        let (circle, command) = (Select::Only, Box::new(share(text)));
        driver.take(
            Work::Request(Request::Command {
                circle,
                command,
                answer,
            }),
            &mut round,
        );
        shared.push(wait);
    }
    let before = place.flushes();
    assert!(shared.iter_mut().all(|wait| wait.try_recv().is_err()));
    driver.finish(round).await;
    assert_eq!(place.flushes(), before + 1);
    assert!(found.await.unwrap().is_ok());
    for wait in shared {
        assert!(wait.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_round_that_changes_nothing_needs_no_flush() {
    let place = Place::new();
    let running = place.start();
    running.handle.found("Tuesday".to_owned()).await.unwrap();
    let before = place.flushes();
    texts(&running.handle).await;
    running
        .handle
        .command(Select::Only, share("  "))
        .await
        .unwrap_err();
    assert_eq!(place.flushes(), before);
    running.close().await;
}

#[tokio::test]
async fn a_join_waits_through_a_restart_and_may_be_asked_for_again() {
    let place = Place::new();
    let running = place.start();
    let key = InviteKey::new(CircleId([3; 32]), InviteSecret([4; 16]), &[]);
    let hint = running.handle.join(key.clone()).await.unwrap();
    assert_eq!(running.handle.join(key.clone()).await.unwrap(), hint);
    running.close().await;
    let running = place.start();
    let standings = running
        .handle
        .look(|shown| Ok(shown.circles.iter().map(Line::standing).collect::<Vec<_>>()));
    assert_eq!(standings.await.unwrap(), [Some(Standing::Pending)]);
    let problem = running
        .handle
        .command(Select::Only, share("early"))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "pending");
    running.close().await;
}

#[tokio::test]
async fn circles_are_told_apart_by_name() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    let none = handle.command(Select::Only, share("x")).await.unwrap_err();
    assert_eq!(none.code, "no-circle");
    handle.found("Tuesday".to_owned()).await.unwrap();
    handle.found("Tuesday walks".to_owned()).await.unwrap();
    assert_eq!(
        handle.found("TUESDAY".to_owned()).await.unwrap_err().code,
        "name-taken"
    );
    assert_eq!(
        handle.found(" ".to_owned()).await.unwrap_err().code,
        "not-a-name"
    );
    let named = |name: &str| Select::Named(name.to_owned());
    let only = handle.command(Select::Only, share("x")).await.unwrap_err();
    assert_eq!(only.code, "which-circle");
    assert_eq!(
        handle
            .command(named("t"), share("x"))
            .await
            .unwrap_err()
            .code,
        "which-circle"
    );
    assert_eq!(
        handle
            .command(named("wed"), share("x"))
            .await
            .unwrap_err()
            .code,
        "not-found"
    );
    handle.command(named("tuesday"), share("x")).await.unwrap();
    handle
        .command(named("Tuesday W"), share("x"))
        .await
        .unwrap();
    running.close().await;
}

/// Has a driver found a circle.
async fn found_circle(driver: &mut Driver<Faulty>) {
    let mut round = Round::default();
    let (answer, found) = oneshot::channel();
    let name = "Tuesday".to_owned();
    driver.take(Work::Request(Request::Found { name, answer }), &mut round);
    driver.finish(round).await;
    found.await.unwrap().unwrap();
}

/// Lets a driver work until something holds.
async fn until(driver: &mut Driver<Faulty>, mut good: impl FnMut(&mut Circle) -> bool) {
    let (_requests, mut inbox) = mpsc::channel(1);
    let shutdown = CancellationToken::new();
    while !driver.circles.iter_mut().all(&mut good) {
        let mut round = Round::default();
        let work = driver.next(&mut inbox, &shutdown).await;
        driver.take(work, &mut round);
        driver.wake(&mut round);
        driver.finish(round).await;
    }
}

#[tokio::test]
async fn a_network_that_ends_by_itself_is_opened_again() {
    let place = Place::new();
    let (settle, _settled) = watch::channel(false);
    let mut parts = place.parts();
    parts.config.network = true;
    parts.config.listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    let mut driver = Driver::open(parts, settle).unwrap();
    found_circle(&mut driver).await;
    until(&mut driver, |circle| !circle.listening.is_empty()).await;

    // Without its handle a network ends.
    driver.circles[0].network = None;
    until(&mut driver, |circle| circle.outage.again.is_some()).await;
    let line = driver.circles[0].line();
    assert!(line.cut_off && line.listening.is_empty());

    driver.circles[0].outage.again = Some(Timestamp(0));
    until(&mut driver, |circle| !circle.listening.is_empty()).await;
    assert!(!driver.circles[0].line().cut_off);
    driver.close().await;
}

#[tokio::test]
async fn a_link_that_comes_in_a_pause_ends_its_dial() {
    let place = Place::new();
    let (settle, _settled) = watch::channel(false);
    let mut driver = Driver::open(place.parts(), settle).unwrap();
    found_circle(&mut driver).await;
    let circle = &mut driver.circles[0];
    let (hint, dial) = (circle.row.hint, DialId(3));
    circle.dials.insert(7, dial);
    circle.retry = Some(Timestamp(0));
    let event = network::Event::LinkUp {
        link: LinkId(1),
        peer: PeerId([1; 32]),
        outbound: true,
        dial: Some(DialId(7)),
        address: None,
    };
    let mut round = Round::default();
    let input = driver.input(hint, event, &mut round);
    assert!(matches!(input, Some(Input::DialFailed { dial: failed }) if failed == dial));
    assert!(matches!(
        round.after.as_slice(),
        [After::Network(_, network::Command::Close { .. })]
    ));
}
