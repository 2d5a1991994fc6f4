//! Who belongs: a signed graph of acts, and the resolver that gives every node the same answer.
//!
//! Members write **acts** ([`act`]), each signed by a device. An act names the one before it of its
//! device and the other newest acts it knew; so each has a *past*, everything its writer knew. There
//! is no clock, no leader and no majority online: the [`graph`] says who belongs by what each writer
//! provably knew, and the [`roster`] is the same wherever the same acts are.
//!
//! # What is attached
//!
//! * **R1, validity.** An act holds if its device belonged, and its person's role allowed it, by the
//!   roster of its own past ([`judge`]). That never changes, so an act that does not hold is refused
//!   on every node, and so is what builds on it. Any member invites and admits, unless the rules leave
//!   that to keepers; only a keeper invites a keeper. An admission needs an invite that its writer knew
//!   of and knew to be open. Whether it has expired is the admitting node's to see: there is no clock
//!   here. Nobody removes themselves; they leave, and so may the last keeper.
//! * **R2, order.** An act follows the last act of its device that its past holds. So a device cannot
//!   un-know what it has built on: whoever would write an earlier past has to fork, and that shows.
//!
//! # What counts
//!
//! What is attached may still contradict something that its writer did not know. Then some of it is
//! *void*: kept, passed on, without effect. An act also needs its grounds: one act that brought its
//! device in has to stand. So what a void newcomer did is void.
//!
//! * **R3, forks.** Of two acts with one place in a chain, the branch stays that more people provably
//!   saw first; then the one that more saw who joined later; then the smaller id. The other is void with
//!   all that the device built on it, except that whom and what it brought in stays. Without
//!   the exception a founder could fork their second act, before anybody was there to witness the
//!   first, try until the ids fall right or bring a crowd of their own, and put out everybody. With it a
//!   fork takes nobody's place, and admitting is something that the forker could do anyway. What others
//!   build on a void branch is not void: they did nothing wrong.
//! * **R4, endings.** A removal, a leave or the removal of a device voids what those whom it ends wrote
//!   outside its past: nobody goes on by not having heard, or by back-dating. Taking the keeper's role
//!   voids in the same way what rested on it, or a demoted keeper would back-date a removal. A
//!   revocation voids admissions by that invite. A leave counts like a removal by oneself:
//!   otherwise a second device that stays away would keep a say for ever.
//! * **R5, witnesses.** What an ending would void stands if somebody provably saw it first: a person
//!   independent of both sides, a member in the past of both, one of whose acts has it in its past
//!   and the ending not. So a newcomer whom others met while the remover was away stays, and a
//!   back-dated act, which nobody can have met, does not. Only acts that stand are witnesses:
//!   two removed members cannot vouch for each other. (A witness whose later acts know the
//!   other side is still one: had it been otherwise, either side could spoil the other's
//!   witnesses by building on them.)
//! * **R6, rings.** Where endings strike each other (Ana removes Bo, Bo removes Ana; or a longer ring),
//!   R5 would spare both, so they are compared: more first-seen witnesses, first of those who belonged
//!   before all of them, then of those who did when it was written, then the author's longer
//!   membership, then the smaller id. The worst falls, until there is no ring any more.
//!   Endings are settled from the outside in: what nothing open strikes first, then ring by ring. Two
//!   removals of different people are no ring: both are out. In a chain (Ana removes Bo, Bo
//!   removes Cai beside it) Bo's act is void unless witnessed.
//! * **R7, acks.** A node that sees a removal acks it: that is the witness, and "8 of 9 know".
//! * **R8, two keepers**, where the circle asks for it: see `voice`.
//! * **R9, late acts** of the long removed are dropped: see `resolve`.
//! * **Coming back.** A person belongs if one standing act let them in that has every end of their
//!   membership in its past; a device likewise, with its own removal too. An admission beside a removal
//!   brings nobody back. An old device never comes back; a person comes back with a new one.
//! * **Invites.** Up to the number of uses those stand whom more members saw first, then the first by
//!   depth and id of their admission; one person admitted twice is one use. An admission beside a revocation stands if
//!   witnessed: whoever revokes means "nobody by this key", and another invite is cheap. A removal, of
//!   a device too, ends every invite that it does not lie before, as the removed could read them. *Beside* a
//!   removal the invites that the removed had made count as revoked; others still admit, because
//!   who lets a newcomer in is no party to the removal, and a newcomer should not pay for it.
//!   What an admission granted is decided by its own past and does not need the invite to stand.
//! * **Voices.** A removal or role from a member who is no keeper is a voice, and takes effect with
//!   more than half of those who belonged as far as the voices together knew, or others saw. In a ring the voices
//!   are witnesses of their own, so a majority outweighs the keeper it removes.
//! * **Keys.** An epoch is listed if the act that minted it stands. Who has its keys is collected from
//!   all acts, void ones too: what matters there is who holds them.
//!
//! # What cannot be helped
//!
//! A majority of witnesses can decide who belongs; whoever disagrees founds a circle of their own. Evidence
//! may come late: a member who was away may have seen the other side of a quarrel first, and then
//! the outcome changes for everybody. Who belongs is what the acts at hand prove, not what was shown
//! yesterday.

pub mod act;
pub mod graph;
pub mod judge;
pub mod roster;

pub use crowd::MAX_OF_ONE;

mod crowd;
mod ending;
mod fork;
mod node;
mod past;
mod quarrel;
mod resolve;
mod ring;
mod roll;
mod scope;
mod voice;
mod witness;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
