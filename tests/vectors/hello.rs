//! Hello: what is said before both sides know each other, sealed, and the beacon.

use crate::book::{Book, Frozen};
use crate::cast::{self, circle, today};
use circlet_model::address::Address;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::PeerId;
use circlet_model::membership::act::NewDevice;
use circlet_model::replica::output::JoinEnd;
use circlet_model::secrecy::hello::{BeaconKey, BoxKey, Direction, Route, open_hello, seal_hello};
use circlet_model::secrecy::kem::{Sealed, X25519};
use circlet_model::sync::hello::{Answer, Hello, bind, bound};
use circlet_node::network::beacon;

#[test]
fn hello_and_beacon() {
    let mut book = Book::new("hello");
    for (name, hello) in hellos() {
        book.put(name, codec::encode(&hello));
    }
    for (name, answer) in answers() {
        book.put(name, codec::encode(&answer));
    }
    for (name, key, direction) in boxes() {
        let plain = codec::encode(&hellos()[0].1);
        let frame = seal_hello(&key, route(direction), &plain, &mut cast::rng());
        book.put(name, frame.unwrap());
    }
    book.put("beacon payload", payload());
    book.keep("beacon packet", || {
        beacon::seal(&beacon_key(), &payload()).unwrap()
    });
    let frozen = book.freeze();
    hellos_mean(&frozen);
    let opened = beacon::open(&beacon_key(), &frozen.bytes("beacon packet")).unwrap();
    assert_eq!(opened, frozen.bytes("beacon payload"));
    let (peer, ports): (PeerId, List<Address, 4>) = codec::decode(&opened).unwrap();
    assert_eq!((peer, ports.to_vec()), (ana_peer(), cast::addresses()));
}

fn hellos_mean(frozen: &Frozen) {
    for (name, hello) in hellos() {
        let read: Hello = codec::decode(&frozen.bytes(name)).unwrap();
        assert_eq!(read, hello);
        let (Hello::Join { binding, .. }
        | Hello::Member { binding, .. }
        | Hello::Return { binding, .. }
        | Hello::Link { binding, .. }) = read;
        let device = cast::bo_device().device();
        let hint = circle().hint();
        assert!(bound(device, &hint, bo_peer(), ana_peer(), &binding));
    }
    for (name, answer) in answers() {
        assert_eq!(
            codec::decode::<Answer>(&frozen.bytes(name)).unwrap(),
            answer
        );
    }
    for (name, key, direction) in boxes() {
        let frame = frozen.bytes(name);
        let (_, plain) = open_hello([&key], route(direction), &frame).unwrap();
        assert_eq!(codec::decode::<Hello>(&plain).unwrap(), hellos()[0].1);
    }
}

fn ana_peer() -> PeerId {
    cast::key(0x17).peer()
}

fn bo_peer() -> PeerId {
    cast::key(0x27).peer()
}

/// Bo dials Ana.
fn route(direction: Direction) -> Route {
    Route {
        dialler: bo_peer(),
        listener: ana_peer(),
        direction,
    }
}

fn hellos() -> [(&'static str, Hello); 4] {
    let hint = circle().hint();
    let binding = bind(&cast::bo_device(), &hint, bo_peer(), ana_peer());
    let newcomer = cast::newcomer(X25519);
    let proof = newcomer.prove(hint, &cast::invite().signing_key());
    let join = Hello::Join {
        invite: cast::invite().invite(),
        newcomer,
        proof,
        binding,
    };
    let member = Hello::Member {
        device: cast::bo_device().device(),
        binding,
        vouchers: List::default(),
        retracts: List::default(),
    };
    let kem = cast::kem(X25519, 0x23).public().clone();
    let device = NewDevice::sign(
        circle(),
        cast::bo().person(),
        &cast::bo_device(),
        kem.clone(),
    );
    let back = Hello::Return {
        certificate: device.certify(circle(), &cast::bo()),
        device,
        binding,
    };
    let link = Hello::Link {
        device: cast::bo_device().device(),
        kem,
        binding,
    };
    [
        ("hello: join", join),
        ("hello: member", member),
        ("hello: return", back),
        ("hello: link", link),
    ]
}

fn answers() -> [(&'static str, Answer); 5] {
    let member = Answer::Member {
        circle: circle(),
        device: cast::ana_device().device(),
        binding: bind(&cast::ana_device(), &circle().hint(), ana_peer(), bo_peer()),
    };
    [
        ("answer: member", member),
        ("answer: wait", Answer::Wait),
        ("answer: end", Answer::End(JoinEnd::Expired)),
        (
            "answer: end of a return",
            Answer::End(JoinEnd::PersonRemoved),
        ),
        ("answer: linked", Answer::Linked(Sealed::default())),
    ]
}

fn boxes() -> [(&'static str, BoxKey, Direction); 4] {
    let [commons, _] = cast::epoch_keys();
    let of_epoch = BoxKey::of_epoch(&commons);
    [
        (
            "call, sealed by the invite",
            cast::invite().box_key(),
            Direction::Call,
        ),
        ("answer, sealed by the epoch", of_epoch, Direction::Answer),
        (
            "call, sealed by the person",
            BoxKey::of_person(cast::bo().person(), &circle().hint()),
            Direction::Call,
        ),
        (
            "call, sealed by the device key",
            cast::device_key().box_key(),
            Direction::Call,
        ),
    ]
}

fn beacon_key() -> [u8; 32] {
    let [commons, _] = cast::epoch_keys();
    BeaconKey::of_epoch(&commons, today()).0.0
}

fn payload() -> Vec<u8> {
    let ports: List<Address, 4> = List::new(cast::addresses()).unwrap();
    codec::encode(&(ana_peer(), ports))
}
