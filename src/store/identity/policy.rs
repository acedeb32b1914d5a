//! The trust policy: what a contact may do whose key the user has not compared.

use serde::{Deserialize, Serialize};

/// What the user demands of a key before it counts; the signature must be good in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// That it was pinned at the first contact: everything passes.
    #[default]
    FirstUse,
    /// That it was compared: until then nothing is sent, and what comes is stored and not shown.
    Verified,
    /// That it was compared, or that the user says so each time something is sent; what comes is
    /// shown.
    Ask,
}

impl Policy {
    /// All there are, the most trusting first.
    pub const ALL: [Self; 3] = [Self::FirstUse, Self::Ask, Self::Verified];

    /// The word for it, in settings and in all outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstUse => "first-use",
            Self::Verified => "verified",
            Self::Ask => "ask",
        }
    }
}
