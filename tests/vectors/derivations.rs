//! Keys that are derived from others, and the 24 words.

use crate::book::Book;
use crate::cast::{self, circle, today};
use circlet_model::codec;
use circlet_model::key::Secret;
use circlet_model::secrecy::hello::{BeaconKey, BoxKey};
use circlet_model::secrecy::kem::XWING;
use circlet_model::secrecy::{epoch::EpochKey, seal};
use circlet_model::words;

/// A root seed.
const SEED: [u8; 32] = [0x91; 32];
/// The nonce of a body.
const BODY_NONCE: [u8; 24] = [0x92; 24];
/// What the body is bound to: in truth a header.
const BOUND: &[u8] = b"associated bytes";

#[test]
fn derived_keys() {
    let mut book = Book::new("derivations");
    let seed = Secret(SEED);
    book.put("root seed", SEED);
    book.text("words", &words::to_words(&seed));
    book.put("circle hint", circle().hint());
    let person = words::person_key(&seed, &circle().hint());
    book.put("person key", person.to_secret().0);
    book.put("person", person.verifying());
    let recovery = words::recovery_key(&seed, &circle().hint()).unwrap();
    book.put("recovery key", codec::encode(&recovery));
    let newcomer = cast::newcomer(XWING);
    let (who, device) = (newcomer.person, newcomer.device);
    let four = words::four(&circle().hint(), who, device, &newcomer.kem);
    book.text("four words of the newcomer", &four);
    let [commons, stories] = cast::epoch_keys();
    book.put("commons key", commons.secret().0);
    book.put("hello box key of the epoch", BoxKey::of_epoch(&commons).0.0);
    book.text("day", &today().0.to_string());
    let beacon = BeaconKey::of_epoch(&commons, today());
    book.put("beacon key of the epoch and day", beacon.0.0);
    book.put("stories key", stories.secret().0);
    book.put("nonce of a body", BODY_NONCE);
    book.put("associated bytes of a body", BOUND);
    book.put("body key", seal::body_key(&stories, &BODY_NONCE, BOUND).0.0);
    let invite = cast::invite();
    book.put("invite secret", cast::secret().0);
    book.put("invite signing key", invite.signing_key().to_secret().0);
    book.put("invite", invite.invite().0);
    book.put("hello box key of the invite", invite.box_key().0.0);
    let beacon = invite.beacon_key(today());
    book.put("beacon key of the invite and day", beacon.0.0);
    let frozen = book.freeze();
    let seed = words::from_words(frozen.text("words")).unwrap();
    let person = words::person_key(&seed, &circle().hint());
    assert_eq!(person.verifying(), frozen.array("person"));
    let commons = EpochKey::from_secret(Secret(frozen.array("commons key")));
    assert_eq!(
        BoxKey::of_epoch(&commons).0,
        Secret(frozen.array("hello box key of the epoch"))
    );
}
