//! Events of the network in, outputs of the replicas out.

use super::{After, Driver, Round, ports};
use crate::identity::Hint;
use crate::network::{self, Command, Event, ListenFailure};
use crate::problem::Problem;
use crate::storage::Engine;
use circlet_model::address::Address;
use circlet_model::replica::input::{CommandId, Input};
use circlet_model::replica::output::{self, Output};
use circlet_model::time::Timestamp;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a circle waits for its first address before it begins to dial all the same.
const LISTEN_FIRST: Duration = Duration::from_secs(2);

/// The most addresses of one circle's node that are looked at.
const MAX_LISTENING: usize = 64;

impl<E: Engine> Driver<E> {
    /// Takes an event of a circle's network.
    pub(super) fn event(&mut self, hint: Hint, event: Event, round: &mut Round) {
        match event {
            Event::Listening { address } => self.listening(hint, address, round),
            Event::NotListening { address } => {
                if let Some(circle) = self.circle(hint) {
                    circle.listening.retain(|known| *known != address);
                }
                self.reachable(hint, round);
            }
            Event::ListenFailed { address, reason } => {
                self.listen_failed(hint, address, reason, round);
            }
            event @ (Event::LinkUp { .. }
            | Event::Hello { .. }
            | Event::Frame { .. }
            | Event::LinkDown { .. }
            | Event::DialFailed { .. }
            | Event::NetworkChanged
            | Event::BeaconHeard { .. }) => {
                if let Some(input) = self.input(hint, event, round) {
                    self.feed(hint, input, round);
                }
            }
        }
    }

    /// Returns what an event means for the replica, if anything.
    pub(super) fn input(&mut self, hint: Hint, event: Event, round: &mut Round) -> Option<Input> {
        let circle = self.circle(hint)?;
        match event {
            Event::LinkUp {
                link,
                peer,
                outbound,
                dial,
                address,
            } => {
                let named = dial.map(|dial| circle.dials.remove(&dial.0));
                let of_earlier = outbound && named.flatten().is_none();
                if of_earlier || circle.retry.is_some() || circle.replica.is_err() {
                    round
                        .after
                        .push(After::Network(hint, Command::Close { link }));
                    // The replica waits for its dial, and may have only a few under way.
                    return named.flatten().map(|dial| Input::DialFailed { dial });
                }
                circle.links.insert(link);
                Some(Input::LinkUp {
                    link,
                    peer,
                    dial: named.flatten(),
                    address,
                })
            }
            Event::Hello { link, frame } => circle
                .links
                .contains(&link)
                .then_some(Input::Hello { link, frame }),
            Event::Frame { link, frame } => circle
                .links
                .contains(&link)
                .then_some(Input::Frame { link, frame }),
            Event::LinkDown { link } => circle
                .links
                .remove(&link)
                .then_some(Input::LinkDown { link }),
            Event::DialFailed { dial, .. } => circle
                .dials
                .remove(&dial.0)
                .map(|dial| Input::DialFailed { dial }),
            Event::NetworkChanged => Some(Input::NetworkChanged),
            Event::BeaconHeard { key, payload, from } => {
                let key = usize::try_from(key.0).ok()?;
                Some(Input::BeaconHeard { key, payload, from })
            }
            Event::Listening { .. } | Event::NotListening { .. } | Event::ListenFailed { .. } => {
                None
            }
        }
    }

    fn listening(&mut self, hint: Hint, address: Address, round: &mut Round) {
        let first = self.is_first(hint);
        let now = self.now();
        let open = ports::asked_for(&self.config.listen, first, &address);
        let Some(circle) = self.circle(hint) else {
            return;
        };
        if circle.unsettled {
            circle.unsettled = false;
            circle.wake = Some(now);
        }
        if circle.listening.len() < MAX_LISTENING && !circle.listening.contains(&address) {
            circle.listening.push(address);
        }
        if open.is_some_and(|open| circle.row.keep_port(open, address.port())) {
            self.keep_row(hint, round);
        }
        self.reachable(hint, round);
    }

    /// A kept port may be taken by now: then another one is chosen and kept.
    fn listen_failed(
        &mut self,
        hint: Hint,
        address: Address,
        reason: ListenFailure,
        round: &mut Round,
    ) {
        let fixed = self.config.listen.contains(&address);
        let now = self.now();
        let Some(circle) = self.circle(hint) else {
            return;
        };
        if reason == ListenFailure::PortInUse && !fixed {
            let address = ports::with_port(&address, 0);
            round
                .after
                .push(After::Network(hint, Command::Listen { address }));
            return;
        }
        circle.refused.push(address);
        circle.asked = circle.asked.saturating_sub(1);
        if circle.asked == 0 && circle.unsettled {
            circle.unsettled = false;
            circle.wake = Some(now);
        }
    }

    /// Tells the replica where it can be reached, if that changed.
    fn reachable(&mut self, hint: Hint, round: &mut Round) {
        let asked = self.config.listen.clone();
        let Some(circle) = self.circle(hint) else {
            return;
        };
        let addresses = ports::reachable(&circle.listening, &asked);
        if circle.row.keep_reachable(&addresses) {
            self.keep_row(hint, round);
        }
        self.feed(hint, Input::Reachable { addresses }, round);
    }

    /// Writes the circle's own row. Should that not work, the row is written with its next change:
    /// all that is lost is which port was used last.
    fn keep_row(&mut self, hint: Hint, round: &mut Round) {
        let Some(put) = self.circle(hint).map(|circle| circle.row.put()) else {
            return;
        };
        if self.write(hint, vec![put], round).is_err() {
            tracing::debug!("a port could not be kept");
        }
    }

    /// Carries out what hangs on a round, now that the round is durable.
    pub(super) async fn carry(&mut self, after: After) {
        match after {
            After::Output {
                hint,
                generation,
                output,
            } => self.output(hint, generation, output).await,
            After::Network(hint, command) => self.send(hint, command).await,
            After::Open(hint) => self.open_network(hint),
            After::Restart(hint) => self.restart_network(hint).await,
            After::Look(look) => look(&self.shown()),
            After::Answer(_, answer) | After::Kept(answer) => answer(Ok(())),
        }
    }

    async fn output(&mut self, hint: Hint, generation: u64, output: Output) {
        if let Output::Reply { id, reply } = output {
            return self.reply(id, reply);
        }
        if matches!(
            output,
            Output::Renew | Output::Adopt { .. } | Output::Keep { .. }
        ) {
            if self
                .circle(hint)
                .is_some_and(|circle| circle.generation == generation)
            {
                self.other_keys.push((hint, output));
            }
            return;
        }
        let Some(circle) = self.circle(hint) else {
            return;
        };
        if circle.generation == generation {
            for command in circle.obey(output) {
                self.send(hint, command).await;
            }
        }
    }

    fn reply(&mut self, id: CommandId, reply: Result<output::Reply, output::Refusal>) {
        if let Some((_, answer)) = self.waiting.remove(&id.0) {
            drop(answer.send(reply.map_err(Problem::from)));
        }
    }

    /// Hands a command to a circle's network. It takes commands even while no events are taken.
    async fn send(&mut self, hint: Hint, command: Command) {
        let Some(circle) = self.circle(hint) else {
            return;
        };
        let Some(network) = &circle.network else {
            return;
        };
        if network.send(command).await.is_err() {
            tracing::debug!("a network has ended");
        }
    }

    pub(super) fn open_network(&mut self, hint: Hint) {
        let Some(runtime) = self.networks.clone() else {
            return;
        };
        let Some(keys) = self.identity.keys(hint) else {
            return;
        };
        let first = self.is_first(hint);
        let wake = self.now().after(LISTEN_FIRST);
        let asked = self.config.listen.clone();
        let beacon = self.config.beacon;
        let Some(circle) = self.circle(hint) else {
            return;
        };
        if circle.network.is_some() {
            return;
        }
        let listen = ports::plan(&asked, &circle.row, first);
        circle.asked = listen.len();
        let config = network::Config {
            identity: Zeroizing::new(keys.peer.to_secret().0),
            listen,
            limits: network::Limits::default(),
            beacon: beacon.then(network::beacon::Config::default),
        };
        let entered = runtime.enter();
        let started = network::start(config);
        drop(entered);
        circle.wake = Some(wake);
        let now = self.now();
        let Some(circle) = self.circle(hint) else {
            return;
        };
        if let Ok((handle, events)) = started {
            circle.network = Some(handle);
            circle.events = Some(events);
            circle.unsettled = true;
            circle.outage.over(now);
        } else {
            tracing::error!("the network of a circle did not start");
            circle.network_ended(now);
        }
    }

    /// Takes note that a circle's network ended by itself: its links are over, and it is opened again
    /// after a while.
    pub(super) fn network_ended(&mut self, hint: Hint, round: &mut Round) {
        tracing::error!("a network ended by itself");
        let now = self.now();
        let links = self.circle(hint).map(|circle| circle.network_ended(now));
        for link in links.unwrap_or_default() {
            self.feed(hint, Input::LinkDown { link }, round);
        }
    }

    /// Opens the networks whose wait is over. What the replica wanted to dial meanwhile led nowhere.
    pub(super) fn reopen_networks(&mut self, now: Timestamp, round: &mut Round) {
        for hint in self.hints() {
            let Some(circle) = self.circle(hint) else {
                continue;
            };
            if circle.outage.again.take_if(|at| *at <= now).is_none() {
                continue;
            }
            let dials = std::mem::take(&mut circle.dials);
            round.after.push(After::Open(hint));
            for dial in dials.into_values() {
                self.feed(hint, Input::DialFailed { dial }, round);
            }
        }
    }

    /// Says whether this is the circle that fixed ports serve.
    fn is_first(&self, hint: Hint) -> bool {
        self.circles
            .first()
            .is_some_and(|circle| circle.row.hint == hint)
    }
}
