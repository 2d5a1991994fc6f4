//! A hostile network: strangers that flood, and strangers that ask politely. They get nothing and cost
//! little, and members meanwhile notice nothing.

use super::{arrives, two};
use circlet_model::address::{Address, Transport};
use circlet_model::invitation::InviteKey;
use circlet_model::replica::input::{DialId, LinkId};
use circlet_node::network::{self, Command, Event, Limits, frame};
use circlet_tests::nodes::{memory, text, together, until};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::time::{Duration, sleep, timeout};
use zeroize::Zeroizing;

/// How many connections flood at once.
const CONNECTIONS: u8 = 32;

/// How much more memory any flood may cost.
const MEMORY: u64 = 64 * 1024 * 1024;

/// How many stories are shared through the flood.
const STORIES: usize = 10;

/// The pause before a stranger that was turned away comes again.
const AGAIN: Duration = Duration::from_millis(20);

#[test]
fn a_flood_from_32_connections_costs_little_and_members_go_on() {
    let (ana, bo) = two();
    let addresses = ways_to(&text(&ana.data(&["invite"]), "key"));
    let (_, before) = memory(ana.pid());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let told = Arc::new(Told::default());
    for number in 0..CONNECTIONS {
        // A third of them know no more than TCP; the others speak as members do.
        if number % 3 == 0 {
            let tcp = addresses.iter().find(|it| it.transport() == Transport::Tcp);
            runtime.spawn(noise(*tcp.unwrap(), number, Arc::clone(&told)));
        } else {
            runtime.spawn(babble(addresses.clone(), number, Arc::clone(&told)));
        }
    }
    until("the flood has reached the node", || {
        let (links, bytes) = (
            told.links.load(Ordering::Relaxed),
            told.bytes.load(Ordering::Relaxed),
        );
        (links >= 8 && bytes >= 8 * MEMORY / 64)
            .then_some(())
            .ok_or(format!("{links} links, {bytes} bytes"))
    });
    for number in 0..STORIES {
        let (from, to) = if number % 2 == 0 {
            (&ana, &bo)
        } else {
            (&bo, &ana)
        };
        let story = from.share(&format!("Through the flood, {number}."));
        arrives(to, &story);
    }
    together(&[&ana, &bo], &["Ana", "Bo"]);
    let bytes = told.bytes.load(Ordering::Relaxed);
    runtime.shutdown_background();
    let (most, _) = memory(ana.pid());
    let more = most.saturating_sub(before);
    println!(
        "{} KiB more memory, {} KiB thrown at it",
        more / 1024,
        bytes / 1024
    );
    assert!(more <= MEMORY, "{more} bytes more");
    assert_eq!(
        told.answers.load(Ordering::Relaxed),
        0,
        "a stranger was told something"
    );
    assert_eq!(ana.log().matches("ERROR").count(), 0, "{}", ana.log());
}

#[test]
fn a_stranger_gets_not_a_byte() {
    let (ana, bo) = two();
    let addresses = ways_to(&text(&ana.data(&["invite"]), "key"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let told = Arc::new(Told::default());
    for number in 0..4 {
        runtime.spawn(babble(addresses.clone(), number, Arc::clone(&told)));
    }
    until("the strangers have said hello", || {
        let links = told.links.load(Ordering::Relaxed);
        (links >= 4).then_some(()).ok_or(links)
    });
    // What members are told at once, nobody else is.
    let story = ana.share("For the circle.");
    arrives(&bo, &story);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    assert_eq!(told.answers.load(Ordering::Relaxed), 0);
    assert_eq!(ana.only()["connected"], json!(["Bo"]));
}

/// What strangers did and were told.
#[derive(Default)]
struct Told {
    links: AtomicU64,
    bytes: AtomicU64,
    answers: AtomicU64,
}

/// Throws bytes at a TCP port, again and again, each time from an address of its own.
async fn noise(to: Address, number: u8, told: Arc<Told>) {
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(number));
    let mut bytes = vec![0; 64 * 1024];
    loop {
        rng.fill_bytes(&mut bytes);
        let socket = TcpSocket::new_v4().unwrap();
        let from = Ipv4Addr::new(127, 0, 1 + number, 1);
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).unwrap();
        if let Ok(mut stream) = socket.connect(SocketAddr::new(to.ip(), to.port())).await {
            while let Ok(Ok(())) = timeout(Duration::from_secs(1), stream.write_all(&bytes)).await {
                told.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        }
        sleep(AGAIN).await;
    }
}

/// Speaks as members do, and floods every link that it gets.
async fn babble(to: Vec<Address>, number: u8, told: Arc<Told>) {
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(number));
    let mut hello = vec![0; frame::MAX_HELLO];
    let mut sync = vec![0; frame::MAX_SYNC];
    rng.fill_bytes(&mut hello);
    rng.fill_bytes(&mut sync);
    let (handle, mut events) = network::start(stranger(number)).unwrap();
    handle.send(dial(to.clone())).await.unwrap();
    while let Some(event) = events.recv().await {
        match event {
            Event::LinkUp { link, .. } => {
                told.links.fetch_add(1, Ordering::Relaxed);
                flood(&handle, link, &hello, &sync, &told).await;
            }
            Event::Hello { .. } | Event::Frame { .. } => {
                told.answers.fetch_add(1, Ordering::Relaxed);
            }
            Event::LinkDown { .. } | Event::DialFailed { .. } => {
                sleep(AGAIN).await;
                handle.send(dial(to.clone())).await.unwrap();
            }
            Event::Listening { .. }
            | Event::NotListening { .. }
            | Event::ListenFailed { .. }
            | Event::NetworkChanged
            | Event::BeaconHeard { .. } => {}
        }
    }
}

async fn flood(handle: &network::Handle, link: LinkId, hello: &[u8], sync: &[u8], told: &Told) {
    let frame = hello.to_vec();
    handle.send(Command::Hello { link, frame }).await.unwrap();
    handle.send(Command::Trust { link }).await.unwrap();
    for _ in 0..8 {
        let frame = sync.to_vec();
        handle.send(Command::Send { link, frame }).await.unwrap();
    }
    told.bytes.fetch_add(hello.len() as u64, Ordering::Relaxed);
}

fn stranger(number: u8) -> network::Config {
    network::Config {
        identity: Zeroizing::new([number + 1; 32]),
        listen: Vec::new(),
        limits: Limits::default(),
        beacon: None,
    }
}

fn dial(addresses: Vec<Address>) -> Command {
    let dial = DialId(1);
    let peer = None;
    Command::Dial {
        dial,
        peer,
        addresses,
    }
}

/// Returns the addresses that a key names.
fn ways_to(key: &str) -> Vec<Address> {
    let addresses = InviteKey::from_text(key).unwrap().addresses().to_vec();
    assert_eq!(addresses.len(), 2, "QUIC and TCP");
    addresses
}
