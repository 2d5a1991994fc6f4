//! The invite key as text, and its secret as members keep it.

use crate::book::Book;
use crate::cast::{self, circle};
use circlet_model::id::CircleId;
use circlet_model::invitation::{self, AnyKey, Card, InviteKey, Part};
use circlet_model::key::Secret;

#[test]
fn the_invite_key() {
    let mut book = Book::new("invitation");
    let bare = InviteKey::new(circle(), cast::secret(), &[]);
    book.put("circle", circle().0);
    book.put("secret", cast::secret().0);
    book.text("without addresses", &bare.to_text());
    book.text("with two addresses", &cast::invite().to_text());
    let card = Card::new(circle().hint(), &cast::addresses());
    book.text("circle card", &card.to_text());
    book.text("device key", &cast::device_key().to_text());
    book.put("beacon key of the device key", device_beacon());
    let set = Part::set_of(&Secret([0x5e; 32]), [0x5a; 8]);
    let part = Part::new(set, 2, 3, Secret([0x3a; 32])).unwrap();
    book.text("part of the words", &part.to_text());
    let [commons, _] = cast::epoch_keys();
    let kept = invitation::seal_secret(&commons, circle(), &cast::secret(), &mut cast::rng());
    book.put("kept secret", &*kept);
    let frozen = book.freeze();
    let circle = CircleId(frozen.array("circle"));
    let key = InviteKey::from_text(frozen.text("with two addresses")).unwrap();
    assert!(key.matches(circle));
    assert_eq!(key.addresses(), cast::addresses());
    assert_eq!(key.invite(), cast::invite().invite());
    for (name, other) in [
        ("circle card", AnyKey::Card(card)),
        ("device key", AnyKey::Device(cast::device_key())),
    ] {
        assert_eq!(AnyKey::from_text(frozen.text(name)), Ok(other));
    }
    assert_eq!(Part::from_text(frozen.text("part of the words")), Ok(part));
    let bare = InviteKey::from_text(frozen.text("without addresses")).unwrap();
    assert_eq!((bare.invite(), bare.addresses()), (key.invite(), &[][..]));
    let kept = frozen.bytes("kept secret");
    let opened = invitation::open_secret(&commons, circle, key.invite(), &kept).unwrap();
    assert_eq!(opened.0, frozen.array("secret"));
}

fn device_beacon() -> [u8; 32] {
    cast::device_key().beacon_key(cast::today()).0.0
}
