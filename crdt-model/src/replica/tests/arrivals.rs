//! Who comes, knocks or comes back is met as they should be.

use super::circle::{Circle, NOW, Other, identity};
use crate::address::{Address, Transport};
use crate::bounded::List;
use crate::codec;
use crate::id::{DeviceId, PeerId};
use crate::key::{Secret, SigningKey};
use crate::log::record::{self, Kind as RecordKind, Payload, Record};
use crate::membership::act::{History, Invite, Kind, Mark, Mode, Newcomer, Role, Rules};
use crate::replica::Link;
use crate::replica::acts::Taken;
use crate::replica::admit::Waiting;
use crate::replica::input::{Input, LinkId};
use crate::replica::output::{Outbox, Output, Reply};
use crate::secrecy::hello::{Direction, MAX_HELLO, Route, seal_hello};
use crate::sync::message::{Message, Open, VERSIONS};
use crate::sync::session::Session;
use crate::time::Timestamp;
use core::time::Duration;
use std::net::Ipv4Addr;

/// Returns the key of an invite, and the act that makes it.
fn invite(circle: &Circle, seed: u8, mode: Mode, expires: Timestamp) -> (SigningKey, Kind) {
    let key = SigningKey::from_secret(&Secret([seed; 32]));
    let kind = Kind::Invite(Invite {
        invite: key.invite(),
        role: Role::Member,
        uses: 9,
        expires,
        mode,
        history: History::All,
        sealed: crate::bounded::Bytes::default(),
        epoch: circle.stories(),
    });
    (key, kind)
}

fn knock(circle: &mut Circle, invite: &SigningKey, newcomer: &Newcomer) {
    let proof = newcomer.prove(circle.replica.hint(), invite);
    let waiting = Waiting {
        invite: invite.invite(),
        newcomer: newcomer.clone(),
        proof,
    };
    let mut out = Outbox::default();
    circle.replica.note_knock(&waiting, NOW, &mut out).unwrap();
}

#[test]
fn who_knocks_again_with_other_keys_is_let_in_with_those() {
    let mut circle = Circle::found();
    let (key, kind) = invite(&circle, 90, Mode::Knock, Timestamp(u64::MAX));
    circle.replica.act(kind, NOW).unwrap();
    let first = Other::new(2);
    let mut again = Other::new(3);
    again.keys.person = first.keys.person.clone();
    for who in [&first, &again] {
        let newcomer = who.newcomer(&circle.replica);
        knock(&mut circle, &key, &newcomer);
    }
    assert_eq!(circle.replica.knocks().len(), 1);
    let person = first.keys.person.person();
    let welcome = circle.replica.welcome(person, NOW, &mut circle.rng);
    assert_eq!(welcome, Ok(Some(())));
    let roster = circle.replica.roster().unwrap();
    assert!(roster.is_active(&again.keys.device.device()));
    assert!(!roster.is_active(&first.keys.device.device()));
    assert!(circle.replica.knocks().is_empty());
}

#[test]
fn who_was_put_aside_and_knocks_with_other_keys_waits_again() {
    let mut circle = Circle::found();
    let (key, kind) = invite(&circle, 90, Mode::Knock, Timestamp(u64::MAX));
    circle.replica.act(kind, NOW).unwrap();
    let first = Other::new(2);
    let mut again = Other::new(3);
    again.keys.person = first.keys.person.clone();
    let newcomer = first.newcomer(&circle.replica);
    knock(&mut circle, &key, &newcomer);
    let mut out = Outbox::default();
    let aside = circle.replica.put_aside(newcomer.person, NOW, &mut out);
    assert_eq!(aside, Ok(Reply::Done));
    // The same knock goes on, and is heard no more.
    knock(&mut circle, &key, &newcomer);
    let waits = |circle: &Circle| {
        let count = |knocks: Vec<_>| knocks.len();
        (
            count(circle.replica.waiting(NOW)),
            count(circle.replica.aside(NOW)),
        )
    };
    assert_eq!(waits(&circle), (0, 1));
    let newcomer = again.newcomer(&circle.replica);
    knock(&mut circle, &key, &newcomer);
    assert_eq!(waits(&circle), (1, 0));
}

#[test]
fn who_was_put_aside_takes_no_place_of_those_who_wait() {
    let mut circle = Circle::found();
    let (key, kind) = invite(&circle, 90, Mode::Knock, Timestamp(u64::MAX));
    circle.replica.act(kind, NOW).unwrap();
    for seed in 2..40 {
        let newcomer = Other::new(seed).newcomer(&circle.replica);
        knock(&mut circle, &key, &newcomer);
        let mut out = Outbox::default();
        let aside = circle.replica.put_aside(newcomer.person, NOW, &mut out);
        assert_eq!(aside, Ok(Reply::Done), "{seed}");
    }
    assert_eq!(circle.replica.aside(NOW).len(), 38);
}

#[test]
fn a_welcome_that_is_not_allowed_leaves_the_knock() {
    let mut circle = Circle::found();
    let (key, kind) = invite(&circle, 90, Mode::Knock, Timestamp(u64::MAX));
    circle.replica.act(kind, NOW).unwrap();
    circle.join(4, History::All);
    circle.join(5, History::All);
    let rules = Rules {
        keepers_invite: true,
        ..Rules::default()
    };
    circle.replica.act(Kind::SetRules { rules }, NOW).unwrap();
    let person = circle.replica.me();
    let role = Role::Member;
    let demoted = circle.replica.act(Kind::SetRole { person, role }, NOW);
    assert!(demoted.is_some());
    let newcomer = Other::new(2).newcomer(&circle.replica);
    knock(&mut circle, &key, &newcomer);
    let welcome = circle
        .replica
        .welcome(newcomer.person, NOW, &mut circle.rng);
    assert_eq!(welcome, Ok(None));
    assert_eq!(circle.replica.knocks().len(), 1);
}

#[test]
fn a_record_from_before_a_backup_was_put_back_is_outdone() {
    let mut circle = Circle::found();
    circle.replica.reachable = vec!["/ip4/192.0.2.1/tcp/4001".parse().unwrap()];
    let first = circle.replica.publish_addresses(NOW).unwrap();
    let later = Record {
        seq: first.record.seq + 7,
        at: Timestamp(NOW.0 + 1),
        ..first.record.clone()
    };
    let later = later.sign(&circle.replica.identity.device);
    let mut out = Outbox::default();
    let records = vec![later.clone()];
    assert!(circle.replica.on_records(records, NOW, &mut out));
    let own = (circle.replica.device(), RecordKind::Addresses);
    circle.replica.publish_addresses(NOW);
    assert!(circle.replica.records[&own].record.seq > later.record.seq);
}

#[test]
fn long_vouchers_leave_room_for_a_hello() {
    let mut circle = Circle::found();
    let marks = (0..250).map(|n| Mark {
        device: DeviceId([n; 32]),
        seq: u64::MAX,
    });
    let since = List::new(marks.collect()).unwrap();
    let mut by = circle.join(2, History::All);
    for seed in 3..15 {
        let (key, kind) = invite(&circle, 100 + seed, Mode::Open, Timestamp(u64::MAX));
        assert_eq!(circle.act(&by, kind).1, Taken::New);
        let next = Other::new(seed);
        let newcomer = next.newcomer(&circle.replica);
        let proof = newcomer.prove(circle.replica.hint(), &key);
        let admit = Kind::Admit {
            invite: key.invite(),
            newcomer,
            proof,
            since: since.clone(),
        };
        assert_eq!(circle.act(&by, admit).1, Taken::New);
        by = next;
    }
    circle.replica.identity = by.keys;
    let peer = identity(99).peer.peer();
    let (key, hello) = circle.replica.own_hello(peer, false, 0).unwrap();
    let route = Route {
        dialler: circle.replica.peer(),
        listener: peer,
        direction: Direction::Call,
    };
    let bytes = codec::encode(&hello);
    assert!(bytes.len() < MAX_HELLO);
    assert!(seal_hello(&key, route, &bytes, &mut circle.rng).is_some());
}

#[test]
fn every_open_invite_is_heard() {
    let mut circle = Circle::found();
    let mut keys: Vec<crate::invitation::InviteKey> = Vec::new();
    for number in 0..40_u8 {
        let hours = Duration::from_hours(100 + u64::from(number));
        let command = crate::replica::input::Command::Invite {
            uses: 1,
            expires: hours,
            mode: Mode::Open,
            history: History::All,
        };
        let mut out = Outbox::default();
        let reply = circle
            .replica
            .command(command, NOW, &mut circle.rng, &mut out);
        let Ok(Reply::Invited { key, .. }) = reply else {
            panic!("{reply:?}")
        };
        keys.push(crate::invitation::InviteKey::from_text(&key).unwrap());
    }
    let route = Route {
        dialler: identity(99).peer.peer(),
        listener: circle.replica.peer(),
        direction: Direction::Call,
    };
    for key in &keys {
        let frame = seal_hello(&key.box_key(), route, b"hello", &mut circle.rng).unwrap();
        let tried = circle.replica.hello_keys();
        assert!(crate::secrecy::hello::open_hello(tried.iter(), route, &frame).is_some());
    }
}

#[test]
fn a_beacon_sent_again_from_anywhere_is_few_targets() {
    let mut circle = Circle::found();
    let mut hear = |number: u32, peer: PeerId| {
        let ports: Vec<Address> = vec![Address::new(Transport::Tcp, Ipv4Addr::LOCALHOST.into(), 1)];
        let ports: List<Address, 4> = List::new(ports).unwrap();
        let input = Input::BeaconHeard {
            key: 0,
            payload: codec::encode(&(peer, ports)),
            from: Ipv4Addr::from(number).into(),
        };
        let mut out = Outbox::default();
        circle.replica.handle(NOW, &mut circle.rng, input, &mut out);
        circle.store.apply(out.writes);
        circle.replica.schedule.targets().count()
    };
    assert_eq!((1..1000).map(|it| hear(it, PeerId([1; 32]))).max(), Some(4));
    let many = |it: u32| PeerId([it as u8; 32]);
    assert_eq!((1000..2000).map(|it| hear(it, many(it))).max(), Some(16));
}

#[test]
fn who_was_heard_and_never_reached_is_forgotten() {
    let mut circle = Circle::found();
    let ports: List<Address, 4> = List::new(vec![Address::new(
        Transport::Tcp,
        Ipv4Addr::LOCALHOST.into(),
        1,
    )])
    .unwrap();
    let mut now = NOW;
    let mut input = Input::BeaconHeard {
        key: 0,
        payload: codec::encode(&(PeerId([1; 32]), ports)),
        from: Ipv4Addr::LOCALHOST.into(),
    };
    let mut dials = 0;
    for _ in 0..20 {
        let mut out = Outbox::default();
        circle.replica.handle(now, &mut circle.rng, input, &mut out);
        circle.store.apply(out.writes);
        let dial = out.outputs.iter().find_map(|output| match output {
            Output::Dial { dial, .. } => Some(*dial),
            _ => None,
        });
        dials += usize::from(dial.is_some());
        input = dial.map_or(Input::Wake, |dial| Input::DialFailed { dial });
        now = now.after(Duration::from_mins(5));
    }
    assert_eq!(dials, 6);
    assert_eq!(circle.replica.schedule.targets().count(), 0);
}

fn handle(circle: &mut Circle, input: Input, now: Timestamp) -> Vec<Output> {
    let mut out = Outbox::default();
    circle.replica.handle(now, &mut circle.rng, input, &mut out);
    circle.store.apply(out.writes);
    out.outputs
}

#[test]
fn a_member_whose_link_is_lost_is_dialled_again_soon_whoever_began_it() {
    let mut circle = Circle::found();
    let bo = circle.join(2, History::All);
    let (device, peer) = (bo.keys.device.device(), bo.keys.peer.peer());
    let id = circle.replica.state.circle.unwrap();
    let record = Record {
        version: record::VERSION,
        circle: id,
        device,
        seq: 1,
        at: NOW,
        payload: Payload::Addresses {
            peer,
            proof: record::prove_peer(&bo.keys.peer, id, device),
            addresses: List::new(vec!["/ip4/192.0.2.1/tcp/4001".parse().unwrap()]).unwrap(),
            always_on: false,
        },
    };
    let records = vec![record.sign(&bo.keys.device)];
    let mut out = Outbox::default();
    assert!(circle.replica.on_records(records, NOW, &mut out));
    // It could not be reached for hours; then it comes by itself, stays a while, and is lost.
    let mut now = NOW;
    let mut input = Input::Wake;
    for _ in 0..40 {
        now = now.after(Duration::from_mins(20));
        let outputs = handle(&mut circle, input, now);
        let dial = outputs.iter().find_map(|output| match output {
            Output::Dial { dial, .. } => Some(*dial),
            _ => None,
        });
        input = dial.map_or(Input::Wake, |dial| Input::DialFailed { dial });
    }
    handle(&mut circle, input, now);
    let (link, mut session) = (LinkId(1), Session::new(peer, device, false));
    session.acts_in = true;
    let link_of = Link {
        peer,
        dialled: false,
        address: None,
        target: None,
        session: Some(session),
        hello: None,
    };
    circle.replica.links.insert(link, link_of);
    handle(&mut circle, Input::LinkDown { link }, now);
    let soon = now.after(crate::sync::schedule::FIRST_WAIT);
    let outputs = handle(&mut circle, Input::Wake, soon);
    let dialled =
        |output: &Output| matches!(output, Output::Dial { peer: Some(to), .. } if *to == peer);
    assert!(outputs.iter().any(dialled), "{outputs:?}");
}

#[test]
fn who_does_not_belong_any_more_says_acts_to_who_calls_and_nothing_else() {
    let mut circle = Circle::found();
    let bo = circle.join(2, History::All);
    assert!(circle.replica.publish_addresses(NOW).is_some());
    let said = |circle: &mut Circle| {
        let mut session = Session::new(PeerId([2; 32]), bo.keys.device.device(), false);
        session.their_open = Some(Open {
            versions: VERSIONS,
            answers: true,
            tips: List::default(),
            records: List::default(),
        });
        let mut out = Outbox::default();
        let given = circle.replica.give_acts(LinkId(1), &mut session, &mut out);
        given.unwrap();
        let messages = out.outputs.into_iter().map(|output| match output {
            Output::Send { frame, .. } => Message::from_frame(&frame).unwrap().unwrap(),
            other => panic!("{other:?}"),
        });
        let kinds = messages.map(|message| match message {
            Message::Acts(_) => "acts",
            Message::Records(_) => "records",
            Message::ActsEnd => "end",
            other => panic!("{other:?}"),
        });
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(said(&mut circle), ["acts", "records", "end"]);
    let cut = List::default();
    circle.replica.act(Kind::Leave { cut }, NOW).unwrap();
    assert_eq!(said(&mut circle), ["acts", "end"]);
}
