//! Two circles in one home: named one by one, and nothing that leaves the computer links them.

use super::computer;
use circlet_model::address::Address;
use circlet_model::id::PeerId;
use circlet_model::invitation::InviteKey;
use circlet_model::replica::input::DialId;
use circlet_node::network::{self, Command, Event, Limits};
use circlet_tests::nodes::{Computer, PATIENCE, list, members, text, until};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

const CIRCLES: [&str; 2] = ["Tuesday circle", "Thursday circle"];

#[test]
fn two_circles_share_a_home_and_nothing_else() {
    let (mut ana, mut bo, mut cai) = (computer("Ana"), computer("Bo"), computer("Cai"));
    for circle in CIRCLES {
        ana.data(&["new", circle]);
    }
    ana.start();
    until("both listen", || {
        let doctor = ana.data(&["doctor"]);
        let all = list(&doctor, "checks").iter();
        let listening = all.filter(|it| it["check"] == "listening" && it["ok"] == true);
        (listening.count() == 2).then_some(()).ok_or(doctor.clone())
    });
    let refused = ana.refused("", &["invite"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "which-circle"));
    assert_eq!(ana.refused("Where?", &["share", "-"]).code, "which-circle");
    assert_eq!(ana.refused("", &["members", "--circle", "Friday"]).exit, 6);
    let keys = CIRCLES.map(|name| {
        let invite = ana.data(&["invite", "--uses", "2", "--circle", name]);
        text(&invite, "key")
    });
    bo.start();
    cai.start();
    bo.data_from(&keys[0], &["join", "-"]);
    cai.data_from(&keys[1], &["join", "-"]);
    for (name, other) in CIRCLES.into_iter().zip(["Bo", "Cai"]) {
        until("each circle has its two", || {
            let circle = ana.circle(name);
            (members(&circle) == ["Ana", other])
                .then_some(())
                .ok_or(circle)
        });
    }
    let story = ana.data_from("For Tuesday.", &["share", "-", "--circle", "tue"]);
    until("it arrives where it was meant for", || {
        let read = bo.data(&["read"]);
        (read["stories"][0]["id"] == story["id"])
            .then_some(())
            .ok_or(read)
    });
    assert_eq!(cai.data(&["read"])["stories"], json!([]));
    assert_eq!(
        ana.data(&["read", "--circle", "Thursday circle"])["stories"],
        json!([])
    );
    nothing_links_them(&mut ana, keys);
}

/// Checks that nobody who sees both circles from outside could tell that they are one person's.
fn nothing_links_them(ana: &mut Computer, keys: [String; 2]) {
    let ways = keys.map(|key| InviteKey::from_text(&key).unwrap().addresses().to_vec());
    let ports = ways.each_ref().map(|ways| ports(ways));
    assert!(ports[0].is_disjoint(&ports[1]), "{ports:?}");
    let [one, other] = ways.map(who_answers);
    assert!(one != other, "one PeerId in two circles");
    let persons = CIRCLES.map(|name| {
        let members = ana.data(&["members", "--circle", name]);
        let me = list(&members, "members").iter().find(|it| it["me"] == true);
        text(me.unwrap(), "id")
    });
    assert_ne!(persons[0], persons[1]);

    // The same PeerIds and ports after a restart: the others find this computer again.
    ana.stop();
    ana.start();
    let again = CIRCLES.map(|name| text(&ana.data(&["invite", "show", "--circle", name]), "key"));
    for (before, after) in ports.iter().zip(again) {
        let after = InviteKey::from_text(&after).unwrap();
        assert_eq!(*before, self::ports(after.addresses()));
        let who = who_answers(after.addresses().to_vec());
        assert!(who == one || who == other);
    }
}

fn ports(addresses: &[Address]) -> BTreeSet<u16> {
    assert!(!addresses.is_empty());
    addresses.iter().map(Address::port).collect()
}

/// Returns the `PeerId` that a stranger meets at these addresses.
fn who_answers(addresses: Vec<Address>) -> PeerId {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asking = async {
        let config = network::Config {
            identity: Zeroizing::new([7; 32]),
            listen: Vec::new(),
            limits: Limits::default(),
            beacon: None,
        };
        let (handle, mut events) = network::start(config).unwrap();
        let (dial, peer) = (DialId(1), None);
        let command = Command::Dial {
            dial,
            peer,
            addresses,
        };
        handle.send(command).await.unwrap();
        loop {
            let event = events.recv().await.unwrap();
            if let Event::LinkUp { peer, .. } = event {
                return peer;
            }
            assert!(!matches!(event, Event::DialFailed { .. }), "{event:?}");
        }
    };
    runtime.block_on(async { timeout(PATIENCE, asking).await.unwrap() })
}
