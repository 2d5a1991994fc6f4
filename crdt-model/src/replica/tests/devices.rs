//! How many devices a person may have.

use super::circle::{Circle, NOW, identity};
use crate::membership::MAX_OF_ONE;
use crate::membership::act::{Kind, NewDevice};
use crate::replica::input::Command;
use crate::replica::output::{Outbox, Refusal, Reply};

fn command(circle: &mut Circle, command: Command) -> Result<Reply, Refusal> {
    let mut out = Outbox::default();
    let (replica, rng) = (&mut circle.replica, &mut circle.rng);
    replica.command(command, NOW, rng, &mut out)
}

#[test]
fn who_has_as_many_devices_as_one_may_have_is_told_so() {
    let mut circle = Circle::found();
    for seed in 1..MAX_OF_ONE {
        let offered = command(&mut circle, Command::AddDevice);
        assert!(matches!(offered, Ok(Reply::DeviceKey { .. })), "{seed}");
        let keys = identity(20 + seed as u8);
        let (me, hint) = (circle.replica.me(), circle.replica.hint());
        let device = NewDevice::sign_for(hint, me, &keys.device, keys.kem.public().clone());
        let certificate = None;
        let add = Kind::AddDevice {
            device,
            certificate,
        };
        circle.replica.act(add, NOW).unwrap();
    }
    let refused = command(&mut circle, Command::AddDevice);
    assert_eq!(refused, Err(Refusal::TooManyDevices));
    let device = identity(21).device.device();
    let removed = command(&mut circle, Command::RemoveDevice { device });
    assert_eq!(removed, Ok(Reply::Done));
    let offered = command(&mut circle, Command::AddDevice);
    assert!(matches!(offered, Ok(Reply::DeviceKey { .. })));
}
