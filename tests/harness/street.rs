//! Houses in a street: hosts with a network of their own each, joined by cables that can be cut.
//!
//! They are network namespaces (Linux) around a bridge, made with `ip` (iproute2) inside the namespace that
//! [`crate::namespace::is_here`] gives with `--mount` and `--net`. They end with it.

use crate::nodes::Computer;
use std::process::Command;

/// The kinds of namespaces that a street needs.
pub const KINDS: [&str; 2] = ["--mount", "--net"];

/// The namespace with the bridge.
const STREET: &str = "street";

/// A street, at first without houses.
#[derive(Debug)]
pub struct Street(());

impl Street {
    /// Builds the street.
    pub fn new() -> Self {
        // Where `ip` keeps the names of namespaces; the real one stays as it is.
        run("mount", "-t tmpfs tmpfs /run");
        ip(&format!("netns add {STREET}"));
        ip(&format!("-n {STREET} link add bridge type bridge"));
        ip(&format!("-n {STREET} link set bridge up"));
        Self(())
    }

    /// Builds a house with these addresses (`10.77.0.1/24`) and puts a computer into it.
    pub fn house(&self, computer: &mut Computer, name: &str, addresses: &[&str]) {
        ip(&format!("netns add {name}"));
        ip(&format!(
            "-n {STREET} link add {name} type veth peer name door netns {name}"
        ));
        ip(&format!("-n {STREET} link set {name} master bridge up"));
        ip(&format!("-n {name} link set lo up"));
        ip(&format!("-n {name} link set door up"));
        self.address(name, addresses);
        computer.live_in(name);
    }

    /// Gives a house these addresses instead of those that it has.
    pub fn address(&self, name: &str, addresses: &[&str]) {
        ip(&format!("-n {name} address flush dev door scope global"));
        for address in addresses {
            // Nobody else has it: IPv6 need not ask the street first.
            let how = if address.contains(':') { "nodad" } else { "" };
            ip(&format!("-n {name} address add {address} dev door {how}"));
        }
    }

    /// Cuts the cable to a house, without the house noticing.
    pub fn cut(&self, name: &str) {
        ip(&format!("-n {STREET} link set {name} nomaster"));
    }

    /// Mends the cable.
    pub fn mend(&self, name: &str) {
        ip(&format!("-n {STREET} link set {name} master bridge"));
    }
}

impl Default for Street {
    fn default() -> Self {
        Self::new()
    }
}

fn ip(words: &str) {
    run("ip", words);
}

fn run(program: &str, words: &str) {
    let ended = Command::new(program)
        .args(words.split_whitespace())
        .status();
    let ended = ended.expect("`ip` (iproute2) and `mount` are needed");
    assert!(ended.success(), "{program} {words}: {ended}");
}
