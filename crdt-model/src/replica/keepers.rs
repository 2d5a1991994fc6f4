//! A keeper's right: whether an entry is by somebody who was a keeper as far as they knew.
//!
//! Heads and lamport time never go back along a chain. From the first entry on that leaves out what the
//! entry below it knew, nothing of its device counts where a keeper's right is asked: whoever is a
//! keeper no longer could stay one by never having heard. Which entry that is follows from the entries
//! alone, in whatever order they come. Acts of people whom the entry knows to be removed may be left out: a
//! replica drops some of them (rule R9).

use super::Replica;
use super::rows::from_head;
use super::things::Thing;
use crate::id::{DeviceId, EntryId, PersonId};
use crate::log::entry::{Entry, Place};
use crate::log::frontier::MAX_BRANCHES;
use crate::log::header::{Action, Header, KeyClass};
use crate::store::Error;

/// So many entries in a row may name acts that are not here: behind more of them nobody is believed to be a
/// keeper, as comparing would take too long.
const MAX_BLIND: usize = 1024;

impl Replica {
    /// Returns whether a person was a keeper as far as an entry knows.
    pub(super) fn was_keeper(&mut self, header: &Header, person: &PersonId) -> bool {
        let back = self.went_back.get(&header.device);
        if back.is_some_and(|back| *back <= header.seq) {
            return false;
        }
        // Resolving a point in the past is work: only for those whom some act made a keeper.
        let graph = self.graph.as_mut();
        let Some(graph) = graph.filter(|graph| graph.is_named_keeper(person)) else {
            return false;
        };
        if !graph.introduces(&header.heads, &header.device) {
            return false;
        }
        let roster = graph.roster_at(&header.heads);
        roster.is_some_and(|roster| roster.is_keeper(person))
    }

    /// Looks whether entries of a branch that are about to be stored, ascending, go back behind what is
    /// below each, or what is above behind them.
    pub(super) fn judge_order(&mut self, branch: u8, entries: &[Entry]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        for pair in entries.windows(2) {
            if let [below, above] = pair {
                self.judge_pair(below.header.header(), above.header.header())?;
            }
        }
        let below = self.entry_below(branch, first.header.header())?;
        let above = self.entries_above(last.header.header(), last.id())?;
        if let Some(below) = &below {
            self.judge_pair(below.header.header(), first.header.header())?;
        }
        for above in &above {
            self.judge_pair(last.header.header(), above.header.header())?;
        }
        let mut all = entries.iter().chain(&below).chain(&above);
        if all.all(|entry| self.knows_heads(entry.header.header())) {
            return Ok(());
        }
        self.judge_across(branch, (below, entries, above))
    }

    /// An entry that names acts which are not here says nothing of what its writer knew: what lies above it
    /// is compared with what lies below, so that nobody goes back behind such an entry.
    fn judge_across(
        &mut self,
        branch: u8,
        (below, entries, above): (Option<Entry>, &[Entry], Vec<Entry>),
    ) -> Result<(), Error> {
        let known = |it: &Self, entry: &Entry| it.knows_heads(entry.header.header());
        let (mut line, mut blind) = (Vec::new(), 0);
        let mut at = below;
        while let Some(entry) = at.filter(|_| blind <= MAX_BLIND) {
            at = None;
            if known(self, &entry) {
                line.push(entry);
            } else {
                blind += 1;
                at = self.entry_below(branch, entry.header.header())?;
            }
        }
        line.extend(entries.iter().filter(|entry| known(self, entry)).cloned());
        if blind > MAX_BLIND
            && let Some(first) = line.first().or(above.first())
        {
            let header = first.header.header();
            self.went_back_at(header.device, header.seq)?;
        }
        for pair in line.windows(2) {
            if let [below, above] = pair {
                self.judge_pair(below.header.header(), above.header.header())?;
            }
        }
        let Some(top) = line.pop() else { return Ok(()) };
        let (mut above, mut blind) = (above, 0);
        while let Some(entry) = above.pop() {
            let header = entry.header.header();
            if known(self, &entry) {
                self.judge_pair(top.header.header(), header)?;
            } else if blind < MAX_BLIND {
                blind += 1;
                above.extend(self.entries_above(header, entry.id())?);
            } else {
                return self.went_back_at(header.device, header.seq);
            }
        }
        Ok(())
    }

    /// Reads back which devices went back.
    pub(super) fn load_went_back(&mut self) -> Result<(), Error> {
        for (_, value) in self.rows.scan(&self.rows.meta_scan(9))? {
            let (device, seq) = from_head(&value)?;
            self.went_back.insert(device, seq);
        }
        Ok(())
    }

    fn judge_pair(&mut self, below: &Header, above: &Header) -> Result<(), Error> {
        let before = self.went_back.get(&above.device);
        if before.is_none_or(|before| above.seq < *before) && self.goes_back(below, above) {
            self.went_back_at(above.device, above.seq)?;
        }
        Ok(())
    }

    /// Notes that from an entry on nothing of a device counts where a keeper's right is asked.
    fn went_back_at(&mut self, device: DeviceId, seq: u64) -> Result<(), Error> {
        let before = self.went_back.get(&device).copied().unwrap_or(u64::MAX);
        if seq >= before {
            return Ok(());
        }
        self.went_back.insert(device, seq);
        self.rows
            .save(self.rows.went_back_key(&device), &(device, seq));
        self.drop_rights(device, (seq, before - 1))
    }

    fn goes_back(&self, below: &Header, above: &Header) -> bool {
        let graph = self.graph.as_ref();
        let leaves_out = || graph.is_some_and(|graph| graph.leaves_out(&above.heads, &below.heads));
        above.lamport < below.lamport || (above.heads != below.heads && leaves_out())
    }

    fn entry_below(&self, branch: u8, header: &Header) -> Result<Option<Entry>, Error> {
        let Some(seq) = header.seq.checked_sub(1) else {
            return Ok(None);
        };
        let others = (0..MAX_BRANCHES).filter(|other| *other != branch);
        for branch in core::iter::once(branch).chain(others) {
            let below = self.entry_kept(header.device, branch, seq)?;
            let below = below.filter(|below| below.id() == header.prev);
            if below.is_some() {
                return Ok(below);
            }
        }
        Ok(None)
    }

    fn entries_above(&self, header: &Header, id: EntryId) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for branch in 0..MAX_BRANCHES {
            let above = self.entry_kept(header.device, branch, header.seq.saturating_add(1))?;
            entries.extend(above.filter(|above| above.header.header().prev == id));
        }
        Ok(entries)
    }

    fn entry_kept(&self, device: DeviceId, branch: u8, seq: u64) -> Result<Option<Entry>, Error> {
        if !self.kept(&device, branch).holds(seq) {
            return Ok(None);
        }
        self.rows.entry(&Place {
            device,
            branch,
            seq,
        })
    }

    /// Forgets what some entries of a device said by a keeper's right.
    fn drop_rights(&mut self, device: DeviceId, range: (u64, u64)) -> Result<(), Error> {
        let person = self.roster().and_then(|roster| roster.person_of(&device));
        for branch in 0..MAX_BRANCHES {
            let ranges = self.frontier.chain(&device, branch).within(range);
            let drop = |it: &mut Self, place, entry: Entry| it.drop_right(place, &entry, person);
            self.each_entry((device, branch), &ranges, drop)?;
        }
        Ok(())
    }

    fn drop_right(
        &mut self,
        place: Place,
        entry: &Entry,
        person: Option<PersonId>,
    ) -> Result<(), Error> {
        let header = entry.header.header();
        if header.class != KeyClass::Commons {
            return Ok(());
        }
        let by_right = match header.action {
            Action::Retract => header.origin.map(|origin| origin.creator) != person,
            Action::Write => {
                let key = self.rows.thing_key(&header.thing);
                let thing: Option<Thing> = self.rows.load(&key)?;
                thing.is_some_and(|thing| thing.by_keepers.contains(&place))
            }
        };
        if by_right {
            self.unindex(place, entry)?;
        }
        Ok(())
    }
}
