//! Acts: one signed act of every kind, with its id.

use crate::book::Book;
use crate::cast::{self, circle, today};
use circlet_model::bounded::{Bytes, List};
use circlet_model::codec;
use circlet_model::id::{ActId, EntryId, Hash};
use circlet_model::key::Signature;
use circlet_model::log::header;
use circlet_model::membership::act::{
    Act, Cut, History, Invite, Kind, Mark, Mode, NewDevice, Newcomer, Role, Rules, SUITE,
    SignedAct, VERSION,
};
use circlet_model::secrecy::kem::{X25519, XWING};

#[test]
fn acts() {
    let mut book = Book::new("acts");
    for (name, kind) in kinds() {
        let signed = act(kind).sign(&cast::ana_device());
        book.put(name, codec::encode(signed.signed()));
        book.put(&format!("{name}: id"), signed.id().0);
    }
    let frozen = book.freeze();
    for (name, kind) in kinds() {
        let signed: SignedAct = codec::decode(&frozen.bytes(name)).unwrap();
        let verified = signed.verify(circle()).unwrap();
        assert_eq!(verified.id(), ActId(frozen.array(&format!("{name}: id"))));
        assert_eq!(verified.act().kind, kind, "{name}");
    }
}

/// Returns an act of Ana's device: the first for a founding, else the second.
fn act(kind: Kind) -> Act {
    let first = matches!(kind, Kind::Found { .. });
    Act {
        version: VERSION,
        suite: SUITE,
        circle: circle(),
        device: cast::ana_device().device(),
        seq: if first { 1 } else { 2 },
        prev: ActId(if first { [0; 32] } else { [0x61; 32] }),
        heads: List::new(if first {
            Vec::new()
        } else {
            vec![ActId([0x62; 32]), ActId([0x63; 32])]
        })
        .unwrap(),
        day: today(),
        kind,
    }
}

/// Returns the kinds that say who is here.
fn kinds() -> Vec<(&'static str, Kind)> {
    let kem = cast::kem(X25519, 0x13).public().clone();
    let name = circlet_model::bounded::Text::new("Ana").unwrap();
    let founder = Newcomer::sign(circle(), &cast::ana(), &cast::ana_device(), kem, name);
    let rules = Rules::default();
    let found = Kind::Found {
        nonce: cast::NONCE,
        founder,
        rules,
    };
    let mut kinds = vec![
        ("found", found),
        ("invite", Kind::Invite(invite())),
        ("admit", admit(X25519)),
        ("admit, suite 2", admit(XWING)),
        ("add device", add_device()),
    ];
    kinds.extend(endings());
    kinds.extend(keys());
    kinds
}

fn invite() -> Invite {
    Invite {
        invite: cast::invite().invite(),
        role: Role::Member,
        uses: 3,
        expires: cast::NOW,
        mode: Mode::Knock,
        history: History::Days30,
        sealed: Bytes::new(vec![0x64; 60]).unwrap(),
        epoch: cast::epoch_keys()[0].id(),
    }
}

fn admit(suite: u8) -> Kind {
    let newcomer = cast::newcomer(suite);
    let proof: Signature = newcomer.prove(circle().hint(), &cast::invite().signing_key());
    let mark = Mark {
        device: cast::ana_device().device(),
        seq: 300,
    };
    Kind::Admit {
        invite: cast::invite().invite(),
        newcomer,
        proof,
        since: List::new(vec![mark]).unwrap(),
    }
}

fn add_device() -> Kind {
    let kem = cast::kem(X25519, 0x15).public().clone();
    let device = NewDevice::sign(circle(), cast::ana().person(), &cast::key(0x14), kem);
    let certificate = Some(device.certify(circle(), &cast::ana()));
    Kind::AddDevice {
        device,
        certificate,
    }
}

/// Returns the kinds that end something or change a role.
fn endings() -> Vec<(&'static str, Kind)> {
    let cut = Cut {
        device: cast::bo_device().device(),
        seq: 9,
        entry: EntryId([0x65; 32]),
        signature: header::sign(&cast::bo_device(), &EntryId([0x65; 32])),
    };
    let person = cast::bo().person();
    let cuts = || List::new(vec![cut]).unwrap();
    vec![
        (
            "revoke invite",
            Kind::RevokeInvite {
                invite: cast::invite().invite(),
            },
        ),
        (
            "remove device",
            Kind::RemoveDevice {
                device: cut.device,
                cut: Some(cut),
            },
        ),
        (
            "set role",
            Kind::SetRole {
                person,
                role: Role::Keeper,
            },
        ),
        (
            "remove",
            Kind::Remove {
                person,
                cut: cuts(),
            },
        ),
        ("leave", Kind::Leave { cut: cuts() }),
        (
            "ack",
            Kind::Ack {
                removals: List::new(vec![ActId([0x66; 32])]).unwrap(),
            },
        ),
        (
            "set rules",
            Kind::SetRules {
                rules: Rules {
                    keepers_invite: true,
                    quorum: true,
                },
            },
        ),
    ]
}

/// Returns the kinds about keys.
fn keys() -> Vec<(&'static str, Kind)> {
    let [commons, stories] = cast::epoch_keys().map(|key| key.id());
    let to = vec![cast::ana_device().device()];
    let table = Hash([0x67; 32]);
    let epoch = Kind::Epoch {
        commons,
        stories,
        to: List::new(to).unwrap(),
        table,
    };
    let share = Kind::Share {
        to: cast::bo_device().device(),
        keys: List::new(vec![commons]).unwrap(),
        table,
    };
    let kem = cast::kem(X25519, 0x16).public().clone();
    vec![
        ("epoch", epoch),
        ("share", share),
        ("rekey", Kind::Rekey { kem }),
    ]
}
