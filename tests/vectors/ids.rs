//! Ids and hashes, addresses in bytes.

use crate::book::Book;
use crate::cast::{self, NONCE};
use circlet_model::address::Address;
use circlet_model::id::{CircleId, Hash, ThingId};

#[test]
fn ids_and_addresses() {
    let mut book = Book::new("ids");
    book.put("founding nonce", NONCE);
    book.put("founding device", cast::ana_device().verifying());
    book.put("circle", cast::circle().0);
    book.put("circle hint", cast::circle().hint());
    book.put("thing: creator", cast::ana().verifying());
    book.put("thing: nonce", cast::origin().nonce);
    book.put("thing", cast::origin().thing(cast::circle()).0);
    let [commons, _] = cast::epoch_keys();
    book.put("epoch key", commons.secret().0);
    book.put("epoch", commons.id().0);
    book.put("hash of the text circlet", Hash::of(b"circlet").0);
    for address in texts() {
        let parsed: Address = address.parse().unwrap();
        book.put(&format!("address {address}"), parsed.to_bytes());
    }
    let frozen = book.freeze();
    let circle = CircleId(frozen.array("circle"));
    assert_eq!(circle.hint(), frozen.array("circle hint"));
    assert_eq!(cast::origin().thing(circle), ThingId(frozen.array("thing")));
    for text in texts() {
        let bytes = frozen.bytes(&format!("address {text}"));
        assert_eq!(Address::from_bytes(&bytes).unwrap().to_string(), text);
    }
}

/// One address of each kind.
fn texts() -> [&'static str; 4] {
    [
        "/ip4/192.0.2.1/tcp/4001",
        "/ip4/192.0.2.1/udp/4001/quic-v1",
        "/ip6/2001:db8::1/tcp/4001",
        "/ip6/2001:db8::1/udp/4001/quic-v1",
    ]
}
