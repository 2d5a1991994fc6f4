//! A key wrapped by another one, as it stands in the file `keys` and in the head of a backup: nonce (24)
//! ‖ sealed key (48).

use super::secret::{NONCE, TAG};
use super::{Error, Secret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// How many bytes a wrapped key has.
pub(crate) const WRAPPED: usize = NONCE + Secret::SIZE + TAG;

/// Wraps a key, bound to a context.
pub(crate) fn wrap(
    wrapped: &Secret,
    by: &Secret,
    context: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<[u8; WRAPPED], Error> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let mut bytes = Vec::with_capacity(WRAPPED);
    bytes.extend_from_slice(&nonce);
    by.seal(&nonce, context, &[wrapped.as_bytes()], &mut bytes)?;
    bytes
        .try_into()
        .map_err(|_| Error::Damaged("the wrapped key"))
}

/// Unwraps a key; `None` where it is another's, or bound to something else.
pub(crate) fn unwrap(wrapped: &[u8; WRAPPED], by: &Secret, context: &[u8]) -> Option<Secret> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>()?;
    let plain = Zeroizing::new(by.open(nonce, context, sealed)?);
    Secret::from_slice(&plain)
}

/// Takes the next bytes of a file.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, left) = rest
        .split_first_chunk()
        .ok_or(Error::Damaged("it is too short"))?;
    *rest = left;
    Ok(*taken)
}
