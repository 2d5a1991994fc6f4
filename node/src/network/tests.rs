//! Whole networks on loopback sockets.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names the one event it waits for"
)]

mod hostile;

use super::*;
use circlet_model::address::Transport;
use std::future::Future;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes; reached only when something is wrong.
const PATIENCE: Duration = Duration::from_mins(1);

/// Limits that one computer can keep.
const LIMITS: Limits = Limits {
    strangers: 12,
    strangers_per_address: 4,
    pending: 64,
    pending_per_address: 8,
    inbound: 32,
    total: 48,
    per_address_per_minute: 10_000,
    hello_wait: PATIENCE,
    trust_wait: PATIENCE,
    stall_wait: PATIENCE,
    write_wait: PATIENCE,
};

struct Node {
    peer: PeerId,
    addresses: Vec<Address>,
    handle: Handle,
    events: Events,
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future)
        .await
        .expect("nothing came in time")
}

fn loopback(transport: Transport) -> Address {
    Address::new(transport, Ipv4Addr::LOCALHOST.into(), 0)
}

impl Node {
    async fn start(secret: u8) -> Self {
        Self::listening(secret, &[Transport::Quic, Transport::Tcp]).await
    }

    async fn listening(secret: u8, transports: &[Transport]) -> Self {
        let listen = transports.iter().copied().map(loopback).collect();
        Self::with(Config {
            identity: Zeroizing::new([secret; 32]),
            listen,
            limits: LIMITS,
            beacon: None,
        })
        .await
    }

    async fn with(config: Config) -> Self {
        let peer = address::peer_of(&config.identity).unwrap();
        let count = config.listen.len();
        let (handle, events) = start(config).unwrap();
        let mut node = Self {
            peer,
            addresses: Vec::new(),
            handle,
            events,
        };
        while node.addresses.len() < count {
            match node.next().await {
                Event::Listening { address } => node.addresses.push(address),
                other => panic!("{other:?}"),
            }
        }
        node
    }

    /// The next event, leaving out those about addresses of this computer.
    async fn next(&mut self) -> Event {
        loop {
            match within(self.events.recv()).await.expect("the network ended") {
                Event::NetworkChanged => {}
                event => return event,
            }
        }
    }

    async fn send(&self, command: Command) {
        within(self.handle.send(command)).await.unwrap();
    }

    async fn dial(&self, dial: u64, to: &Self, known: bool) {
        let peer = known.then_some(to.peer);
        self.dial_addresses(dial, peer, to.addresses.clone()).await;
    }

    async fn dial_addresses(&self, dial: u64, peer: Option<PeerId>, addresses: Vec<Address>) {
        self.send(Command::Dial {
            dial: DialId(dial),
            peer,
            addresses,
        })
        .await;
    }

    async fn up(&mut self) -> (LinkId, PeerId, Option<DialId>) {
        match self.next().await {
            Event::LinkUp {
                link,
                peer,
                dial,
                outbound,
                address,
            } => {
                assert_eq!(outbound, dial.is_some());
                assert!(address.unwrap().is_loopback());
                (link, peer, dial)
            }
            other => panic!("{other:?}"),
        }
    }

    async fn down(&mut self, expected: LinkId) {
        match self.next().await {
            Event::LinkDown { link } => assert_eq!(link, expected),
            other => panic!("{other:?}"),
        }
    }

    async fn hello(&mut self, expected: LinkId) -> Vec<u8> {
        match self.next().await {
            Event::Hello { link, frame } if link == expected => frame,
            other => panic!("{other:?}"),
        }
    }

    async fn frame(&mut self, expected: LinkId) -> Vec<u8> {
        match self.next().await {
            Event::Frame { link, frame } if link == expected => frame,
            other => panic!("{other:?}"),
        }
    }

    async fn say_hello(&self, link: LinkId, frame: &[u8]) {
        self.send(Command::Hello {
            link,
            frame: frame.to_vec(),
        })
        .await;
    }

    async fn trust(&self, link: LinkId) {
        self.send(Command::Trust { link }).await;
    }

    async fn say(&self, link: LinkId, frame: Vec<u8>) {
        self.send(Command::Send { link, frame }).await;
    }

    /// Shuts down and waits for the end of the event channel.
    async fn end(mut self) -> Vec<Event> {
        self.send(Command::Shutdown).await;
        let mut last = Vec::new();
        while let Some(event) = within(self.events.recv()).await {
            last.push(event);
        }
        assert!(matches!(
            self.handle.send(Command::Shutdown).await,
            Err(Error::Ended)
        ));
        last
    }
}

/// Two linked nodes and the link's names at both.
async fn linked(transports: &[Transport]) -> (Node, LinkId, Node, LinkId) {
    let mut one = Node::listening(1, transports).await;
    let mut two = Node::listening(2, transports).await;
    one.dial(7, &two, true).await;
    let (at_one, peer, dial) = one.up().await;
    assert_eq!((peer, dial), (two.peer, Some(DialId(7))));
    let (at_two, peer, dial) = two.up().await;
    assert_eq!((peer, dial), (one.peer, None));
    (one, at_one, two, at_two)
}

async fn trusted(transports: &[Transport]) -> (Node, LinkId, Node, LinkId) {
    let (one, at_one, two, at_two) = linked(transports).await;
    one.trust(at_one).await;
    two.trust(at_two).await;
    (one, at_one, two, at_two)
}

/// What the n-th frame of a test says.
fn numbered(number: u32, length: usize) -> Vec<u8> {
    let mut frame = number.to_be_bytes().to_vec();
    frame.resize(length.max(4), number.to_le_bytes()[0]);
    frame
}

async fn frames_come_in_order(transport: Transport) {
    let (mut one, at_one, mut two, at_two) = linked(&[transport]).await;
    one.say_hello(at_one, b"it is me").await;
    assert_eq!(two.hello(at_two).await, b"it is me");
    two.say_hello(at_two, b"welcome").await;
    assert_eq!(one.hello(at_one).await, b"welcome");
    one.trust(at_one).await;
    two.trust(at_two).await;
    let sizes = |number: u32| {
        if number % 1000 == 999 {
            frame::MAX_SYNC
        } else {
            5
        }
    };
    let (one_handle, two_handle) = (one.handle.clone(), two.handle.clone());
    for (from, from_link, to, to_link) in [
        (one_handle, at_one, &mut two, at_two),
        (two_handle, at_two, &mut one, at_one),
    ] {
        let sender = tokio::spawn(async move {
            for number in 0..10_000 {
                let frame = numbered(number, sizes(number));
                from.send(Command::Send {
                    link: from_link,
                    frame,
                })
                .await
                .unwrap();
            }
        });
        for number in 0..10_000 {
            assert_eq!(to.frame(to_link).await, numbered(number, sizes(number)));
        }
        sender.await.unwrap();
    }
    let (mut last, ()) = tokio::join!(one.end(), two.down(at_two));
    last.retain(|event| matches!(event, Event::LinkDown { link } if *link == at_one));
    assert_eq!(last.len(), 1);
}

#[tokio::test]
async fn frames_come_in_order_over_quic() {
    frames_come_in_order(Transport::Quic).await;
}

#[tokio::test]
async fn frames_come_in_order_over_tcp() {
    frames_come_in_order(Transport::Tcp).await;
}

#[tokio::test]
async fn quic_is_used_where_both_work() {
    let (mut one, ..) = (Node::start(1).await,);
    let two = Node::start(2).await;
    for (dial, known) in [(1, false), (2, true)] {
        one.dial(dial, &two, known).await;
        match one.next().await {
            Event::LinkUp { link, address, .. } => {
                assert_eq!(address.unwrap().transport(), Transport::Quic);
                one.send(Command::Close { link }).await;
                one.down(link).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_peer_is_found_without_its_name() {
    let mut one = Node::start(1).await;
    let two = Node::listening(2, &[Transport::Tcp]).await;
    one.dial(3, &two, false).await;
    let (_, peer, dial) = one.up().await;
    assert_eq!((peer, dial), (two.peer, Some(DialId(3))));
}

#[tokio::test]
async fn dialling_each_other_at_once_ends_in_one_link() {
    for round in 0..10_u8 {
        let (mut one, mut two) =
            tokio::join!(Node::start(2 * round + 1), Node::start(2 * round + 2));
        tokio::join!(one.dial(1, &two, true), two.dial(2, &one, true));
        // Once both dials are answered, both sides ask on the link they have: only on the one that
        // stays both get an answer.
        let (first_at_one, first_at_two) = tokio::join!(answered(&mut one), answered(&mut two));
        let (at_one, at_two) = tokio::join!(
            settled(&mut one, first_at_one),
            settled(&mut two, first_at_two)
        );
        one.say(at_one, b"to two".to_vec()).await;
        two.say(at_two, b"to one".to_vec()).await;
        assert_eq!(two.frame(at_two).await, b"to two");
        assert_eq!(one.frame(at_one).await, b"to one");
    }
}

/// Waits for the answer to the node's own dial; returns the link that is up then.
async fn answered(node: &mut Node) -> Option<LinkId> {
    let mut open = None;
    loop {
        match node.next().await {
            Event::LinkUp { link, dial, .. } => {
                assert_eq!(open.replace(link), None, "two links at once");
                if dial.is_some() {
                    return open;
                }
            }
            Event::LinkDown { link } => assert_eq!(open.take(), Some(link)),
            Event::DialFailed { reason, .. } => {
                assert_eq!(reason, DialFailure::AlreadyLinked);
                return open;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Asks and answers until both have happened on one link; returns it.
async fn settled(node: &mut Node, mut open: Option<LinkId>) -> LinkId {
    let (mut asked, mut answer) = (false, false);
    if let Some(link) = open {
        node.trust(link).await;
        node.say(link, b"stays?".to_vec()).await;
    }
    while !(asked && answer) {
        match node.next().await {
            Event::LinkUp { link, .. } => {
                assert_eq!(open.replace(link), None, "two links at once");
                node.trust(link).await;
                node.say(link, b"stays?".to_vec()).await;
            }
            Event::LinkDown { link } => {
                assert_eq!(open.take(), Some(link));
                (asked, answer) = (false, false);
            }
            Event::Frame { link, frame } if frame == b"stays?" => {
                asked = true;
                node.say(link, b"stays".to_vec()).await;
            }
            Event::Frame { frame, .. } => answer = frame == b"stays",
            other => panic!("{other:?}"),
        }
    }
    open.unwrap()
}

#[tokio::test]
async fn a_second_dial_is_answered_with_the_link_that_is_there() {
    let (mut one, at_one, two, _) = trusted(&[Transport::Quic]).await;
    for known in [true, false] {
        one.dial(8, &two, known).await;
        match one.next().await {
            Event::DialFailed {
                dial: DialId(8),
                reason: DialFailure::AlreadyLinked,
            } => {}
            other => panic!("{other:?}"),
        }
    }
    one.send(Command::Close { link: at_one }).await;
    one.down(at_one).await;
}

#[tokio::test]
async fn a_peer_that_restarts_gets_a_link_in_place_of_the_old_one() {
    for transport in [Transport::Quic, Transport::Tcp] {
        for twin_dialled_before in [true, false] {
            let mut one = Node::listening(1, &[transport]).await;
            let mut two = Node::listening(2, &[transport]).await;
            if twin_dialled_before {
                two.dial(1, &one, true).await;
            } else {
                one.dial(1, &two, true).await;
            }
            let ((at_one, ..), (at_two, ..)) = tokio::join!(one.up(), two.up());
            one.trust(at_one).await;
            two.trust(at_two).await;
            // `two` goes on, so that `one` cannot see that its link is stale.
            let mut twin = Node::listening(2, &[transport]).await;
            twin.dial(2, &one, true).await;
            let (at_twin, ..) = twin.up().await;
            one.down(at_one).await;
            let (again, peer, dial) = one.up().await;
            assert_eq!((peer, dial), (two.peer, None));
            twin.say_hello(at_twin, b"I am back").await;
            assert_eq!(one.hello(again).await, b"I am back");
        }
    }
}

#[tokio::test]
async fn a_peer_can_be_dialled_as_soon_as_the_last_link_is_down() {
    let mut one = Node::listening(1, &[Transport::Quic]).await;
    let mut two = Node::listening(2, &[Transport::Quic]).await;
    for round in 0..20 {
        one.dial(round, &two, true).await;
        let ((at_one, _, dial), (at_two, ..)) = tokio::join!(one.up(), two.up());
        assert_eq!(dial, Some(DialId(round)));
        one.send(Command::Close { link: at_one }).await;
        tokio::join!(one.down(at_one), two.down(at_two));
    }
}

#[tokio::test]
async fn dials_that_lead_nowhere_say_why() {
    let mut one = Node::start(1).await;
    let two = Node::start(2).await;
    let nobody = PeerId([1; 32]);
    let port = address::free_port().unwrap();
    let closed = Address::new(Transport::Tcp, Ipv4Addr::LOCALHOST.into(), port);
    let cases = [
        (Some(two.peer), vec![closed], DialFailure::Unreachable),
        (None, vec![closed], DialFailure::Unreachable),
        (None, vec![], DialFailure::NoAddress),
        (
            Some(two.peer),
            vec![loopback(Transport::Tcp)],
            DialFailure::NoAddress,
        ),
        (
            Some(address::peer_of(&[9; 32]).unwrap()),
            two.addresses.clone(),
            DialFailure::OtherPeer,
        ),
        (Some(nobody), two.addresses.clone(), DialFailure::OtherPeer),
        (None, one.addresses.clone(), DialFailure::Ourselves),
    ];
    for (number, (peer, addresses, expected)) in (0..).zip(cases) {
        one.dial_addresses(number, peer, addresses).await;
        match one.next().await {
            Event::DialFailed { dial, reason } => {
                assert_eq!((dial, reason), (DialId(number), expected));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_address_taken_over_by_somebody_else_does_not_hide_the_right_one() {
    let mut one = Node::start(1).await;
    let two = Node::listening(2, &[Transport::Tcp]).await;
    let three = Node::listening(3, &[Transport::Quic]).await;
    let addresses = [three.addresses.clone(), two.addresses.clone()].concat();
    one.dial_addresses(1, Some(two.peer), addresses).await;
    let (_, peer, dial) = one.up().await;
    assert_eq!((peer, dial), (two.peer, Some(DialId(1))));
}

#[tokio::test]
async fn nothing_of_a_stranger_is_read_before_trust() {
    for transport in [Transport::Quic, Transport::Tcp] {
        let (one, at_one, mut two, at_two) = linked(&[transport]).await;
        one.trust(at_one).await;
        one.say(at_one, b"early".to_vec()).await;
        one.say_hello(at_one, b"me").await;
        // The frame was written before the hello, and yet only the hello is told.
        assert_eq!(two.hello(at_two).await, b"me");
        two.trust(at_two).await;
        assert_eq!(two.frame(at_two).await, b"early");
    }
}

#[tokio::test]
async fn a_frame_of_our_own_above_the_limit_ends_the_link() {
    for (hello, length) in [
        (true, frame::MAX_HELLO + 1),
        (false, frame::MAX_SYNC + 1),
        (false, 0),
    ] {
        let (mut one, at_one, mut two, at_two) = trusted(&[Transport::Tcp]).await;
        if hello {
            one.say_hello(at_one, &vec![0; length]).await;
        } else {
            one.say(at_one, vec![0; length]).await;
        }
        tokio::join!(one.down(at_one), two.down(at_two));
    }
}

#[tokio::test]
async fn what_was_said_before_closing_arrives() {
    for transport in [Transport::Quic, Transport::Tcp] {
        let (mut one, at_one, mut two, at_two) = trusted(&[transport]).await;
        for number in 0..10 {
            one.say(at_one, numbered(number, 100_000)).await;
        }
        one.send(Command::Close { link: at_one }).await;
        for number in 0..10 {
            assert_eq!(two.frame(at_two).await, numbered(number, 100_000));
        }
        tokio::join!(one.down(at_one), two.down(at_two));
    }
}

#[tokio::test]
async fn a_link_that_takes_too_little_is_let_go_and_little_waits() {
    let (mut one, at_one, mut two, at_two) = trusted(&[Transport::Tcp]).await;
    // `two` takes no events. The channel, the windows and the queue fill; then the link ends.
    let sent = 200;
    for _ in 0..sent {
        one.say(at_one, vec![1; frame::MAX_SYNC]).await;
    }
    one.down(at_one).await;
    // All that had arrived is told, and that is far less than was to be sent.
    for told in 0..sent {
        match two.next().await {
            Event::Frame { link, .. } => assert_eq!(link, at_two),
            Event::LinkDown { link } => {
                assert_eq!(link, at_two);
                assert!(told < sent / 2, "{told}");
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("everything was taken");
}

#[tokio::test]
async fn links_go_down_when_the_other_side_ends() {
    for transport in [Transport::Quic, Transport::Tcp] {
        let (one, at_one, mut two, at_two) = trusted(&[transport]).await;
        let (last, ()) = tokio::join!(one.end(), two.down(at_two));
        assert!(
            last.iter()
                .any(|event| matches!(event, Event::LinkDown { link } if *link == at_one))
        );
    }
}

#[tokio::test]
async fn a_network_ends_with_its_handle() {
    let Node {
        handle, mut events, ..
    } = Node::start(1).await;
    drop(handle);
    while within(events.recv()).await.is_some() {}
}

#[tokio::test]
async fn dials_in_flight_are_answered_at_the_end() {
    let one = Node::start(1).await;
    // Documentation addresses: nothing answers there.
    let nowhere = "/ip4/198.51.100.1/tcp/9".parse().unwrap();
    one.dial_addresses(5, None, vec![nowhere]).await;
    let answers = one
        .end()
        .await
        .into_iter()
        .filter(|event| matches!(event, Event::DialFailed { .. }));
    assert_eq!(answers.count(), 1);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let two = Node::start(2).await;
    let mut one = Node::listening(1, &[]).await;
    for address in two.addresses.clone() {
        one.send(Command::Listen { address }).await;
        match one.next().await {
            Event::ListenFailed {
                address: failed,
                reason,
            } => {
                assert_eq!((failed, reason), (address, ListenFailure::PortInUse));
            }
            other => panic!("{other:?}"),
        }
    }
    let port = address::free_port().unwrap();
    for transport in [Transport::Tcp, Transport::Quic] {
        let address = Address::new(transport, Ipv4Addr::LOCALHOST.into(), port);
        one.send(Command::Listen { address }).await;
        match one.next().await {
            Event::Listening { address: listening } => assert_eq!(listening, address),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_interface_is_told_and_both_families_share_a_port() {
    let port = address::free_port().unwrap();
    let listen: Vec<Address> = [Transport::Tcp, Transport::Quic]
        .into_iter()
        .flat_map(|transport| {
            let v4 = Address::new(transport, Ipv4Addr::UNSPECIFIED.into(), port);
            let v6 = Address::new(transport, std::net::Ipv6Addr::UNSPECIFIED.into(), port);
            [v4, v6]
        })
        .collect();
    let (_handle, mut events) = start(Config {
        identity: Zeroizing::new([1; 32]),
        listen,
        limits: LIMITS,
        beacon: None,
    })
    .unwrap();
    let has_ipv6 = std::net::UdpSocket::bind("[::1]:0").is_ok();
    let mut missing: Vec<Address> = [Transport::Tcp, Transport::Quic]
        .map(|transport| Address::new(transport, Ipv4Addr::LOCALHOST.into(), port))
        .to_vec();
    if has_ipv6 {
        missing.extend(
            [Transport::Tcp, Transport::Quic].map(|transport| {
                Address::new(transport, std::net::Ipv6Addr::LOCALHOST.into(), port)
            }),
        );
    }
    let mut changed = false;
    while !missing.is_empty() || !changed {
        match within(events.recv()).await.unwrap() {
            Event::Listening { address } => {
                assert_eq!(address.port(), port);
                assert!(!address.ip().is_unspecified());
                missing.retain(|known| *known != address);
            }
            Event::NetworkChanged => changed = true,
            Event::ListenFailed { .. } if !has_ipv6 => {}
            other => panic!("{other:?}"),
        }
    }
}

/// How often a flooding stranger comes again: on a busy computer, more keep each other from ever being heard,
/// because they all come from one address.
const COMES_AGAIN: usize = 4;

/// Sends whatever it can, and comes again when it had to give way or found no place.
async fn flood(mut stranger: Node, peer: PeerId, addresses: Vec<Address>) {
    let mut came_again = 0;
    while let Some(event) = stranger.events.recv().await {
        match event {
            Event::LinkUp { link, .. } => {
                stranger.say_hello(link, &vec![7; frame::MAX_HELLO]).await;
                stranger.trust(link).await;
                for _ in 0..12 {
                    stranger.say(link, vec![7; frame::MAX_SYNC]).await;
                }
            }
            Event::LinkDown { .. } | Event::DialFailed { .. } if came_again < COMES_AGAIN => {
                came_again += 1;
                let again = stranger.dial_addresses(1, Some(peer), addresses.clone());
                again.await;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn hostile_connections_are_bounded() {
    let mut target = Node::start(100).await;
    let mut strangers = Vec::new();
    for secret in 0..48 {
        let stranger = Node::listening(secret, &[]).await;
        stranger.dial(0, &target, secret % 2 == 0).await;
        strangers.push(stranger);
    }
    for stranger in strangers {
        tokio::spawn(flood(stranger, target.peer, target.addresses.clone()));
    }
    // Nobody is trusted: at most one hello each is told, of so many as strangers may be.
    let (mut open, mut most, mut ups, mut hellos) = (0_usize, 0_usize, 0_usize, 0_usize);
    while hellos < LIMITS.strangers {
        match target.next().await {
            Event::LinkUp { .. } => {
                ups += 1;
                open += 1;
                most = most.max(open);
            }
            Event::LinkDown { .. } => open -= 1,
            Event::Hello { frame, .. } => {
                hellos += 1;
                assert_eq!(frame.len(), frame::MAX_HELLO);
            }
            other => panic!("{other:?}"),
        }
    }
    // Those that give way may be told to be over only after those that come in their place.
    assert!(most <= LIMITS.inbound, "{most} strangers at once");
    assert!(hellos <= ups);
    // Somebody known still gets in.
    let friend = Node::listening(200, &[]).await;
    target
        .send(Command::Known {
            peers: vec![friend.peer],
        })
        .await;
    friend.dial(1, &target, true).await;
    loop {
        if let Event::LinkUp { peer, .. } = target.next().await
            && peer == friend.peer
        {
            break;
        }
    }
}

#[tokio::test]
async fn connections_that_never_say_who_they_are_keep_nobody_out() {
    let target = Node::listening(100, &[Transport::Tcp]).await;
    let address = target.addresses[0];
    let mut silent = Vec::new();
    for _ in 0..32 {
        let stream = tokio::net::TcpStream::connect((address.ip(), address.port())).await;
        silent.push(stream.unwrap());
    }
    let mut friend = Node::listening(1, &[]).await;
    friend.dial(1, &target, true).await;
    friend.up().await;
}

#[tokio::test]
async fn the_stranger_who_is_silent_longest_gives_way_to_the_next() {
    let mut target = Node::listening(100, &[Transport::Tcp]).await;
    let (mut silent, mut links) = (Vec::new(), Vec::new());
    for secret in 0..LIMITS.strangers {
        let mut stranger = Node::listening(secret as u8, &[]).await;
        stranger.dial(1, &target, true).await;
        let ((at_target, ..), _) = tokio::join!(target.up(), stranger.up());
        silent.push(stranger);
        links.push(at_target);
    }
    let next = Node::listening(200, &[]).await;
    next.dial(1, &target, true).await;
    let (mut came, mut went) = (false, false);
    while !(came && went) {
        match target.next().await {
            Event::LinkUp { peer, .. } => came = peer == next.peer,
            Event::LinkDown { link } => went = links[0] == link,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn commands_are_taken_while_many_addresses_wait_to_be_told() {
    const ADDRESSES: usize = 400;
    let (handle, mut events) = start(Config {
        identity: Zeroizing::new([1; 32]),
        listen: vec![loopback(Transport::Tcp); ADDRESSES],
        limits: LIMITS,
        beacon: None,
    })
    .unwrap();
    // More than fit into the channel, which the network empties only by taking them.
    for _ in 0..10 * COMMANDS {
        let peers = Vec::new();
        within(handle.send(Command::Known { peers })).await.unwrap();
    }
    let mut told = std::collections::BTreeSet::new();
    while told.len() < ADDRESSES {
        if let Some(Event::Listening { address }) = within(events.recv()).await {
            assert!(told.insert(address));
        }
        within(handle.send(Command::Known { peers: Vec::new() }))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn one_address_cannot_come_too_often() {
    let limits = Limits {
        per_address_per_minute: 2,
        ..LIMITS
    };
    let listen = vec![loopback(Transport::Tcp)];
    let identity = Zeroizing::new([1; 32]);
    let target = Node::with(Config {
        identity,
        listen,
        limits,
        beacon: None,
    })
    .await;
    let mut one = Node::listening(2, &[]).await;
    for _ in 0..2 {
        one.dial(1, &target, true).await;
        let (link, ..) = one.up().await;
        one.send(Command::Close { link }).await;
        one.down(link).await;
    }
    one.dial(2, &target, true).await;
    assert!(matches!(
        one.next().await,
        Event::DialFailed {
            dial: DialId(2),
            ..
        }
    ));
}

/// Nodes whose beacons share a port of their own.
async fn with_beacons(count: u8) -> Vec<Node> {
    let port = std::net::UdpSocket::bind("0.0.0.0:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = beacon::Config {
        port,
        ..beacon::Config::default()
    };
    let mut nodes = Vec::new();
    for secret in 1..=count {
        let config = Config {
            identity: Zeroizing::new([secret; 32]),
            listen: vec![loopback(Transport::Tcp)],
            limits: LIMITS,
            beacon: Some(settings),
        };
        nodes.push(Node::with(config).await);
    }
    nodes
}

#[tokio::test]
async fn beacons_are_heard_by_those_who_hold_the_key() {
    let nodes = with_beacons(3).await;
    let [mut one, mut two, mut three] = <[Node; 3]>::try_from(nodes).ok().unwrap();
    let (shared, other) = (Zeroizing::new([5; 32]), Zeroizing::new([6; 32]));
    let keys = vec![
        (BeaconKeyId(1), other.clone()),
        (BeaconKeyId(2), shared.clone()),
    ];
    one.send(Command::BeaconKeys { keys: keys.clone() }).await;
    two.send(Command::BeaconKeys { keys }).await;
    three
        .send(Command::BeaconKeys {
            keys: vec![(BeaconKeyId(9), other.clone())],
        })
        .await;
    // `two` may take its keys only after the first burst: another one follows until it is heard.
    let heard = loop {
        one.send(Command::Beacon {
            key: shared.clone(),
            payload: b"here".to_vec(),
        })
        .await;
        if let Ok(event) = timeout(Duration::from_secs(2), two.next()).await {
            break event;
        }
    };
    match heard {
        Event::BeaconHeard { key, payload, from } => {
            assert_eq!(
                (key, payload.as_slice()),
                (BeaconKeyId(2), b"here".as_slice())
            );
            assert_eq!(from, Ipv4Addr::LOCALHOST);
        }
        other => panic!("{other:?}"),
    }
    two.send(Command::Beacon {
        key: other,
        payload: b"for all".to_vec(),
    })
    .await;
    for (node, id) in [(&mut one, 1), (&mut three, 9)] {
        match node.next().await {
            Event::BeaconHeard { key, payload, .. } => {
                assert_eq!(
                    (key, payload.as_slice()),
                    (BeaconKeyId(id), b"for all".as_slice())
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
