//! Tests of the invite key: it leads back, and every slip of a typing hand is noticed and named.

use super::*;
use crate::id::EpochId;
use core::net::IpAddr;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn v4(number: u8) -> Address {
    address(&format!("/ip4/192.0.2.{number}/tcp/4001"))
}

fn v6(number: u8) -> Address {
    address(&format!("/ip6/2001:db8::{number}/udp/4001/quic-v1"))
}

fn sample(addresses: &[Address]) -> InviteKey {
    let mut bytes = [0; 32];
    for (number, byte) in (0_u8..).zip(&mut bytes) {
        *byte = number.wrapping_mul(37).wrapping_add(11);
    }
    let secret = core::array::from_fn(|place| bytes[31 - place] ^ 0x5a);
    InviteKey::new(CircleId(bytes), InviteSecret(secret), addresses)
}

fn any_key() -> impl Strategy<Value = InviteKey> {
    let addresses = proptest::collection::vec((any::<bool>(), any::<IpAddr>(), any::<u16>()), 0..4);
    (any::<[u8; 32]>(), any::<[u8; 16]>(), addresses).prop_map(|(circle, secret, addresses)| {
        use crate::address::Transport::{Quic, Tcp};
        let addresses: Vec<_> = addresses
            .into_iter()
            .map(|(quic, ip, port)| Address::new(if quic { Quic } else { Tcp }, ip, port))
            .collect();
        InviteKey::new(CircleId(circle), InviteSecret(secret), &addresses)
    })
}

fn mistyped(text: &str) -> Option<(String, usize)> {
    match InviteKey::from_text(text) {
        Err(Error::Mistyped { group, position }) => Some((group.as_str().to_owned(), position)),
        _ => None,
    }
}

proptest! {
    #[test]
    fn a_key_leads_back_however_it_is_typed(key in any_key()) {
        let text = key.to_text();
        prop_assert!(text.len() <= 149 && MAX_TEXT <= 150);
        prop_assert!(text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'));
        prop_assert_eq!(InviteKey::from_text(&text), Ok(key.clone()));
        for loose in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('-', " \u{2013} "),
            text.replace('0', "O").replace('1', "l"),
            text.replace('0', "o").replace('1', "I"),
            format!("\n  {}\t", text.as_str()),
            format!("{}\n{}", &text[..34], &text[34..]),
        ] {
            prop_assert_eq!(InviteKey::from_text(&loose), Ok(key.clone()), "{}", loose);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = InviteKey::from_text(&text);
    }

    #[test]
    fn text_of_the_right_letters_is_read_or_refused(text in "[0-9A-Za-z -]{0,200}") {
        let _ = InviteKey::from_text(&text);
    }
}

#[test]
fn every_changed_symbol_is_noticed_and_its_group_named() {
    let text = sample(&[v4(1), v6(2)]).to_text();
    for place in 0..text.len() {
        for symbol in "0123456789ABCDEFGHJKMNPQRSTVWXYZU*é".chars() {
            if text[place..=place].contains(['-', symbol]) {
                continue;
            }
            let changed = format!("{}{symbol}{}", &text[..place], &text[place + 1..]);
            let position = place / 10;
            let group = changed.split('-').nth(position).unwrap().to_owned();
            assert_eq!(mistyped(&changed), Some((group, position + 1)));
        }
    }
}

#[test]
fn neighbours_that_changed_places_are_noticed_and_their_group_named() {
    let text = sample(&[v4(1), v4(2), v4(3)]).to_text();
    for place in 0..text.len() - 1 {
        let mut changed: Vec<char> = text.chars().collect();
        changed.swap(place, place + 1);
        if changed[place] == changed[place + 1] || changed[place..=place + 1].contains(&'-') {
            continue;
        }
        let changed: String = changed.into_iter().collect();
        assert_eq!(mistyped(&changed).unwrap().1, place / 10 + 1);
    }
}

#[test]
fn a_lost_or_doubled_symbol_is_noticed_and_its_group_named() {
    let text = sample(&[v4(1)]).to_text();
    let last = text.rfind('-').unwrap();
    for place in (0..last).filter(|place| !text[*place..].starts_with('-')) {
        let dropped = format!("{}{}", &text[..place], &text[place + 1..]);
        assert_eq!(mistyped(&dropped).unwrap().1, place / 10 + 1);
        let doubled = format!("{}{}", &text[..=place], &text[place..]);
        assert_eq!(mistyped(&doubled).unwrap().1, place / 10 + 1);
    }
}

#[test]
fn a_key_that_is_cut_off_says_so_wherever_it_was_cut() {
    let text = sample(&[v4(1), v4(2)]).to_text();
    for end in 1..text.len() {
        assert_eq!(
            InviteKey::from_text(&text[..end]),
            Err(Error::CutOff),
            "{end}"
        );
        let plain = text[..end].replace('-', "");
        assert_eq!(InviteKey::from_text(&plain), Err(Error::CutOff), "{end}");
    }
}

#[test]
fn groups_that_changed_places_or_are_missing_are_noticed() {
    let text = sample(&[v4(1), v4(2)]).to_text();
    let groups: Vec<&str> = text.split('-').collect();
    for one in 0..groups.len() {
        for other in 0..one {
            let mut mixed = groups.clone();
            mixed.swap(one, other);
            assert_eq!(
                InviteKey::from_text(&mixed.join("-")),
                Err(Error::GroupsMixed)
            );
        }
        let mut missing = groups.clone();
        missing.remove(one);
        let error = InviteKey::from_text(&missing.join("-")).unwrap_err();
        assert_eq!(
            error,
            if one == 0 {
                Error::GroupsMixed
            } else {
                Error::CutOff
            }
        );
    }
    let twice = format!("{}-{}", text.as_str(), text.as_str());
    assert_eq!(InviteKey::from_text(&twice), Err(Error::GroupsMixed));
}

#[test]
fn what_is_no_key_is_told_apart() {
    assert_eq!(InviteKey::from_text(""), Err(Error::Empty));
    assert_eq!(InviteKey::from_text(" \n-- "), Err(Error::Empty));
    assert_eq!(
        InviteKey::from_text("hello everybody out there"),
        Err(Error::NotAKey)
    );
    assert_eq!(
        InviteKey::from_text("https://example.org/join#abc"),
        Err(Error::NotAKey)
    );
    assert_eq!(InviteKey::from_text(&"0".repeat(5000)), Err(Error::NotAKey));
}

#[test]
fn as_many_addresses_as_fit_are_taken_in_their_order() {
    for (given, taken) in [
        (vec![], vec![]),
        (
            vec![v4(1), v4(1), v4(2), v4(3), v4(4)],
            vec![v4(1), v4(2), v4(3)],
        ),
        (vec![v6(1), v6(2), v6(3)], vec![v6(1), v6(2)]),
        (vec![v6(1), v6(2), v4(3)], vec![v6(1), v6(2)]),
        (vec![v6(1), v4(2), v6(3), v4(4)], vec![v6(1), v4(2), v4(4)]),
    ] {
        let key = sample(&given);
        assert_eq!(key.addresses(), taken);
        assert!(key.to_text().len() <= MAX_TEXT);
        assert_eq!(InviteKey::from_text(&key.to_text()), Ok(key));
    }
}

#[test]
fn a_key_knows_its_circle_and_keeps_its_secret_from_logs() {
    let (mine, other) = (CircleId([1; 32]), CircleId([2; 32]));
    let key = InviteKey::new(mine, InviteSecret([3; 16]), &[]);
    assert!(key.matches(mine) && !key.matches(other));
    let elsewhere = InviteKey::new(other, InviteSecret([3; 16]), &[]);
    assert_ne!(key.invite(), elsewhere.invite());
    assert_eq!(
        format!("{key:?} {:?}", key.secret),
        "InviteKey(..) InviteSecret(..)"
    );
    let mut text = key.to_text();
    text.replace_range(0..1, "Z");
    let error = InviteKey::from_text(&text).unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "Mistyped { group: Group(..), position: 1 }"
    );
    assert_eq!(error.to_string(), "group 1 of the invite key is mistyped");
}

#[test]
fn the_secret_is_kept_for_members_and_bound_to_its_invite() {
    let (circle, secret) = (CircleId([1; 32]), InviteSecret([3; 16]));
    let commons = EpochKey::from_secret(Secret([4; 32]));
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let sealed = seal_secret(&commons, circle, &secret, &mut rng);
    assert_eq!(sealed.len(), 60);
    let invite = InviteKey::new(circle, secret.clone(), &[]).invite();
    assert_eq!(open_secret(&commons, circle, invite, &sealed), Some(secret));
    assert_eq!(
        open_secret(&commons, CircleId([2; 32]), invite, &sealed),
        None
    );
    assert_eq!(
        open_secret(&commons, circle, InviteId([2; 32]), &sealed),
        None
    );
    let other = EpochKey::from_secret(Secret([5; 32]));
    assert_eq!(open_secret(&other, circle, invite, &sealed), None);
    assert_eq!(open_secret(&commons, circle, invite, &[]), None);
}

#[test]
fn vectors() {
    let key = InviteKey::new(CircleId([1; 32]), InviteSecret([3; 16]), &[v4(1)]);
    assert_eq!(
        key.to_text().as_str(),
        "044G2081F-040G20812-040G20812-040G20R3C-0C1G60R3X-0C1G60R3X-0C1G60R0V-R000408FR-M7ZRGN70V"
    );
    assert_eq!(
        key.invite().to_hex(),
        "40cf687f3850b5eb9482df90a149ab00c054694193ac23ea716b3222c27985a8"
    );
    assert_eq!(
        EpochId(key.box_key().0.0).to_hex(),
        "23b8cba7a2dbcb9aa2b164bbff25e46e2873ef7b435fe48f41d33733680a56a8"
    );
    assert_eq!(
        EpochId(key.beacon_key(Day(20_000)).0.0).to_hex(),
        "d6770d6d4fd406fbe28714b920b395d62934f4c3499fb8128c1106c6c814e405"
    );
}

#[test]
fn a_key_in_the_wrong_place_says_what_it_is() {
    let invite = sample(&[v4(1), v6(2)]);
    let card = Card::new(invite.hint(), invite.addresses());
    let device = DeviceKey::new(invite.hint(), InviteSecret([3; 16]), invite.addresses());
    assert_eq!(
        InviteKey::from_text(&card.to_text()),
        Err(Error::OtherKind(KeyKind::Card))
    );
    assert_eq!(
        InviteKey::from_text(&device.to_text()),
        Err(Error::OtherKind(KeyKind::Device))
    );
    let all = [
        AnyKey::from(invite.clone()),
        AnyKey::Card(card),
        AnyKey::Device(device),
    ];
    for key in &all {
        assert_eq!(AnyKey::from_text(&key.to_text()).as_ref(), Ok(key));
        assert_eq!(key.addresses(), invite.addresses());
        assert_eq!(key.hint(), invite.hint());
    }
    let texts: Vec<_> = all.iter().map(AnyKey::to_text).collect();
    let two_lines = texts[0].split_at(40);
    let page = format!(
        "{}\n{}\n\n{}\n{}\n",
        two_lines.0, two_lines.1, *texts[1], *texts[2]
    );
    assert_eq!(keys_in(&page), Ok(all.to_vec()));
    assert_eq!(keys_in(&page[..30]), Err(Error::CutOff));
    assert_eq!(keys_in("\n \n"), Ok(Vec::new()));
}

#[test]
fn a_card_has_room_for_three_addresses_of_a_home_and_holds_no_secret() {
    let long = Card::new([7; 16], &[v6(1), v4(1), v6(2), v4(2)]);
    let text = long.to_text();
    assert!(text.len() <= MAX_TEXT, "{}", text.len());
    let Ok(AnyKey::Card(read)) = AnyKey::from_text(&text) else {
        panic!("not a card");
    };
    assert_eq!(AnyKey::Card(read).addresses(), [v6(1), v4(1), v6(2)]);
    assert_eq!(AnyKey::Card(long).beacon_key(Day(1)), None);
}

#[test]
fn a_part_of_the_words_reads_back_and_is_no_key() {
    let (seed, share) = (Secret([5; 32]), Secret([9; 32]));
    let set = Part::set_of(&seed, [1; 8]);
    let part = Part::new(set, 2, 3, share).unwrap();
    let text = part.to_text();
    assert_eq!(text.len(), 11 * 10 - 1);
    assert_eq!(Part::from_text(&text.to_lowercase()), Ok(part.clone()));
    assert!(part.is_of(&seed) && !part.is_of(&Secret([6; 32])));
    assert_ne!(Part::set_of(&seed, [2; 8]), set);
    assert_eq!(
        AnyKey::from_text(&text),
        Err(Error::OtherKind(KeyKind::Part))
    );
    let invite = sample(&[v4(1)]);
    assert_eq!(
        Part::from_text(&invite.to_text()),
        Err(Error::OtherKind(KeyKind::Invite))
    );
    // Beside keys each is found, and where only keys belong a part is named.
    let page = format!("{}\n{}\n", *text, *invite.to_text());
    let found = papers_in(&page).unwrap();
    assert_eq!(found, (vec![AnyKey::from(invite)], vec![part]));
    assert_eq!(keys_in(&page), Err(Error::OtherKind(KeyKind::Part)));
    let (group, rest) = text.split_once('-').unwrap();
    let changed = format!("{}-{rest}", group.replace('R', "S"));
    assert!(matches!(
        Part::from_text(&changed),
        Err(Error::Mistyped { position: 1, .. })
    ));
}

#[test]
fn one_part_alone_is_never_enough_and_there_are_few() {
    let made = |needed, number| Part::new([1; 16], needed, number, Secret([2; 32])).is_some();
    assert!(made(2, 1) && made(16, 16));
    assert!(!made(1, 1) && !made(0, 1) && !made(2, 0) && !made(2, 17) && !made(17, 1));
}
