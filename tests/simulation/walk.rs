//! One random walk: what people and faults do in a circle, chosen by a seed.

use circlet_model::id::{PersonId, ThingId};
use circlet_model::membership::act::{History, Mode, Role};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::Standing;
use circlet_tests::store::MemoryStore;
use circlet_tests::world::{Crash, World};
use core::time::Duration;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};
use std::collections::BTreeSet;

const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// A walk.
pub(crate) struct Walk {
    /// Where it takes place.
    pub world: World,
    /// What was done, a line each.
    pub did: Vec<String>,
    /// The nodes whose disk was put back to an earlier copy.
    pub restored: BTreeSet<usize>,
    /// The invites: the key, the node that made or showed it.
    pub keys: Vec<(String, usize)>,
    /// The key each node joined by, as an index.
    pub joined_by: Vec<Option<usize>>,
    rng: ChaCha20Rng,
    most: usize,
    backups: Vec<(usize, MemoryStore)>,
    told: u64,
    /// Which of the rarer faults happen in this world.
    mood: Mood,
    /// What decides on edits, fading and bundles; `None`: there are none.
    pub(crate) words: Option<ChaCha20Rng>,
    /// Bundles on their way: whose, and the pieces.
    pub(crate) bundles: Vec<(usize, Vec<Vec<u8>>)>,
}

/// The rarer faults of a world.
struct Mood {
    removals: bool,
    backups: bool,
    clocks: bool,
    bad_reads: bool,
    long: bool,
}

impl Walk {
    /// Begins a walk: a founder and an invite.
    pub(crate) fn new(seed: u64) -> Self {
        let words = ChaCha20Rng::seed_from_u64(seed ^ 0xed17);
        Self {
            words: Some(words),
            ..Self::without_words(seed)
        }
    }

    /// Begins a walk without edits, fading and bundles.
    pub(crate) fn without_words(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x5eed);
        let mut world = World::new(seed);
        let mut one_in = |n: u64| rng.next_u64().is_multiple_of(n);
        let mood = Mood {
            removals: one_in(2),
            backups: one_in(6),
            clocks: one_in(3),
            bad_reads: one_in(6),
            long: one_in(12),
        };
        world.resets = if one_in(2) { 0 } else { 200 };
        world.twice = if one_in(5) { 100 } else { 0 };
        world.lan = one_in(3);
        world.latency = if one_in(3) { (200, 4000) } else { (2, 120) };
        let (large, huge) = (one_in(40), one_in(400));
        let most = match (large, huge) {
            (_, true) => 40 + rng.next_u64() % 11,
            (true, _) => 9 + rng.next_u64() % 8,
            _ => 3 + rng.next_u64() % 6,
        } as usize;
        let founder = world.found("P0");
        let mut walk = Self {
            world,
            did: Vec::new(),
            restored: BTreeSet::new(),
            keys: Vec::new(),
            joined_by: vec![None],
            rng,
            most,
            backups: Vec::new(),
            told: 0,
            mood,
            words: None,
            bundles: Vec::new(),
        };
        walk.invite(founder);
        walk
    }

    /// Takes so many steps.
    pub(crate) fn steps(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
    }

    /// Lets every fault end, starts everybody, and lets time pass until nothing changes.
    pub(crate) fn rest(&mut self) {
        self.say("rest");
        self.world.resets = 0;
        self.world.twice = 0;
        self.world.heal();
        for node in 0..self.world.len() {
            self.world.store(node).fail(false);
            self.world.node(node).crash = None;
            self.world.start(node);
        }
        for _ in 0..4 {
            self.pass(HOUR);
        }
    }

    fn step(&mut self) {
        let node = self.pick(self.world.len());
        match self.rng.next_u64() % 100 {
            0..=24 => self.share(node),
            25..=36 => self.respond(node),
            37..=42 => self.take_back(node),
            43..=45 => self.invite(node),
            46..=48 => self.show(node),
            49..=57 => self.join(),
            58 => self.stop_invite(node),
            59..=64 => self.turn_off(node),
            65..=76 => self.turn_on(node),
            77..=80 => self.crash(node),
            81..=83 => self.partition(),
            84..=86 => {
                self.say("heal");
                self.world.heal();
            }
            87 => self.set_role(node),
            88 => self.remove(node),
            89 => self.leave(node),
            90 => self.restore(node),
            91 => self.set_clock(node),
            92 => self.fail_reads(node),
            _ => {
                let time = self.some_time(true);
                self.pass(time);
            }
        }
        self.more_words(node);
        let time = self.some_time(false);
        self.pass(time);
    }

    fn some_time(&mut self, more: bool) -> u64 {
        match (more, self.rng.next_u64() % 20) {
            (true, 0) if self.mood.long => 45 * DAY,
            (true, 0 | 1) => 9 * HOUR,
            (true, _) => self.up_to(20 * 60 * SECOND),
            (false, 0..=9) => 0,
            (false, 10..=16) => self.up_to(2 * SECOND),
            (false, _) => self.up_to(60 * SECOND),
        }
    }

    fn share(&mut self, node: usize) {
        let text = self.text();
        let command = self.world.story(node, &text);
        self.command(node, command);
    }

    fn respond(&mut self, node: usize) {
        if let Some(to) = self.story_at(node) {
            let text = self.text();
            self.command(node, Command::Respond { to, text });
        }
    }

    fn take_back(&mut self, node: usize) {
        let own = self.world.said.iter().filter(|said| said.by == node);
        let own: Vec<ThingId> = own.map(|said| said.thing).collect();
        if !own.is_empty() {
            let thing = own[self.pick(own.len())];
            self.command(node, Command::TakeBack { thing });
        }
    }

    fn invite(&mut self, node: usize) {
        let (uses, hours) = (1 + self.rng.next_u64() % 4, 1 + self.rng.next_u64() % 200);
        let history = match self.rng.next_u64() % 4 {
            0 => History::All,
            1 => History::Days30,
            _ => History::FromNow,
        };
        let mode = match self.rng.next_u64() % 12 {
            0 => Mode::Knock,
            _ => Mode::Open,
        };
        let command = Command::Invite {
            uses: uses as u16,
            expires: Duration::from_millis(hours * HOUR),
            mode,
            history,
        };
        if let Some(Reply::Invited { key, .. }) = self.command(node, command) {
            self.keys.push((key, node));
        }
    }

    fn show(&mut self, node: usize) {
        let now = self.world.time(node);
        let Some(replica) = self.world.replica(node) else {
            return;
        };
        let knocks = replica.knocks();
        let open = replica.invites(now).into_iter().filter(|line| line.open);
        let open: Vec<_> = open.map(|line| line.invite).collect();
        if let Some(knock) = knocks.first() {
            let person = knock.person;
            self.command(node, Command::Welcome { person });
        } else if !open.is_empty() {
            let invite = open[self.pick(open.len())];
            if let Some(Reply::Invited { key, .. }) =
                self.command(node, Command::ShowInvite { invite })
            {
                self.keys.push((key, node));
            }
        }
    }

    fn stop_invite(&mut self, node: usize) {
        let now = self.world.time(node);
        let lines = self.world.replica(node).map(|replica| replica.invites(now));
        if let Some(line) = lines.unwrap_or_default().first() {
            let invite = line.invite;
            self.command(node, Command::StopInvite { invite });
        }
    }

    fn join(&mut self) {
        if self.world.len() >= self.most || self.keys.is_empty() {
            return;
        }
        let key = self.pick(self.keys.len());
        let name = format!("P{}", self.world.len());
        self.say(&format!(
            "{name} joins by key {key} of P{}",
            self.keys[key].1
        ));
        let text = self.keys[key].0.clone();
        self.world.join(&name, &text);
        self.joined_by.push(Some(key));
    }

    fn turn_off(&mut self, node: usize) {
        if self.world.runs(node) {
            self.say(&format!("P{node} off"));
            self.world.stop(node);
        }
    }

    fn turn_on(&mut self, node: usize) {
        if !self.world.runs(node) {
            self.say(&format!("P{node} on"));
            self.world.store(node).fail(false);
            self.world.start(node);
        }
    }

    fn crash(&mut self, node: usize) {
        let crash = match self.rng.next_u64() % 3 {
            0 => Crash::Before,
            _ => Crash::After(self.pick(4)),
        };
        self.say(&format!("P{node} will crash: {crash:?}"));
        self.world.node(node).crash = Some(crash);
    }

    fn partition(&mut self) {
        let groups: Vec<usize> = (0..self.world.len()).map(|_| self.pick(3)).collect();
        self.say(&format!("partition {groups:?}"));
        self.world.partition(&groups);
    }

    fn set_role(&mut self, node: usize) {
        if let Some(person) = self.somebody(node) {
            let role = if self.rng.next_u64().is_multiple_of(2) {
                Role::Keeper
            } else {
                Role::Member
            };
            self.command(node, Command::SetRole { person, role });
        }
    }

    fn remove(&mut self, node: usize) {
        if let Some(person) = self.somebody(node).filter(|_| self.mood.removals) {
            self.command(node, Command::Remove { person });
        }
    }

    fn leave(&mut self, node: usize) {
        if node != 0 && self.mood.removals && self.rng.next_u64().is_multiple_of(2) {
            self.command(node, Command::Leave);
        }
    }

    /// Takes a backup of a disk, or puts one back: once for each node.
    fn restore(&mut self, node: usize) {
        if !self.mood.backups {
            return;
        }
        match self.backups.iter().position(|(whose, _)| *whose == node) {
            Some(at) if self.restored.insert(node) => {
                self.say(&format!("P{node} puts its backup back"));
                let (_, store) = self.backups.swap_remove(at);
                self.world.set_store(node, store);
            }
            Some(_) => {}
            None => self.backups.push((node, self.world.store(node).copy())),
        }
    }

    fn set_clock(&mut self, node: usize) {
        if self.mood.clocks {
            let skew = self.up_to(4 * DAY).cast_signed() - (2 * DAY).cast_signed();
            self.say(&format!("P{node}'s clock goes {skew} ms ahead"));
            self.world.set_clock(node, skew);
        }
    }

    /// Lets a disk fail for a while; whoever uses it then has to be started again.
    fn fail_reads(&mut self, node: usize) {
        if self.mood.bad_reads {
            self.say(&format!("P{node}'s disk fails"));
            self.world.store(node).fail(true);
            let time = self.up_to(30 * SECOND);
            self.pass(time);
            self.share(node);
            self.world.store(node).fail(false);
        }
    }

    pub(crate) fn command(&mut self, node: usize, command: Command) -> Option<Reply> {
        let line = match &command {
            Command::Carry { pieces } => format!("P{node} takes in {} pieces", pieces.len()),
            command => format!("P{node} {command:?}"),
        };
        if !self.world.runs(node) {
            return None;
        }
        let reply = self.world.try_command(node, command);
        self.say(&format!("{line} -> {reply:?}"));
        reply?.ok()
    }

    /// Returns a member other than a node's own, as far as it knows.
    fn somebody(&mut self, node: usize) -> Option<PersonId> {
        let me = self.world.person(node);
        let members = self.world.members(node).into_iter();
        let others: Vec<PersonId> = members.filter(|person| *person != me).collect();
        (!others.is_empty()).then(|| others[self.pick(others.len())])
    }

    fn story_at(&mut self, node: usize) -> Option<ThingId> {
        if !self.world.runs(node) || self.world.overview(node).standing != Standing::Member {
            return None;
        }
        let stories = self.world.stories(node);
        (!stories.is_empty()).then(|| stories[self.pick(stories.len())].thing)
    }

    pub(crate) fn text(&mut self) -> String {
        self.told += 1;
        format!("text {}", self.told)
    }

    fn pass(&mut self, milliseconds: u64) {
        self.world.run(Duration::from_millis(milliseconds));
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.did.push(format!("{:>12} {line}", self.world.passed()));
    }

    fn pick(&mut self, from: usize) -> usize {
        (self.rng.next_u64() % from as u64) as usize
    }

    fn up_to(&mut self, most: u64) -> u64 {
        self.rng.next_u64() % (most + 1)
    }
}
