//! The digest is made anew after every run, so it has to cost little.

use super::circle::{Circle, Other, story};
use crate::membership::act::History;
use crate::replica::rows::Rows;
use crate::store::{Error, Key, Reader, Rows as Found, Scan, Value};

/// A store of which nothing may be read.
struct Closed;

impl Reader for Closed {
    fn tag(&self, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, Error> {
        panic!("a row of {:?} was read", key.space);
    }

    fn scan(&self, scan: &Scan) -> Result<Found, Error> {
        panic!("rows of {:?} were read", scan.space);
    }
}

/// Signs a story that does not arrive.
fn lose(circle: &mut Circle, who: &mut Other) {
    let header = circle.header(who, 1);
    let body = story("Lost for now.").create(header.device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    who.sign(header, &sealed);
}

#[test]
fn no_row_is_read_for_it_while_no_chain_has_two_branches() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    lose(&mut circle, &mut bo);
    circle.tell(&mut bo, 2, "I swam today.");
    circle.finish();
    let chain = circle.replica.frontier.chain(&bo.keys.device.device(), 0);
    assert_eq!(chain.intervals().first().unwrap().low, 2);
    let digest = circle.replica.compute_digest();
    circle.replica.rows = Rows::new(Box::new(Closed), circle.replica.hint());
    assert_eq!(circle.replica.compute_digest(), digest);
}
