//! Vouching: how two members' devices that never heard of each other find out that both belong.

use super::Replica;
use crate::bounded::List;
use crate::codec;
use crate::id::DeviceId;
use crate::membership::act::{Kind, SignedAct};
use crate::membership::roster::Standing;
use crate::sync::hello::MAX_VOUCHERS;

/// The most bytes of vouchers: with the retracts beside them they fit into one frame.
const MAX_VOUCHER_BYTES: usize = 48 * 1024;

impl Replica {
    /// Returns the acts that brought this device in, back to the founding or as far as fits.
    pub(super) fn vouchers(&self) -> List<SignedAct, MAX_VOUCHERS> {
        let (mut vouchers, mut bytes) = (Vec::new(), 0);
        let (mut device, graph) = (self.device(), self.graph.as_ref());
        while let Some(graph) = graph
            && let Some(known) = graph.roster().devices.get(&device)
            && let Some(mut act) = graph.get(&known.added)
            && vouchers.len() < MAX_VOUCHERS
        {
            bytes += codec::encode(act.signed()).len();
            if bytes > MAX_VOUCHER_BYTES {
                break;
            }
            vouchers.push(act.signed().clone());
            // A device that came back by itself belongs if its person does.
            if act.act().device == device
                && let Some(person) = graph.roster().people.get(&known.person)
                && let Some(admission) = graph.get(&person.admitted)
            {
                if admission.id() == act.id() {
                    break;
                }
                act = admission;
                vouchers.push(act.signed().clone());
            }
            if act.act().device == device || matches!(act.act().kind, Kind::Found { .. }) {
                break;
            }
            device = act.act().device;
        }
        List::new(vouchers).unwrap_or_default()
    }

    /// Whether a chain of introductions leads from a device to one that belongs here.
    pub(super) fn vouched_for(&self, device: DeviceId, vouchers: &[SignedAct]) -> bool {
        let (Some(roster), Some(circle)) = (self.roster(), self.state.circle) else {
            return false;
        };
        let mut wanted = device;
        let mut whose = None;
        for signed in vouchers {
            let Ok(act) = signed.clone().verify(circle) else {
                return false;
            };
            // An introduction that is here and let nobody in is void.
            if self
                .graph
                .as_ref()
                .is_some_and(|graph| graph.contains(&act.id()))
            {
                return false;
            }
            let act = act.act();
            let introduces = match (&act.kind, whose) {
                (Kind::Admit { newcomer, .. }, None) => newcomer.device == wanted,
                (Kind::Admit { newcomer, .. }, Some(person)) => newcomer.person == person,
                (Kind::AddDevice { device, .. }, None) => device.device == wanted,
                _ => false,
            };
            if !introduces {
                return false;
            }
            whose = None;
            if let Kind::AddDevice { device, .. } = &act.kind
                && act.device == wanted
            {
                // It came back by its person's certificate: who vouches for the person?
                match roster.people.get(&device.person) {
                    Some(known) => return known.standing == Standing::Active,
                    None => whose = Some(device.person),
                }
                continue;
            }
            match roster.devices.get(&act.device) {
                Some(known) => return known.active,
                None => wanted = act.device,
            }
        }
        false
    }
}
