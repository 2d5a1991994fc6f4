//! Every small history: all that a few devices can say in a few acts, each on any past it may claim.
//!
//! * **Alphabet.** A theme has a beginning that everybody knows and letters such as `bo removes ana`: who
//!   writes what. The past of an act is any set of acts of the history that holds with each what
//!   it builds on: so back-dating is in the alphabet. An act that leaves out an earlier one of its own
//!   device forks; themes say how often that may happen.
//! * **Bound.** The number of acts after the beginning.
//! * **Reductions.** Histories that differ only in the order of acts that do not know each other are one
//!   (commutation): of those only the lexicographically first order is walked. What R1 or R2 refuse
//!   is not walked further: it has no effect anywhere. People who are interchangeable have their
//!   letters only once (symmetry), as far as the theme is about them.
//!
//! Checked in each: the same view in every order of delivery (all of them up to three acts, above that the two
//! that differ most), also where late acts are dropped unread; the key invariant; liveness; a way on;
//! nobody removed comes back; nobody falls by a back-dated or forked act that does not name them.
//!
//! The test command walks a few seconds: three acts, and all pairs. More: `CIRCLET_DEPTH=5 cargo nextest run -p circlet-model
//! exhaustive --no-capture`; a sixth act takes too long for all, `CIRCLET_SAMPLE=100` walks one of a
//! hundred of the longest, picked by their id.

use crate::id::{ActId, DeviceId, EpochId, Hash, PersonId};
use crate::key::{Secret, Signature};
use crate::membership::MAX_OF_ONE;
use crate::membership::act::{Act, Kind, Role, Rules, SUITE, SignedAct, VERSION, VerifiedAct};
use crate::membership::graph::{Graph, Insert};
use crate::membership::roster::{Removal, Roster, Standing};
use crate::membership::testing::{
    World, ack, add_device, admit, device, invite, kem, leave, person, person_name, remove,
    remove_device, revoke, set_role,
};
use crate::secrecy::epoch::{EpochKey, Ring};
use crate::secrecy::usable;
use crate::time::Day;
use std::collections::BTreeSet;

mod traced;

/// What histories are made of.
struct Theme {
    /// The first founds the circle.
    people: &'static [&'static str],
    keepers: &'static [&'static str],
    quorum: bool,
    /// What Bo has besides the first.
    devices: &'static [&'static str],
    /// Who says what.
    letters: &'static [&'static str],
    /// How often a device may leave out what it said.
    forks: usize,
}

/// Who writes what; `None`: keys for everybody they know of.
struct Letter {
    text: &'static str,
    by: &'static str,
    kind: Option<Kind>,
}

#[derive(Clone)]
struct Written {
    letter: usize,
    act: VerifiedAct,
    /// Which acts of the history it knows, itself among them: a bit each.
    knows: u32,
}

#[derive(Clone)]
struct History {
    graph: Graph,
    acts: Vec<Written>,
    forks: usize,
}

struct Explorer {
    base: Graph,
    letters: Vec<Letter>,
    forks: usize,
    depth: usize,
    sample: u64,
    /// How many histories there were of each length.
    counts: Vec<u64>,
    deliveries: u64,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test may be told how much to do"
)]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

fn epoch_keys(label: &str) -> [EpochKey; 2] {
    let secret = |class: &'static str| crate::key::hash(class, label.as_bytes());
    ["circlet 1 test commons", "circlet 1 test stories"]
        .map(|class| EpochKey::from_secret(Secret(secret(class))))
}

/// Mints for whoever gets keys from this device in this roster.
fn mint(label: &str, roster: &Roster, by: &str) -> Kind {
    let to: Vec<DeviceId> = roster
        .keyed_devices(device(by))
        .map(|(id, _)| *id)
        .collect();
    let [commons, stories] = epoch_keys(label).map(|key| key.id());
    Kind::Epoch {
        commons,
        stories,
        to: crate::bounded::List::new(to).unwrap(),
        table: Hash::default(),
    }
}

impl Theme {
    fn explore(&self, name: &str, usual: u64, most: u64) {
        let mut explorer = self.explorer();
        explorer.depth = number("CIRCLET_DEPTH", usual).min(most) as usize;
        explorer.sample = number("CIRCLET_SAMPLE", 1);
        explorer.counts = vec![0; explorer.depth + 1];
        let nothing = explorer.nothing();
        explorer.grow(&nothing);
        println!(
            "{name}: {} letters, histories by length {:?}, {} deliveries",
            explorer.letters.len(),
            &explorer.counts[1..],
            explorer.deliveries
        );
    }

    fn explorer(&self) -> Explorer {
        let mut world = World::of(self.people).keepers(self.people[0], self.keepers);
        let rules = Rules {
            keepers_invite: false,
            quorum: self.quorum,
        };
        let founder = self.people[0];
        for device in self.devices {
            world.say("bo", add_device(world.circle, device, false));
        }
        world.meet_all();
        world.say(founder, Kind::SetRules { rules });
        world.say(founder, invite("i", 1, Role::Member));
        let kind = mint("base", world.replicas[founder].roster(), founder);
        world.say(founder, kind);
        let letters = self.letters.iter().map(|text| {
            let mut words = text.split(' ');
            let (by, verb) = (words.next().unwrap(), words.next().unwrap());
            let whom = words.next().unwrap_or_default();
            let kind = match verb {
                "removes" => remove(whom),
                "acks" => ack(),
                "leaves" => leave(),
                "admits" => admit(world.circle, "i", whom),
                "revokes" => revoke("i"),
                "promotes" | "keeps" => set_role(whom, Role::Keeper),
                "demotes" => set_role(whom, Role::Member),
                "adds" => add_device(world.circle, whom, false),
                "ends" => remove_device(whom, None),
                "rekeys" => Kind::Rekey { kem: kem() },
                _ => {
                    return Letter {
                        text,
                        by,
                        kind: None,
                    };
                }
            };
            let kind = Some(kind);
            Letter { text, by, kind }
        });
        let explorer = Explorer {
            letters: letters.collect(),
            base: world.replicas.remove(founder).unwrap(),
            forks: self.forks,
            depth: 0,
            sample: 1,
            counts: Vec::new(),
            deliveries: 0,
        };
        let _ = explorer.base.roster();
        explorer
    }
}

impl Explorer {
    fn nothing(&self) -> History {
        History {
            graph: self.base.clone(),
            acts: Vec::new(),
            forks: 0,
        }
    }

    /// One history: who says what, knowing which of the acts before. Checks it at each step.
    fn replay(&mut self, acts: &[(&str, &[usize])]) -> History {
        let mut history = self.nothing();
        for (text, known) in acts {
            let mut letters = self.letters.iter();
            let letter = letters.position(|letter| letter.text == *text).unwrap();
            let knows = known.iter().fold(0, |mask, at| mask | 1_u32 << at);
            let next = self.next(&history, letter, knows).unwrap();
            self.check(&history, &next);
            history = next;
        }
        history
    }

    fn grow(&mut self, history: &History) {
        let length = history.acts.len();
        if length == self.depth {
            return;
        }
        for letter in 0..self.letters.len() {
            for knows in 0..1_u32 << length {
                let Some(next) = self.next(history, letter, knows) else {
                    continue;
                };
                let id = next.acts[length].act.id().0;
                let pick = u64::from(id[0]) * 256 + u64::from(id[1]);
                if length + 1 == self.depth && !pick.is_multiple_of(self.sample) {
                    continue;
                }
                self.counts[length + 1] += 1;
                self.check(history, &next);
                self.grow(&next);
            }
        }
    }

    /// Adds an act with a past; `None` if that is no past, not the first order, or refused.
    fn next(&self, history: &History, letter: usize, knows: u32) -> Option<History> {
        let acts = || history.acts.iter().enumerate();
        let has = |at: usize| knows & (1 << at) != 0;
        let by = self.letters[letter].by;
        let own = |written: &Written| self.letters[written.letter].by == by;
        if acts().any(|(at, one)| has(at) && one.knows & !knows != 0) {
            return None;
        }
        let forks = history.forks + usize::from(acts().any(|(at, one)| own(one) && !has(at)));
        if forks > self.forks {
            return None;
        }
        let free = acts().rev().take_while(|(at, one)| !has(*at) && !own(one));
        if free.into_iter().any(|(_, one)| one.letter > letter) {
            return None;
        }
        let heard: Vec<&Written> = acts()
            .filter(|(at, _)| has(*at))
            .map(|(_, it)| it)
            .collect();
        let last = heard.iter().rev().find(|one| own(one));
        let (seq, prev) = last.map_or_else(
            || self.base.next(&device(by)),
            |one| (one.act.act().seq + 1, one.act.id()),
        );
        let built_on: BTreeSet<ActId> = heard.iter().flat_map(|one| one.act.parents()).collect();
        let mut heads: Vec<ActId> = heard.iter().map(|one| one.act.id()).collect();
        heads.retain(|id| !built_on.contains(id) && *id != prev);
        if heard.is_empty() {
            heads = self.base.heads();
            heads.retain(|id| *id != prev);
        }
        heads.sort_unstable();
        let mut graph = history.graph.clone();
        let kind = self.letters[letter].kind.clone().or_else(|| {
            let mut all = heads.clone();
            all.extend((seq > 1).then_some(prev));
            let roster = graph.roster_at(&all)?;
            roster.is_active(&device(by)).then_some(())?;
            Some(mint(&format!("{by} {seq}"), &roster, by))
        })?;
        let act = unsigned(&self.base, by, (seq, prev), heads, kind);
        let written = Written {
            letter,
            act: act.clone(),
            knows: knows | 1 << history.acts.len(),
        };
        (graph.insert(act) == Insert::Attached).then_some(())?;
        let mut acts = history.acts.clone();
        acts.push(written);
        Some(History { graph, acts, forks })
    }

    fn check(&mut self, before: &History, history: &History) {
        let roster = history.graph.roster();
        let mut deliveries = 0;
        let story = || self.story(history);
        let [gone_on, anew] = history.graph.both_ways();
        assert_eq!(gone_on, anew, "{}", story());
        for order in orders(history) {
            let mut other = self.base.clone();
            for at in &order {
                let result = other.insert(history.acts[*at].act.clone());
                assert_eq!(result, Insert::Attached, "{}", story());
            }
            let dropping = self.drop_late(history, &order);
            for other in [&other, &dropping] {
                assert_eq!(other.roster(), roster, "{order:?}\n{}", story());
                assert_eq!(
                    other.heads(),
                    history.graph.heads(),
                    "{order:?}\n{}",
                    story()
                );
                assert_eq!(other.tips(), history.graph.tips(), "{order:?}\n{}", story());
            }
            deliveries += 2;
        }
        self.deliveries += deliveries;
        for person in roster.people.keys() {
            let few = roster.devices_of(person).count() <= MAX_OF_ONE;
            assert!(few, "{}", self.story(history));
        }
        nobody_falls_unnamed(self, before, history);
        the_removed_change_nothing(self, before, history);
        keys_are_safe_and_live(self, history);
        there_is_a_way_on(self, history);
    }

    /// Delivers as a replica does that does not read what is late (R9).
    fn drop_late(&self, history: &History, order: &[usize]) -> Graph {
        let mut graph = self.base.clone();
        let mut waiting = order.to_vec();
        // An act that is wanted makes the graph want what it builds on: one step back in each round.
        let mut idle = 0;
        while idle <= order.len() && !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|at| {
                let act = &history.acts[*at].act;
                let _ = graph.roster();
                let late = graph.is_late(&act.id(), &act.act().device);
                late || graph.insert(act.clone()) != Insert::Attached
            });
            idle = if waiting.len() == before { idle + 1 } else { 0 };
        }
        graph
    }

    fn story(&self, history: &History) -> String {
        let acts = history.acts.iter().enumerate().map(|(at, one)| {
            let known = (0..at).filter(|other| one.knows & (1 << other) != 0);
            let void = history.graph.is_void(&one.act.id());
            let text = self.letters[one.letter].text;
            let known: Vec<usize> = known.collect();
            format!(
                "  {at}: {text}, knowing {known:?}{}",
                if void { ", void" } else { "" }
            )
        });
        acts.collect::<Vec<_>>().join("\n")
    }

    fn by(&self, written: &Written) -> PersonId {
        person(person_name(self.letters[written.letter].by))
    }
}

fn unsigned(
    base: &Graph,
    by: &str,
    (seq, prev): (u64, ActId),
    heads: Vec<ActId>,
    kind: Kind,
) -> VerifiedAct {
    VerifiedAct::trusted(SignedAct {
        act: Act {
            version: VERSION,
            suite: SUITE,
            circle: base.iter().next().unwrap().act().circle,
            device: device(by),
            seq,
            prev,
            heads: crate::bounded::List::new(heads).unwrap(),
            day: Day(1),
            kind,
        },
        signature: Signature::default(),
    })
}

/// The orders in which the acts can arrive, the most turned around first: all of three, two of more.
fn orders(history: &History) -> Vec<Vec<usize>> {
    let most = if history.acts.len() <= 3 { 6 } else { 2 };
    let mut orders = Vec::new();
    let mut partial = vec![Vec::new()];
    while let Some(order) = partial.pop() {
        if order.len() == history.acts.len() {
            orders.push(order);
            if orders.len() == most {
                break;
            }
            continue;
        }
        let here = order.iter().fold(0_u32, |mask, at| mask | (1_u32 << at));
        for (at, one) in history.acts.iter().enumerate() {
            if here & (1 << at) == 0 && one.knows & !(1 << at) & !here == 0 {
                let mut longer = order.clone();
                longer.push(at);
                partial.push(longer);
            }
        }
    }
    orders
}

/// Nobody whom others met falls by an act that does not name them. To meet somebody is to see their
/// admission before one knows of what strikes it (R5), or of somebody else's by the same invite. Who wrote
/// what strikes it is no witness, with no computer of theirs: R5 asks who is independent of both sides
/// (`who_removes_is_no_witness_with_another_computer` says why).
fn nobody_falls_unnamed(explorer: &Explorer, before: &History, history: &History) {
    let (was, is) = (before.graph.roster(), history.graph.roster());
    let fallen = was.members().filter(|(id, _)| !is.is_member(id));
    for (id, member) in fallen {
        let named = history.acts.iter().any(|one| match &one.act.act().kind {
            Kind::Remove { person, .. } => person == id,
            Kind::Leave { .. } => explorer.by(one) == *id,
            _ => false,
        });
        if named {
            continue;
        }
        let last = explorer.by(history.acts.last().unwrap());
        let mut admissions = history.acts.iter().filter(|one| admits(one) == Some(*id));
        let rivals = history.acts.iter().enumerate();
        let rivals = rivals.filter(|(_, one)| admits(one).is_some_and(|other| other != *id));
        let rivals = rivals.fold(0, |mask, (at, _)| mask | 1_u32 << at);
        let met = admissions.any(|one| {
            let ends = struck_by(explorer, history, one);
            let without = |end: usize| (rivals | 1_u32 << end, explorer.by(&history.acts[end]));
            let mut ends = ends.into_iter().map(without);
            saw(explorer, history, one, (&[last], rivals))
                && ends.all(|(not, ender)| saw(explorer, history, one, (&[last, ender], not)))
        });
        let rival = history.acts.iter().any(|one| {
            let other = admits(one).filter(|other| other != id);
            other.is_some_and(|other| saw(explorer, history, one, (&[other], 0)))
        });
        let base = explorer.base.roster().is_member(id);
        assert!(
            !base && (!met || rival),
            "{} fell\n{}",
            member.name,
            explorer.story(history)
        );
    }
}

fn admits(written: &Written) -> Option<PersonId> {
    let Kind::Admit { newcomer, .. } = &written.act.act().kind else {
        return None;
    };
    Some(newcomer.person)
}

/// What counts, was written beside an admission, and takes its ground away: an end of who let them in or
/// of who made the invite, or of the invite.
fn struck_by(explorer: &Explorer, history: &History, admission: &Written) -> Vec<usize> {
    let Kind::Admit { invite, .. } = &admission.act.act().kind else {
        return Vec::new();
    };
    let maker = explorer.base.roster().invites[invite].by;
    let sides = [maker, explorer.by(admission)];
    let here = place(history, admission);
    let acts = history.acts.iter().enumerate();
    let ends = acts.filter(|(at, one)| {
        let id = one.act.id();
        let names = match &one.act.act().kind {
            Kind::Remove { person, .. } => {
                sides.contains(person) && history.graph.roster().removals.contains_key(&id)
            }
            Kind::Leave { .. } | Kind::RemoveDevice { .. } => sides.contains(&explorer.by(one)),
            Kind::RevokeInvite { .. } => true,
            _ => false,
        };
        let beside = admission.knows & (1 << at) == 0 && one.knows & (1 << here) == 0;
        names && beside && !history.graph.is_void(&id)
    });
    ends.map(|(at, _)| at).collect()
}

fn place(history: &History, act: &Written) -> usize {
    let mut acts = history.acts.iter();
    acts.position(|one| one.act.id() == act.act.id()).unwrap()
}

/// Whether somebody from the beginning, neither its author nor in `but`, says that they saw an act, and by
/// what they wrote without knowing any of the acts in `not`.
fn saw(
    explorer: &Explorer,
    history: &History,
    act: &Written,
    (but, not): (&[PersonId], u32),
) -> bool {
    let at = place(history, act);
    history.acts.iter().any(|one| {
        let by = explorer.by(one);
        one.knows & (1 << at) != 0
            && one.knows & not == 0
            && explorer.by(act) != by
            && !but.contains(&by)
            && explorer.base.roster().is_member(&by)
            && !history.graph.is_void(&one.act.id())
    })
}

/// Once somebody independent knows of a removal, nothing that the removed add changes who belongs. A removal
/// on a fork is none yet: whom it removes may have seen the other branch first, and is a witness then (R3,
/// `who_is_removed_on_a_branch_is_a_witness_of_the_other`).
fn the_removed_change_nothing(explorer: &Explorer, before: &History, history: &History) {
    let (was, is) = (before.graph.roster(), history.graph.roster());
    let last = explorer.by(history.acts.last().unwrap());
    let removed = matches!(
        was.people.get(&last).map(|person| person.standing),
        Some(Standing::Removed(_))
    );
    let base = explorer.base.roster();
    let known = |removal: &Removal| {
        removal
            .known_by
            .iter()
            .filter(|id| base.is_member(id))
            .count()
    };
    let on_fork = |act: &ActId| {
        let by = before.graph.get(act).map(|act| act.act().device);
        let now = &is.devices;
        by.and_then(|by| now.get(&by)).is_some_and(|by| by.forked)
    };
    let mut removals = was
        .removals
        .iter()
        .filter(|(act, removal)| removal.person == last && !on_fork(act));
    if removed && removals.any(|(_, removal)| known(removal) > 1) {
        let active = |roster: &Roster| -> BTreeSet<DeviceId> {
            roster.active_devices().map(|(id, _)| *id).collect()
        };
        assert_eq!(active(was), active(is), "{}", explorer.story(history));
    }
}

/// K1: no key that seals is known to anybody who does not belong, or was wrapped to a KEM key that its
/// device has changed since. After one minting everybody who belongs seals, with a key that all have.
fn keys_are_safe_and_live(explorer: &Explorer, history: &History) {
    let roster = history.graph.roster();
    let given = |key: &EpochId| {
        let acts = explorer
            .base
            .iter()
            .chain(history.acts.iter().map(|one| &one.act));
        let to = acts.filter_map(|act| match &act.act().kind {
            Kind::Epoch {
                commons,
                stories,
                to,
                ..
            } if [commons, stories].contains(&key) => Some(to.to_vec()),
            _ => None,
        });
        to.flatten().collect::<BTreeSet<DeviceId>>()
    };
    let labels = explorer
        .letters
        .iter()
        .flat_map(|letter| (0..9).map(move |seq| format!("{} {seq}", letter.by)));
    let mut ring = Ring::default();
    for key in labels
        .chain(["base".into()])
        .flat_map(|label| epoch_keys(&label))
    {
        if history.graph.by.keys.contains_key(&key.id()) {
            ring.insert(key.id(), key);
        }
    }
    for (me, _) in roster.active_devices() {
        if let Some(act) = usable::sealing_epoch(roster, &ring, *me, Day(1)) {
            let epoch = &roster.epochs[&act];
            for key in [epoch.commons, epoch.stories] {
                let all_active = given(&key).iter().all(|device| roster.is_active(device));
                assert!(all_active, "{}", explorer.story(history));
            }
            let rekeys = history.acts.iter().filter(|one| {
                let kind = &one.act.act().kind;
                matches!(kind, Kind::Rekey { .. }) && !history.graph.is_void(&one.act.id())
            });
            for rekey in rekeys {
                let known = history.graph.knows(&[act], &rekey.act.id());
                assert!(known, "{}", explorer.story(history));
            }
        }
    }
    everybody_seals_after_one_minting(explorer, history, ring);
}

fn everybody_seals_after_one_minting(explorer: &Explorer, history: &History, mut ring: Ring) {
    let roster = history.graph.roster();
    let names = explorer.letters.iter().map(|letter| letter.by);
    let mut names = names.filter(|name| {
        roster.is_active(&device(name)) && !roster.asked_out.contains(&person(person_name(name)))
    });
    let Some(by) = names.next() else {
        return;
    };
    let kind = mint("last", roster, by);
    let mut graph = history.graph.clone();
    let place = graph.next(&device(by));
    let heads = graph
        .heads()
        .into_iter()
        .filter(|id| *id != place.1)
        .collect();
    let act = unsigned(&explorer.base, by, place, heads, kind);
    let id = act.id();
    assert_eq!(graph.insert(act), Insert::Attached);
    for key in epoch_keys("last") {
        ring.insert(key.id(), key);
    }
    let roster = graph.roster();
    for (me, _) in roster.keyed_devices(device(by)) {
        let sealing = usable::sealing_epoch(roster, &ring, *me, Day(1));
        assert_eq!(sealing, Some(id), "{}", explorer.story(history));
    }
}

/// Where no keeper is left, the members make one.
fn there_is_a_way_on(explorer: &Explorer, history: &History) {
    let mut graph = history.graph.clone();
    let names: BTreeSet<&str> = explorer.letters.iter().map(|letter| letter.by).collect();
    let active = names
        .into_iter()
        .filter(|name| graph.roster().is_active(&device(name)));
    let active: Vec<&str> = active.collect();
    let people: BTreeSet<PersonId> = active.iter().map(|it| person(person_name(it))).collect();
    let members = graph.roster().members().count();
    let keeper = graph
        .roster()
        .members()
        .any(|(_, it)| it.role == Role::Keeper);
    if keeper || 2 * people.len() <= members {
        return;
    }
    let new = person_name(active[0]);
    for by in &active {
        let place = graph.next(&device(by));
        let heads = graph
            .heads()
            .into_iter()
            .filter(|id| *id != place.1)
            .collect();
        let kind = set_role(new, Role::Keeper);
        graph.insert(unsigned(&explorer.base, by, place, heads, kind));
    }
    assert!(
        graph.roster().is_keeper(&person(new)),
        "{}",
        explorer.story(history)
    );
}

const REMOVALS: &[&str] = &[
    "ana removes bo",
    "ana removes cai",
    "ana acks",
    "bo removes ana",
    "bo removes cai",
    "bo acks",
    "bo admits dee",
    "cai acks",
    "cai removes ana",
    "dee acks",
];

#[test]
fn every_history_of_removals() {
    THREE.with(REMOVALS, 0).explore("removals", 3, 9);
}

#[test]
fn every_history_of_invites() {
    let letters = &[
        "ana revokes",
        "ana admits dee",
        "ana removes bo",
        "bo admits eve",
        "bo acks",
        "cai admits eve",
        "cai acks",
        "dee acks",
        "eve acks",
    ];
    THREE.with(letters, 0).explore("invites", 3, 9);
}

const ROLES: &[&str] = &[
    "ana demotes bo",
    "ana leaves",
    "bo demotes ana",
    "bo promotes cai",
    "bo removes cai",
    "bo acks",
    "cai removes ana",
    "cai promotes cai",
    "cai leaves",
    "ana acks",
];

#[test]
fn every_history_of_roles() {
    THREE.with(ROLES, 0).explore("roles", 3, 9);
}

const DEVICES: &[&str] = &[
    "ana removes bo",
    "bo adds bo2",
    "bo ends bo2",
    "bo2 ends bo",
    "bo2 removes cai",
    "bo2 acks",
    "cai acks",
    "cai admits dee",
    "bo removes ana",
];

#[test]
fn every_history_of_devices() {
    THREE.with(DEVICES, 0).explore("devices", 3, 9);
}

/// Bo has seven devices, and comes to have too many.
const MANY: Theme = Theme {
    devices: &["bo2", "bo3", "bo4", "bo5", "bo6", "bo7"],
    letters: &[
        "ana acks",
        "ana removes cai",
        "bo adds bo8",
        "bo ends bo4",
        "bo2 adds bo9",
        "bo2 ends bo",
        "bo8 adds bo10",
        "bo9 removes cai",
        "bo9 acks",
        "cai acks",
    ],
    forks: 1,
    ..THREE
};

#[test]
fn every_history_of_many_devices() {
    MANY.explore("many devices", 3, 9);
}

#[test]
fn every_history_of_keys() {
    let letters = &[
        "ana mints",
        "ana removes cai",
        "bo mints",
        "bo admits dee",
        "bo leaves",
        "bo rekeys",
        "cai mints",
        "cai rekeys",
        "cai acks",
        "dee mints",
    ];
    THREE.with(letters, 0).explore("keys", 3, 9);
}

#[test]
fn every_history_of_forks() {
    let letters = &[
        "ana removes bo",
        "ana admits eve",
        "ana acks",
        "bo admits dee",
        "bo acks",
        "cai acks",
        "dee acks",
    ];
    THREE.with(letters, 1).explore("forks", 3, 9);
}

#[test]
fn every_history_of_four_keepers() {
    FOUR.explore("four keepers", 3, 9);
}

/// Four keepers who decide by two.
const FOUR: Theme = Theme {
    people: &["ana", "bo", "cai", "dee"],
    keepers: &["bo", "cai", "dee"],
    quorum: true,
    devices: &[],
    letters: &[
        "ana removes dee",
        "bo removes dee",
        "bo acks",
        "cai keeps dee",
        "cai removes dee",
        "dee removes ana",
        "dee demotes bo",
        "dee mints",
        "bo mints",
    ],
    forks: 0,
};

#[test]
fn every_pair_by_the_removed_a_keeper_and_a_newcomer() {
    let letters = &[
        "ana removes bo",
        "ana removes cai",
        "ana removes dee",
        "ana demotes bo",
        "ana promotes cai",
        "ana revokes",
        "ana admits dee",
        "ana admits eve",
        "ana leaves",
        "ana mints",
        "ana acks",
        "bo removes ana",
        "bo removes cai",
        "bo removes dee",
        "bo demotes ana",
        "bo promotes cai",
        "bo revokes",
        "bo admits dee",
        "bo admits eve",
        "bo leaves",
        "bo mints",
        "bo acks",
        "bo rekeys",
        "bo adds bo2",
        "bo2 removes ana",
        "bo2 ends bo",
        "bo2 admits eve",
        "dee removes ana",
        "dee leaves",
        "dee mints",
        "dee acks",
        "cai acks",
        "cai removes bo",
        "cai admits dee",
    ];
    THREE.with(letters, 1).explore("pairs", 2, 3);
}

/// Two keepers and a member.
const THREE: Theme = Theme {
    people: &["ana", "bo", "cai"],
    keepers: &["bo"],
    quorum: false,
    devices: &[],
    letters: &[],
    forks: 0,
};

impl Theme {
    const fn with(&self, letters: &'static [&'static str], forks: usize) -> Self {
        Self {
            letters,
            forks,
            ..*self
        }
    }
}
