//! Rotation: when our encryption subkeys are replaced, and by what (PROTOCOL §9).

use jiff::SignedDuration;

use super::own_key;
use super::session::Session;
use crate::error::Result;

/// How long an encryption subkey lives that nobody rotates: who has not heard of us for longer does
/// not write to us before having looked.
const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Replaces our encryption subkeys now. Returns for whom our feed changed.
///
/// # Errors
/// As [`own_key::change`].
pub fn rotate(session: &mut Session) -> Result<Vec<String>> {
    own_key::change(session, |key, date, rng| key.rotated(LIFETIME, date, rng).map(Some))
}
