//! Tests of the wraps: rows lead back, and only to the device, circle and keys they are for.

use super::*;
use crate::secrecy::kem::SecretKey;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

const CIRCLE: CircleId = CircleId([1; 32]);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

fn device(number: u8) -> (DeviceId, Keys) {
    let suite = if number.is_multiple_of(2) {
        kem::XWING
    } else {
        kem::X25519
    };
    (
        DeviceId([number; 32]),
        SecretKey::derive(suite, &Secret([number; 32]))
            .unwrap()
            .into(),
    )
}

fn minted(devices: &[(DeviceId, Keys)]) -> Minted {
    let devices = devices
        .iter()
        .map(|(id, kem)| (*id, kem.public()))
        .collect();
    mint(CIRCLE, &devices, &mut rng()).unwrap()
}

#[test]
fn every_device_opens_its_own_row_and_no_other() {
    let devices = [device(1), device(2), device(3), device(4)];
    let minted = minted(&devices);
    let ids = [minted.commons.id(), minted.stories.id()];
    assert_eq!(minted.table.check(minted.table.hash(), 4), Ok(()));
    for (place, (_, row)) in minted.table.rows.iter().enumerate() {
        for (number, (id, kem)) in devices.iter().enumerate() {
            let opened = open_epoch_row(CIRCLE, (*id, kem), ids, row);
            if place == number {
                assert_eq!(opened, Ok((minted.commons.clone(), minted.stories.clone())));
            } else {
                assert!(matches!(opened, Err(Error::Closed(_))), "{place} {number}");
            }
        }
    }
}

#[test]
fn a_row_is_bound_to_circle_device_ids_and_kind_of_act() {
    let (id, kem) = device(2);
    let minted = minted(&[device(2)]);
    let ids = [minted.commons.id(), minted.stories.id()];
    let row = minted.table.row(0).unwrap();
    let closed = Err(Error::Closed(kem::Error::Closed));
    assert!(open_epoch_row(CIRCLE, (id, &kem), ids, row).is_ok());
    assert_eq!(
        open_epoch_row(CircleId([2; 32]), (id, &kem), ids, row),
        closed
    );
    assert_eq!(
        open_epoch_row(CIRCLE, (DeviceId([9; 32]), &kem), ids, row),
        closed
    );
    assert_eq!(
        open_epoch_row(CIRCLE, (id, &kem), [ids[1], ids[0]], row),
        closed
    );
    assert!(open_share_row(CIRCLE, (id, &kem), &ids, row).is_err());
}

#[test]
fn shared_keys_come_in_the_order_of_the_act() {
    let (id, kem) = device(2);
    let mut ring = Ring::default();
    let mut ids = Vec::new();
    for number in [5, 3, 4] {
        let key = EpochKey::from_secret(Secret([number; 32]));
        ids.push(key.id());
        assert!(ring.insert(key.id(), key));
    }
    let shared = share(CIRCLE, (id, kem.public()), &ids, &ring, &mut rng()).unwrap();
    assert_eq!(shared.table.check(shared.table.hash(), 1), Ok(()));
    let keys = open_share_row(CIRCLE, (id, &kem), &ids, shared.table.row(0).unwrap()).unwrap();
    assert_eq!(keys.iter().map(EpochKey::id).collect::<Vec<_>>(), ids);
    let unknown = [EpochId([9; 32])];
    let error = share(CIRCLE, (id, kem.public()), &unknown, &ring, &mut rng()).unwrap_err();
    assert_eq!(error, Error::NotHeld);
    let error = share(CIRCLE, (id, kem.public()), &[], &ring, &mut rng()).unwrap_err();
    assert_eq!(error, Error::Count);
}

#[test]
fn keys_that_are_not_the_named_ones_are_refused() {
    let (id, kem) = device(2);
    let (named, given) = (
        EpochKey::random(&mut rng()),
        EpochKey::from_secret(Secret([9; 32])),
    );
    let ids = [named.id(), named.id()];
    let row = Row::seal(
        (EPOCH, CIRCLE, id, &ids),
        kem.public(),
        &[&named, &given],
        &mut rng(),
    );
    assert_eq!(
        open_epoch_row(CIRCLE, (id, &kem), ids, &row),
        Err(Error::OtherKeys)
    );
    let row = Row::seal(
        (EPOCH, CIRCLE, id, &ids),
        kem.public(),
        &[&named],
        &mut rng(),
    );
    assert_eq!(
        open_epoch_row(CIRCLE, (id, &kem), ids, &row),
        Err(Error::OtherKeys)
    );
}

#[test]
fn a_key_that_does_not_work_gets_an_empty_row_and_holds_nobody_up() {
    let (id, kem) = device(2);
    let bad = PublicKey {
        suite: 77,
        bytes: crate::bounded::Bytes::default(),
    };
    let devices = BTreeMap::from([(id, kem.public()), (DeviceId([3; 32]), &bad)]);
    let minted = mint(CIRCLE, &devices, &mut rng()).unwrap();
    assert_eq!(minted.to.len(), 2);
    assert_eq!(minted.table.row(1), Some(&Row::default()));
    let ids = [minted.commons.id(), minted.stories.id()];
    assert!(open_epoch_row(CIRCLE, (id, &kem), ids, minted.table.row(0).unwrap()).is_ok());
}

#[test]
fn a_part_of_a_table_is_checked_like_the_whole() {
    let minted = minted(&[device(1), device(2), device(3)]);
    let committed = minted.table.hash();
    let part = minted.table.only(|place| place == 1);
    assert_eq!(part.rows.len(), 1);
    assert_eq!(part.check(committed, 3), Ok(()));
    assert_eq!(
        codec::decode::<Table>(&codec::encode(&part)),
        Ok(part.clone())
    );
    assert_eq!(part.check(committed, 2), Err(Error::Table));
    assert_eq!(part.check(Hash::default(), 3), Err(Error::Table));
    assert_eq!((part.row(0), part.row(1)), (None, minted.table.row(1)));
    let row = minted.table.row(1).unwrap().clone();
    for rows in [
        vec![(0, row.clone())],
        vec![(3, row.clone())],
        vec![(1, row.clone()), (1, row.clone())],
        vec![(1, Row::default())],
    ] {
        let changed = Table {
            rows: List::new(rows).unwrap(),
            ..part.clone()
        };
        assert_eq!(changed.check(committed, 3), Err(Error::Table));
    }
}

#[test]
fn the_largest_row_and_table_stay_within_their_limits() {
    let (id, kem) = device(2);
    let key = EpochKey::random(&mut rng());
    let ids = vec![key.id(); MAX_SHARED];
    let mut ring = Ring::default();
    ring.insert(key.id(), key);
    let shared = share(CIRCLE, (id, kem.public()), &ids, &ring, &mut rng()).unwrap();
    assert!(codec::encode(shared.table.row(0).unwrap()).len() < 48 * 1024);
    assert!(open_share_row(CIRCLE, (id, &kem), &ids, shared.table.row(0).unwrap()).is_ok());
    let too_many = vec![ids[0]; MAX_SHARED + 1];
    assert!(share(CIRCLE, (id, kem.public()), &too_many, &ring, &mut rng()).is_err());
    assert_eq!(
        mint(CIRCLE, &BTreeMap::new(), &mut rng()).unwrap_err(),
        Error::Count
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_table_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(table) = codec::decode::<Table>(&bytes) {
            let _ = table.check(table.hash(), table.hashes.len());
        }
    }
}

#[test]
fn vectors() {
    let table = minted(&[device(1), device(2)]).table;
    assert_eq!(
        EpochId(Row::default().hash().0).to_hex(),
        "09b10399b3a669e0ead68cab1175e4ee527646f8ed56bd6133fd48974683dc75"
    );
    assert_eq!(
        EpochId(table.hash().0).to_hex(),
        "63283112b95c5fe943f792bf36bf7b990a593c6e80921495c6666e99c062a03f"
    );
}
