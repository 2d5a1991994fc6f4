//! What the other side of a link may do wrong: raw streams against a whole network.

use super::super::handler::{Arrival, Kind, Port};
use super::super::{address::to_multiaddr, frame, swarm};
use super::{LIMITS, Node, within};
use crate::network::{Command, Config, Event, Limits, LinkId};
use circlet_model::address::Transport;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::swarm::{Stream, SwarmEvent};
use std::time::Duration;
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

/// Short enough to wait for.
const SOON: Duration = Duration::from_millis(200);

/// A peer that does with its streams what it likes.
struct Hostile {
    port: Port,
    swarm: AbortHandle,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

impl Hostile {
    async fn dial(target: &Node) -> Self {
        let keypair = Keypair::ed25519_from_bytes([99; 32]).unwrap();
        let mut swarm = swarm::build(keypair, &LIMITS).unwrap();
        swarm.dial(to_multiaddr(&target.addresses[0])).unwrap();
        let port = within(async {
            loop {
                if let SwarmEvent::ConnectionEstablished { connection_id, .. } =
                    swarm.select_next_some().await
                {
                    break swarm
                        .behaviour_mut()
                        .circle
                        .take_port(connection_id)
                        .unwrap();
                }
            }
        })
        .await;
        let task = tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        Self {
            port,
            swarm: task.abort_handle(),
        }
    }

    async fn open(&mut self, kind: Kind) -> Stream {
        self.port.requests.send(kind).await.unwrap();
        loop {
            match within(self.port.arrivals.recv()).await {
                Some(Arrival::Outbound(opened, stream)) if opened == kind => return stream,
                Some(Arrival::Inbound(..)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Opens a stream and writes these bytes.
    async fn write(&mut self, kind: Kind, bytes: &[u8]) -> Stream {
        let mut stream = self.open(kind).await;
        // The other side may end the stream at any byte.
        let _ = within(stream.write_all(bytes)).await;
        let _ = within(stream.flush()).await;
        stream
    }
}

async fn target(transport: Transport, limits: Limits) -> Node {
    let listen = vec![super::loopback(transport)];
    Node::with(Config {
        identity: Zeroizing::new([1; 32]),
        listen,
        limits,
        beacon: None,
    })
    .await
}

async fn attacked(transport: Transport) -> (Node, LinkId, Hostile) {
    let mut node = target(transport, LIMITS).await;
    let hostile = Hostile::dial(&node).await;
    let (link, ..) = node.up().await;
    (node, link, hostile)
}

fn hello(text: &[u8]) -> Vec<u8> {
    frame::encode(text, frame::MAX_HELLO).unwrap()
}

#[tokio::test]
async fn a_hello_of_two_frames_is_told_once_and_ends_the_link() {
    for transport in [Transport::Tcp, Transport::Quic] {
        let (mut node, link, mut hostile) = attacked(transport).await;
        let _stream = hostile
            .write(Kind::Hello, &[hello(b"one"), hello(b"two")].concat())
            .await;
        assert_eq!(node.hello(link).await, b"one");
        node.down(link).await;
    }
}

#[tokio::test]
async fn a_second_hello_stream_ends_the_link() {
    let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
    let _first = hostile.write(Kind::Hello, &hello(b"one")).await;
    assert_eq!(node.hello(link).await, b"one");
    hostile.port.requests.send(Kind::Hello).await.unwrap();
    node.down(link).await;
}

#[tokio::test]
async fn what_is_no_hello_ends_the_link_untold() {
    let too_long = u32::try_from(frame::MAX_HELLO + 1).unwrap().to_be_bytes();
    for bytes in [&too_long[..], &[0, 0, 0, 0], &[0xff; 64]] {
        let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
        let _stream = hostile.write(Kind::Hello, bytes).await;
        node.down(link).await;
    }
    for cut in [&[0, 0][..], &[0, 0, 0, 9, 1], &[]] {
        let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
        let mut stream = hostile.write(Kind::Hello, cut).await;
        within(stream.close()).await.unwrap();
        node.down(link).await;
    }
}

#[tokio::test]
async fn what_is_no_sync_frame_ends_the_link() {
    let too_long = u32::try_from(frame::MAX_SYNC + 1).unwrap().to_be_bytes();
    for bytes in [&too_long[..], &[0, 0, 0, 0], &[0xff; 64]] {
        let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
        node.trust(link).await;
        let good = frame::encode(b"good", frame::MAX_SYNC).unwrap();
        let _stream = hostile.write(Kind::Sync, &[&good, bytes].concat()).await;
        assert_eq!(node.frame(link).await, b"good");
        node.down(link).await;
    }
}

#[tokio::test]
async fn a_second_sync_stream_ends_the_link() {
    let (mut node, link, mut hostile) = attacked(Transport::Quic).await;
    node.trust(link).await;
    let good = frame::encode(b"good", frame::MAX_SYNC).unwrap();
    let _first = hostile.write(Kind::Sync, &good).await;
    assert_eq!(node.frame(link).await, b"good");
    hostile.port.requests.send(Kind::Sync).await.unwrap();
    node.down(link).await;
}

#[tokio::test]
async fn a_stranger_gets_not_a_byte() {
    let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
    let mut hello_stream = hostile.write(Kind::Hello, &hello(b"let me in")).await;
    let mut sync_stream = hostile
        .write(
            Kind::Sync,
            &frame::encode(&[1; 1000], frame::MAX_SYNC).unwrap(),
        )
        .await;
    assert_eq!(node.hello(link).await, b"let me in");
    node.send(Command::Close { link }).await;
    node.down(link).await;
    let mut got = Vec::new();
    // Whether the streams end or break does not matter.
    let _ = within(hello_stream.read_to_end(&mut got)).await;
    let _ = within(sync_stream.read_to_end(&mut got)).await;
    assert!(got.is_empty());
    while let Some(arrival) = within(hostile.port.arrivals.recv()).await {
        assert!(
            !matches!(arrival, Arrival::Inbound(..)),
            "a stream was opened to a stranger"
        );
    }
}

#[tokio::test]
async fn a_stranger_who_says_nothing_is_let_go() {
    let mut node = target(
        Transport::Tcp,
        Limits {
            hello_wait: SOON,
            ..LIMITS
        },
    )
    .await;
    let _hostile = Hostile::dial(&node).await;
    let (link, ..) = node.up().await;
    node.down(link).await;
}

#[tokio::test]
async fn a_stranger_who_is_never_trusted_is_let_go() {
    let limits = Limits {
        hello_wait: SOON,
        trust_wait: 2 * SOON,
        ..LIMITS
    };
    let mut node = target(Transport::Tcp, limits).await;
    let mut hostile = Hostile::dial(&node).await;
    let (link, ..) = node.up().await;
    let _stream = hostile.write(Kind::Hello, &hello(b"me")).await;
    assert_eq!(node.hello(link).await, b"me");
    node.down(link).await;
}

#[tokio::test]
async fn what_is_sent_after_a_close_is_dropped() {
    let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
    let _stream = hostile.open(Kind::Sync).await;
    node.trust(link).await;
    node.say(link, b"last words".to_vec()).await;
    node.send(Command::Close { link }).await;
    let mut theirs = loop {
        match within(hostile.port.arrivals.recv()).await {
            Some(Arrival::Inbound(Kind::Sync, stream)) => break stream,
            Some(Arrival::Inbound(..) | Arrival::Outbound(..)) => {}
            other => panic!("{other:?}"),
        }
    };
    let mut got = Vec::new();
    within(theirs.read_to_end(&mut got)).await.unwrap();
    assert!(got.ends_with(b"last words"));
    node.say(link, b"too late".to_vec()).await;
    node.down(link).await;
    node.end().await;
}

#[tokio::test]
async fn a_reader_that_stalls_is_let_go() {
    for transport in [Transport::Tcp, Transport::Quic] {
        let mut node = target(
            transport,
            Limits {
                stall_wait: SOON,
                ..LIMITS
            },
        )
        .await;
        let _hostile = Hostile::dial(&node).await;
        let (link, ..) = node.up().await;
        node.trust(link).await;
        for _ in 0..10 {
            node.say(link, vec![1; frame::MAX_SYNC]).await;
        }
        node.down(link).await;
    }
}

#[tokio::test]
async fn a_flood_before_trust_waits_outside() {
    let (mut node, link, mut hostile) = attacked(Transport::Tcp).await;
    let mut stream = hostile.open(Kind::Sync).await;
    let batch = frame::encode(&[7; 1000], frame::MAX_SYNC)
        .unwrap()
        .repeat(1000);
    let mut written = 0;
    // The stream takes what its window allows, and then no more.
    while let Ok(step) = tokio::time::timeout(SOON, stream.write(&batch)).await {
        written += step.unwrap();
        assert!(written < 4 * 1024 * 1024, "{written}");
    }
    assert!(matches!(
        node.events.try_recv(),
        Err(_) | Ok(Event::NetworkChanged)
    ));
    node.trust(link).await;
    assert_eq!(node.frame(link).await, [7; 1000]);
}
