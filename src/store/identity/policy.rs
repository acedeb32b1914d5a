//! The trust policy: what a contact may do while the user has not compared its key.

use serde::{Deserialize, Serialize};

/// The user's demand on a key before it counts. The signature must be good in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The key was pinned at the first contact: everything passes.
    #[default]
    FirstUse,
    /// The key was compared: until then nothing is sent, and what comes is stored and not shown.
    Verified,
    /// The key was compared, or the user says so each time something is sent. What comes is shown.
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
