//! A member whose program does not keep to the rules: what it says is not what it signed.

use super::{arrives, two};
use circlet_model::bounded::Text;
use circlet_model::content::story::{Ask, Story};
use circlet_model::invitation::InviteKey;
use circlet_model::key::SigningKey;
use circlet_model::replica::input::{Command, CommandId, Fade, Input, LinkId};
use circlet_model::replica::output::{Outbox, Output};
use circlet_model::replica::overview::Standing;
use circlet_model::replica::{Identity, Replica, Start};
use circlet_model::secrecy::kem;
use circlet_model::time::Timestamp;
use circlet_node::network::{self, Event, Limits};
use circlet_tests::nodes::{Computer, memory, text, together};
use circlet_tests::store::MemoryStore;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::{Duration, sleep, timeout};
use zeroize::Zeroizing;

/// The kind of a frame with entries.
const RUN: u8 = 5;

/// How often each of them is said on one link.
const FLOOD: usize = 200;

/// How often the member is shown the door before the test is content.
const ROUNDS: usize = 3;

/// How much more memory it may cost.
const MEMORY: u64 = 64 * 1024 * 1024;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_member_who_forges_is_let_go_each_time_and_costs_little() {
    let (ana, bo) = two();
    let key = text(&ana.data(&["invite"]), "key");
    let (_, before) = memory(ana.pid());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let forged = runtime.block_on(async {
        let forging = forge(&key);
        timeout(PATIENCE, forging)
            .await
            .expect("it was let in or not let go")
    });
    runtime.shutdown_background();
    let story = bo.share("Through it all.");
    arrives(&ana, &story);
    together(&[&ana, &bo], &["Ana", "Bo", "Mal"]);
    for computer in [&ana, &bo] {
        assert!(!knows(computer, "Forged."), "a forged story was taken in");
    }
    let more = memory(ana.pid()).0.saturating_sub(before);
    println!("{forged} forged frames, {} KiB more memory", more / 1024);
    assert!(more <= MEMORY, "{more} bytes more");
    assert_eq!(ana.log().matches("ERROR").count(), 0, "{}", ana.log());
}

fn knows(computer: &Computer, story: &str) -> bool {
    computer.stories().iter().any(|(_, text)| text == story)
}

/// Joins as Mal, forges what it shares, and returns how many frames it sent so until it was let go for
/// the last time.
async fn forge(key: &str) -> usize {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let identity = identity(&mut rng);
    let (handle, mut events) = network::start(network::Config {
        identity: Zeroizing::new(identity.peer.to_secret().0),
        listen: Vec::new(),
        limits: Limits::default(),
        beacon: None,
    })
    .unwrap();
    let store = MemoryStore::default();
    let mut out = Outbox::default();
    let start = Start {
        identity,
        name: "Mal",
        reader: Box::new(store.clone()),
    };
    let key = InviteKey::from_text(key).unwrap();
    let mut replica = Replica::join(start, &key, now(), &mut out).unwrap();
    replica.handle(now(), &mut rng, Input::Wake, &mut out);
    let (mut shared, mut forged, mut forged_on, mut let_go) = (false, 0, None, 0);
    loop {
        store.apply(std::mem::take(&mut out.writes));
        for output in std::mem::take(&mut out.outputs) {
            if let Output::Send { link, frame } = &output
                && frame.first() == Some(&RUN)
            {
                forged += flood(&handle, *link, frame).await;
                forged_on = Some(*link);
            } else if let Some(command) = command(output) {
                handle.send(command).await.unwrap();
            }
        }
        if !shared && replica.overview().standing == Standing::Member {
            shared = true;
            let command = share();
            let id = CommandId(1);
            replica.handle(now(), &mut rng, Input::Command { id, command }, &mut out);
            continue;
        }
        let input = tokio::select! {
            event = events.recv() => {
                if let Some(Event::LinkDown { link }) = &event
                    && forged_on == Some(*link)
                {
                    let_go += 1;
                }
                input(event.unwrap())
            }
            () = sleep(Duration::from_millis(200)) => Some(Input::Wake),
        };
        if let_go == ROUNDS {
            return forged;
        }
        if let Some(input) = input {
            replica.handle(now(), &mut rng, input, &mut out);
        }
    }
}

fn identity(rng: &mut ChaCha20Rng) -> Identity {
    Identity {
        person: SigningKey::random(rng),
        device: SigningKey::random(rng),
        kem: kem::SecretKey::generate(kem::DEFAULT, rng).unwrap().into(),
        peer: SigningKey::random(rng),
    }
}

/// Says again and again what nobody signed.
async fn flood(handle: &network::Handle, link: LinkId, frame: &[u8]) -> usize {
    let mut frame = frame.to_vec();
    *frame.last_mut().unwrap() ^= 1;
    for _ in 0..FLOOD {
        let frame = frame.clone();
        handle
            .send(network::Command::Send { link, frame })
            .await
            .unwrap();
    }
    FLOOD
}

fn share() -> Command {
    Command::Share {
        story: Story {
            text: Text::new("Forged.").unwrap(),
            ask: Ask::Listen,
            note: None,
            replaces: None,
            written: now(),
        },
        fade: Fade::AsSettled,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(since.as_millis() as u64)
}

/// Returns what the network is to do.
fn command(output: Output) -> Option<network::Command> {
    Some(match output {
        Output::Dial {
            dial,
            peer,
            addresses,
        } => network::Command::Dial {
            dial,
            peer,
            addresses,
        },
        Output::Hello { link, frame } => network::Command::Hello { link, frame },
        Output::Trust { link } => network::Command::Trust { link },
        Output::Send { link, frame } => network::Command::Send { link, frame },
        Output::Close { link } => network::Command::Close { link },
        Output::Known { .. }
        | Output::Wake { .. }
        | Output::Beacon { .. }
        | Output::Listen { .. }
        | Output::Reply { .. }
        | Output::Event(_)
        | Output::Renew
        | Output::Keep { .. }
        | Output::Adopt { .. } => return None,
    })
}

/// Returns what the replica hears.
fn input(event: Event) -> Option<Input> {
    Some(match event {
        Event::LinkUp {
            link,
            peer,
            dial,
            address,
            ..
        } => Input::LinkUp {
            link,
            peer,
            dial,
            address,
        },
        Event::Hello { link, frame } => Input::Hello { link, frame },
        Event::Frame { link, frame } => Input::Frame { link, frame },
        Event::LinkDown { link } => Input::LinkDown { link },
        Event::DialFailed { dial, .. } => Input::DialFailed { dial },
        Event::Listening { .. }
        | Event::NotListening { .. }
        | Event::ListenFailed { .. }
        | Event::NetworkChanged
        | Event::BeaconHeard { .. } => return None,
    })
}
