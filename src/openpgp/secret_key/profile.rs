//! Which keys a new identity has.

/// Which keys a new identity has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Version 4, Ed25519, with an ECDH and an ML-KEM-768+X25519 subkey; reads SEIPDv1 and v2.
    Default,
    /// The same without ML-KEM and SEIPDv2: all that GnuPG 2.2 knows.
    Classic,
}
