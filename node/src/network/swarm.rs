//! The libp2p swarm: transports, behaviours and their settings.

use super::handler;
use super::{Error, Limits};
use libp2p::core::upgrade::Version;
use libp2p::swarm::NetworkBehaviour;
use libp2p::tcp::tokio::TcpStream;
use libp2p::{Swarm, SwarmBuilder, identify, noise, tcp, yamux};
use libp2p::{Transport, identity::Keypair, quic};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;

/// Substreams of a TCP connection, each of which may buffer 256 KiB: identify, hello and sync in both
/// directions, and those that are closing.
const YAMUX_STREAMS: usize = 10;

/// Substreams that the other side of a QUIC connection may open.
const QUIC_STREAMS: u32 = 8;

/// What a QUIC stream may buffer: one frame and the next.
const QUIC_STREAM_BYTES: u32 = 512 * 1024;
/// What a QUIC connection may buffer: 32 of them stay below 32 MiB.
const QUIC_CONNECTION_BYTES: u32 = 1024 * 1024;

/// A little less than the two minutes that address translators keep a UDP entry at least (RFC 4787).
const QUIC_KEEP_ALIVE: Duration = Duration::from_secs(110);

/// One keep-alive, and the time to repeat it a few times; longer than a short suspend.
const QUIC_MAX_IDLE_MS: u32 = 150_000;

/// The system asks after so much silence whether the other side of a TCP connection is still there.
const TCP_ASK: Duration = Duration::from_mins(4);

/// It asks again after so long without an answer.
const TCP_ASK_AGAIN: Duration = Duration::from_secs(15);
/// So often; then the connection is over.
const TCP_ASKS: u32 = 3;

/// For slow paths.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// QUIC needs fewer round trips, and its handshakes can come from addresses that are made up.
const QUIC_HANDSHAKE: Duration = Duration::from_secs(5);

/// Connections that no link uses end after this.
const IDLE: Duration = Duration::from_secs(30);

/// Identify repeats itself rarely: it tells nothing new.
const IDENTIFY: Duration = Duration::from_hours(24);

/// Substreams that may be negotiating at once.
const NEGOTIATING: usize = 8;

/// Everything a connection is checked by and speaks. The limits are our own: those that libp2p brings
/// keep the name of everybody who ever came.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    identify: identify::Behaviour,
    pub(super) circle: handler::Behaviour,
}

/// Builds the swarm.
pub(super) fn build(keypair: Keypair, limits: &Limits) -> Result<Swarm<Behaviour>, Error> {
    let secured = noise::Config::new(&keypair).map_err(|_| Error::Transport)?;
    let mut multiplexed = yamux::Config::default();
    multiplexed.set_max_num_streams(YAMUX_STREAMS);
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .map(|stream, _| {
            if let Err(error) = ask_for_life(&stream) {
                tracing::debug!(kind = ?error.kind(), "a connection is not kept alive");
            }
            stream
        })
        .upgrade(Version::V1Lazy)
        .authenticate(secured)
        .multiplex(multiplexed);
    let builder = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_quic_config(quic_settings)
        .with_other_transport(|_| tcp)
        .map_err(|_| Error::Transport)?
        .with_behaviour(|keypair| behaviour(keypair, limits))
        .map_err(|_| Error::Transport)?
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(IDLE)
                .with_max_negotiating_inbound_streams(NEGOTIATING)
                .with_smart_dial()
        })
        .with_connection_timeout(HANDSHAKE);
    Ok(builder.build())
}

/// Has the system notice that the other side of a TCP connection is gone, also while data is under way.
fn ask_for_life(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(&stream.0);
    let keepalive = TcpKeepalive::new()
        .with_time(TCP_ASK)
        .with_interval(TCP_ASK_AGAIN)
        .with_retries(TCP_ASKS);
    socket.set_tcp_keepalive(&keepalive)?;
    // Were it shorter, one lost question would end the connection.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(TCP_ASK + TCP_ASK_AGAIN * TCP_ASKS))?;
    Ok(())
}

fn quic_settings(mut config: quic::Config) -> quic::Config {
    config.handshake_timeout = QUIC_HANDSHAKE;
    config.keep_alive_interval = QUIC_KEEP_ALIVE;
    config.max_idle_timeout = QUIC_MAX_IDLE_MS;
    config.max_concurrent_stream_limit = QUIC_STREAMS;
    config.max_stream_data = QUIC_STREAM_BYTES;
    config.max_connection_data = QUIC_CONNECTION_BYTES;
    config
}

fn behaviour(keypair: &Keypair, limits: &Limits) -> Behaviour {
    let identify = identify::Config::new("/circlet/1".to_owned(), keypair.public())
        .with_agent_version("c".to_owned())
        .with_interval(IDENTIFY)
        .with_cache_size(0)
        .with_hide_listen_addrs(true);
    Behaviour {
        identify: identify::Behaviour::new(identify),
        circle: handler::Behaviour::new(limits),
    }
}
