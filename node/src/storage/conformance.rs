//! What every engine must do, as one function that each engine's tests call.

use super::{Change, Engine, MAX_ROW, Range};

/// Checks an engine. `make` starts an empty one; `reopen` closes it after a flush and opens it again.
pub(super) fn check<E: Engine>(mut make: impl FnMut() -> E, mut reopen: impl FnMut(E) -> E) {
    check_at(|| (make(), ()), |(engine, ())| (reopen(engine), ()));
}

/// The same, for an engine that needs to know where it lies to be opened again.
pub(super) fn check_at<E: Engine, P>(
    mut make: impl FnMut() -> (E, P),
    mut reopen: impl FnMut((E, P)) -> (E, P),
) {
    rows_are_set_replaced_and_removed(&make().0);
    ranges_are_exact(&make().0);
    large_rows_and_batches_fit(&make().0);
    readers_see_batches_whole(&make().0);
    let (engine, place) = make();
    engine
        .write(vec![put(b"a", b"1"), put(b"b", b"2")])
        .unwrap();
    engine.write(vec![(b"a".to_vec(), None)]).unwrap();
    engine.flush().unwrap();
    let (engine, place) = reopen((engine, place));
    assert_eq!(engine.get(b"a").unwrap(), None);
    assert_eq!(engine.get(b"b").unwrap().unwrap(), b"2");
    engine.write(vec![put(b"c", b"3")]).unwrap();
    engine.flush().unwrap();
    let (engine, _place) = reopen((engine, place));
    assert_eq!(keys(&engine, &range(b"", None)), ["b", "c"]);
}

fn rows_are_set_replaced_and_removed(engine: &impl Engine) {
    assert_eq!(engine.get(b"a").unwrap(), None);
    engine.write(Vec::new()).unwrap();
    engine
        .write(vec![
            put(b"a", b"1"),
            put(b"ab", b""),
            (b"missing".to_vec(), None),
        ])
        .unwrap();
    assert_eq!(engine.get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(engine.get(b"ab").unwrap().unwrap(), b"");
    engine
        .write(vec![put(b"a", b"2"), (b"ab".to_vec(), None)])
        .unwrap();
    assert_eq!(engine.get(b"a").unwrap().unwrap(), b"2");
    assert_eq!(engine.get(b"ab").unwrap(), None);
    engine.flush().unwrap();
    engine.flush().unwrap();
}

fn ranges_are_exact(engine: &impl Engine) {
    let rows = ["a", "aa", "ab", "b", "b\u{7f}", "c"];
    engine
        .write(rows.iter().map(|key| put(key.as_bytes(), b"")).collect())
        .unwrap();
    engine.write(vec![put(&[0xff, 0xff], b"last")]).unwrap();
    assert_eq!(engine.scan(&range(b"", None)).unwrap().len(), 7);
    assert_eq!(keys(engine, &range(b"aa", Some(b"b"))), ["aa", "ab"]);
    assert_eq!(keys(engine, &range(b"aaa", Some(b"bb"))), ["ab", "b"]);
    assert_eq!(keys(engine, &range(b"b", Some(b"b"))), [""; 0]);
    assert_eq!(keys(engine, &range(b"c", Some(b"a"))), [""; 0]);
    let mut backwards = range(b"", Some(b"c"));
    backwards.backwards = true;
    backwards.limit = 3;
    assert_eq!(keys(engine, &backwards), ["b\u{7f}", "b", "ab"]);
    let mut limited = range(b"a", None);
    limited.limit = 2;
    assert_eq!(keys(engine, &limited), ["a", "aa"]);
    limited.limit = 0;
    assert_eq!(keys(engine, &limited), [""; 0]);
    let last = engine.scan(&range(&[0xff], None)).unwrap();
    assert_eq!(last, [(vec![0xff, 0xff], b"last".to_vec())]);
}

fn large_rows_and_batches_fit(engine: &impl Engine) {
    let value = |seed: u8| vec![seed; MAX_ROW];
    engine
        .write((0..200).map(|seed| put(&[seed], &value(seed))).collect())
        .unwrap();
    engine.flush().unwrap();
    for seed in 0..200 {
        assert_eq!(engine.get(&[seed]).unwrap().unwrap(), value(seed));
    }
    let key = vec![7; 272];
    engine.write(vec![put(&key, b"a long key")]).unwrap();
    assert_eq!(engine.get(&key).unwrap().unwrap(), b"a long key");
}

fn readers_see_batches_whole(engine: &impl Engine) {
    engine
        .write(vec![put(b"x", &[0; 4]), put(b"y", &[0; 4])])
        .unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..200u32 {
                let value = round.to_be_bytes();
                engine
                    .write(vec![put(b"x", &value), put(b"y", &value)])
                    .unwrap();
            }
        });
        while !writer.is_finished() {
            let older = engine.get(b"x").unwrap();
            let newer = engine.get(b"y").unwrap();
            assert!(older.unwrap() <= newer.unwrap(), "a batch was seen in part");
        }
    });
}

fn put(key: &[u8], value: &[u8]) -> Change {
    (key.to_vec(), Some(value.to_vec()))
}

fn range(from: &[u8], to: Option<&[u8]>) -> Range {
    Range {
        from: from.to_vec(),
        to: to.map(<[u8]>::to_vec),
        backwards: false,
        limit: usize::MAX,
    }
}

fn keys(engine: &impl Engine, range: &Range) -> Vec<String> {
    let rows = engine.scan(range).unwrap();
    rows.into_iter()
        .map(|(key, _)| String::from_utf8(key).unwrap())
        .collect()
}
