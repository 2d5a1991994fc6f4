//! The invite key as text, and its secret as members keep it.

use crate::book::Book;
use crate::cast::{self, circle};
use circlet_model::id::CircleId;
use circlet_model::invitation::{self, InviteKey};

#[test]
fn the_invite_key() {
    let mut book = Book::new("invitation");
    let bare = InviteKey::new(circle(), cast::secret(), &[]);
    book.put("circle", circle().0);
    book.put("secret", cast::secret().0);
    book.text("without addresses", &bare.to_text());
    book.text("with two addresses", &cast::invite().to_text());
    let [commons, _] = cast::epoch_keys();
    let kept = invitation::seal_secret(&commons, circle(), &cast::secret(), &mut cast::rng());
    book.put("kept secret", &*kept);
    let frozen = book.freeze();
    let circle = CircleId(frozen.array("circle"));
    let key = InviteKey::from_text(frozen.text("with two addresses")).unwrap();
    assert!(key.matches(circle));
    assert_eq!(key.addresses(), cast::addresses());
    assert_eq!(key.invite(), cast::invite().invite());
    let bare = InviteKey::from_text(frozen.text("without addresses")).unwrap();
    assert_eq!((bare.invite(), bare.addresses()), (key.invite(), &[][..]));
    let kept = frozen.bytes("kept secret");
    let opened = invitation::open_secret(&commons, circle, key.invite(), &kept).unwrap();
    assert_eq!(opened.0, frozen.array("secret"));
}
