//! Wrap rows and tables in both suites.

use crate::book::Book;
use crate::cast::{self, circle};
use circlet_model::codec;
use circlet_model::id::{DeviceId, EpochId, Hash};
use circlet_model::key::Secret;
use circlet_model::secrecy::epoch::{EpochKey, Ring};
use circlet_model::secrecy::kem::{Keys, PublicKey, SecretKey, X25519, XWING};
use circlet_model::secrecy::wrap::{self, Table};
use std::collections::BTreeMap;

#[test]
fn wraps() {
    let mut book = Book::new("wraps");
    for suite in [X25519, XWING] {
        let minted = wrap::mint(circle(), &devices(suite), &mut cast::rng()).unwrap();
        let name = |what: &str| format!("suite {suite}: {what}");
        book.put(&name("public key"), codec::encode(me(suite).public()));
        book.put(&name("secret key"), codec::encode(&me(suite)));
        book.put(&name("commons key"), minted.commons.secret().0);
        book.put(&name("stories key"), minted.stories.secret().0);
        book.put(&name("epoch table"), codec::encode(&minted.table));
        book.put(&name("epoch table hash"), minted.table.hash().0);
        let to = (device(), me(suite).public().clone());
        let ids = ring_ids();
        let shared = wrap::share(circle(), (to.0, &to.1), &ids, &ring(), &mut cast::rng());
        book.put(&name("share table"), codec::encode(&shared.unwrap().table));
    }
    let frozen = book.freeze();
    for suite in [X25519, XWING] {
        let name = |what: &str| format!("suite {suite}: {what}");
        let me: SecretKey = codec::decode(&frozen.bytes(&name("secret key"))).unwrap();
        let public: PublicKey = codec::decode(&frozen.bytes(&name("public key"))).unwrap();
        assert_eq!(me.public(), &public);
        let me = Keys::from(me);
        let table: Table = codec::decode(&frozen.bytes(&name("epoch table"))).unwrap();
        table
            .check(Hash(frozen.array(&name("epoch table hash"))), 1)
            .unwrap();
        let keys = ["commons key", "stories key"]
            .map(|what| EpochKey::from_secret(Secret(frozen.array(&name(what)))));
        let ids = [keys[0].id(), keys[1].id()];
        let row = table.row(0).unwrap();
        let opened = wrap::open_epoch_row(circle(), (device(), &me), ids, row).unwrap();
        assert_eq!([opened.0, opened.1], keys);
        let table: Table = codec::decode(&frozen.bytes(&name("share table"))).unwrap();
        let row = table.row(0).unwrap();
        let opened = wrap::open_share_row(circle(), (device(), &me), &ring_ids(), row);
        assert_eq!(opened.unwrap(), cast::epoch_keys());
    }
}

fn device() -> DeviceId {
    cast::bo_device().device()
}

fn me(suite: u8) -> SecretKey {
    cast::kem(suite, 0x23)
}

fn devices(suite: u8) -> BTreeMap<DeviceId, &'static PublicKey> {
    let public: &'static PublicKey = Box::leak(Box::new(me(suite).public().clone()));
    BTreeMap::from([(device(), public)])
}

fn ring_ids() -> Vec<EpochId> {
    cast::epoch_keys().iter().map(EpochKey::id).collect()
}

fn ring() -> Ring {
    let mut ring = Ring::default();
    for key in cast::epoch_keys() {
        ring.insert(key.id(), key);
    }
    ring
}
