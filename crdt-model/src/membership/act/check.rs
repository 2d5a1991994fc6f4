//! Signing acts and checking them: form, and every signature that needs no knowledge of the graph.

use super::{
    Act, Cut, Error, Kind, MAX_ACT, MAX_NAME, NewDevice, Newcomer, SUITE, SignedAct, VERSION,
    VerifiedAct,
};
use crate::bounded::Text;
use crate::codec;
use crate::id::{ActId, CircleId, DeviceId, InviteId, PersonId};
use crate::key::{self, Signature, SigningKey, verify};
use crate::log::header;
use crate::secrecy::kem::PublicKey as KemKey;

const ID: &str = "circlet 1 act";
const SIGNATURE: &str = "circlet 1 act signature";
const CIRCLE: &str = "circlet 1 circle id";
const PERSON: &str = "circlet 1 newcomer, signed by the person";
const DEVICE: &str = "circlet 1 newcomer, signed by the device";
const INVITE: &str = "circlet 1 newcomer, signed by the invite";

impl Act {
    /// Returns the id: the hash of the canonical bytes.
    pub fn id(&self) -> ActId {
        ActId(key::hash(ID, &codec::encode(self)))
    }

    /// Signs the act with its device's key.
    pub fn sign(self, device: &SigningKey) -> VerifiedAct {
        let id = self.id();
        let signature = device.sign(SIGNATURE, &id.0);
        VerifiedAct {
            signed: SignedAct {
                act: self,
                signature,
            },
            id,
        }
    }
}

impl SignedAct {
    /// Checks form and every signature that needs no knowledge of the graph.
    pub fn verify(self, circle: CircleId) -> Result<VerifiedAct, Error> {
        let act = &self.act;
        if (act.version, act.suite) != (VERSION, SUITE) {
            return Err(Error::Version(act.version, act.suite));
        }
        if act.circle != circle {
            return Err(Error::Circle);
        }
        let bytes = codec::encode(act);
        if bytes.len() > MAX_ACT || !act.well_formed() {
            return Err(Error::Form);
        }
        let id = ActId(key::hash(ID, &bytes));
        if !verify(&act.device.0, SIGNATURE, &id.0, &self.signature) || !act.inner_signatures() {
            return Err(Error::Signature);
        }
        Ok(VerifiedAct { signed: self, id })
    }
}

impl VerifiedAct {
    /// Takes an act back from this device's own store, where only verified ones are kept.
    pub fn trusted(signed: SignedAct) -> Self {
        let id = signed.act.id();
        Self { signed, id }
    }

    /// Returns the act.
    pub fn act(&self) -> &Act {
        &self.signed.act
    }

    /// Returns the act's id.
    pub fn id(&self) -> ActId {
        self.id
    }

    /// Returns the acts it names: the one before it of its device, and the heads.
    pub fn parents(&self) -> impl Iterator<Item = ActId> + '_ {
        self.act().parents()
    }

    /// Returns the act with its signature, as it travels.
    pub fn signed(&self) -> &SignedAct {
        &self.signed
    }
}

impl Act {
    /// Returns the acts it names: the one before it of its device, and the heads.
    pub(in crate::membership) fn parents(&self) -> impl Iterator<Item = ActId> + '_ {
        let prev = (self.seq > 1).then_some(self.prev);
        prev.into_iter().chain(self.heads.iter().copied())
    }

    fn well_formed(&self) -> bool {
        let first = self.seq == 1;
        let chain = self.seq > 0 && (self.prev == ActId::default()) == first;
        let heads = ascending(&self.heads) && !self.heads.contains(&self.prev);
        chain && heads && self.kind_well_formed()
    }

    fn kind_well_formed(&self) -> bool {
        match &self.kind {
            Kind::Found { nonce, founder, .. } => {
                self.circle == circle_id(nonce, founder.device)
                    && founder.device == self.device
                    && self.seq == 1
                    && self.heads.is_empty()
            }
            Kind::Invite(invite) => invite.uses > 0,
            Kind::Epoch {
                to,
                commons,
                stories,
                ..
            } => ascending(to) && !to.is_empty() && commons != stories,
            Kind::Share { keys, .. } => !keys.is_empty(),
            Kind::AddDevice {
                device,
                certificate,
            } => (device.device != self.device) || (certificate.is_some() && self.seq == 1),
            Kind::RevokeInvite { .. }
            | Kind::Admit { .. }
            | Kind::RemoveDevice { .. }
            | Kind::SetRole { .. }
            | Kind::Remove { .. }
            | Kind::Leave { .. }
            | Kind::Ack { .. }
            | Kind::Rekey { .. }
            | Kind::SetRules { .. } => true,
        }
    }

    fn inner_signatures(&self) -> bool {
        match &self.kind {
            Kind::Found { founder, .. } => founder.verify(self.circle.hint()),
            Kind::Admit {
                invite,
                newcomer,
                proof,
                ..
            } => {
                newcomer.verify(self.circle.hint())
                    && newcomer.proven_by(self.circle.hint(), *invite, proof)
            }
            Kind::AddDevice {
                device,
                certificate,
            } => {
                let hint = self.circle.hint();
                let certified = |signature: &Signature| device.certified(hint, signature);
                certificate.as_ref().is_none_or(certified) && device.verify(hint)
            }
            Kind::RemoveDevice { cut, .. } => cut.iter().all(Cut::signed_by_device),
            Kind::Remove { cut, .. } | Kind::Leave { cut } => cut.iter().all(Cut::signed_by_device),
            Kind::Invite(_)
            | Kind::RevokeInvite { .. }
            | Kind::SetRole { .. }
            | Kind::Epoch { .. }
            | Kind::Share { .. }
            | Kind::Ack { .. }
            | Kind::Rekey { .. }
            | Kind::SetRules { .. } => true,
        }
    }
}

impl Cut {
    /// Checks the signature that the entry carries itself.
    fn signed_by_device(&self) -> bool {
        header::signed(&self.device, &self.entry, &self.signature)
    }
}

impl Newcomer {
    /// Returns a newcomer, signed by their person and device keys.
    pub fn sign(
        circle: CircleId,
        person: &SigningKey,
        device: &SigningKey,
        kem: KemKey,
        name: Text<MAX_NAME>,
    ) -> Self {
        Self::sign_for(circle.hint(), person, device, kem, name)
    }

    /// Does the same for a circle of which only the hint is known yet.
    pub fn sign_for(
        hint: [u8; 16],
        person: &SigningKey,
        device: &SigningKey,
        kem: KemKey,
        name: Text<MAX_NAME>,
    ) -> Self {
        let mut newcomer = Self {
            person: person.person(),
            device: device.device(),
            kem,
            name,
            by_person: Signature::default(),
            by_device: Signature::default(),
        };
        let message = newcomer.message(hint);
        newcomer.by_person = person.sign(PERSON, &message);
        newcomer.by_device = device.sign(DEVICE, &message);
        newcomer
    }

    /// Returns the invite key's signature over this newcomer: "who holds the secret is this one".
    pub fn prove(&self, hint: [u8; 16], invite: &SigningKey) -> Signature {
        invite.sign(INVITE, &self.message(hint))
    }

    /// Checks the person's and the device's signatures.
    pub fn verify(&self, hint: [u8; 16]) -> bool {
        let message = self.message(hint);
        verify(&self.person.0, PERSON, &message, &self.by_person)
            && verify(&self.device.0, DEVICE, &message, &self.by_device)
    }

    /// Checks the invite's signature.
    pub fn proven_by(&self, hint: [u8; 16], invite: InviteId, proof: &Signature) -> bool {
        verify(&invite.0, INVITE, &self.message(hint), proof)
    }

    fn message(&self, hint: [u8; 16]) -> Vec<u8> {
        codec::encode(&(hint, self.person, self.device, &self.kem, &self.name))
    }
}

impl NewDevice {
    /// Returns a new device, signed by its own key.
    pub fn sign(circle: CircleId, person: PersonId, device: &SigningKey, kem: KemKey) -> Self {
        Self::sign_for(circle.hint(), person, device, kem)
    }

    /// Does the same for a circle of which only the hint is known yet.
    pub fn sign_for(hint: [u8; 16], person: PersonId, device: &SigningKey, kem: KemKey) -> Self {
        let mut new = Self {
            person,
            device: device.device(),
            kem,
            by_device: Signature::default(),
        };
        new.by_device = device.sign(DEVICE, &new.message(hint));
        new
    }

    /// Returns the person key's signature over this device.
    pub fn certify(&self, circle: CircleId, person: &SigningKey) -> Signature {
        self.certify_for(circle.hint(), person)
    }

    /// Does the same for a circle of which only the hint is known yet.
    pub fn certify_for(&self, hint: [u8; 16], person: &SigningKey) -> Signature {
        person.sign(PERSON, &self.message(hint))
    }

    /// Checks the device's signature.
    pub fn verify(&self, hint: [u8; 16]) -> bool {
        verify(&self.device.0, DEVICE, &self.message(hint), &self.by_device)
    }

    /// Checks the person key's signature.
    pub fn certified(&self, hint: [u8; 16], certificate: &Signature) -> bool {
        verify(&self.person.0, PERSON, &self.message(hint), certificate)
    }

    fn message(&self, hint: [u8; 16]) -> Vec<u8> {
        codec::encode(&(hint, self.person, self.device, &self.kem))
    }
}

/// Returns the id of the circle that a device founds with a nonce.
pub fn circle_id(nonce: &[u8; 32], founder: DeviceId) -> CircleId {
    CircleId(key::hash(CIRCLE, &codec::encode(&(nonce, founder))))
}

fn ascending<T: Ord>(items: &[T]) -> bool {
    items.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
}
