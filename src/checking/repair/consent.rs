//! The user's consent to what cannot be undone.

use crate::error::{Context, Result};
use crate::session::user::terminal;

/// How the user consents.
#[derive(Clone, Copy, Debug)]
pub struct Consent {
    /// The user has said yes to everything.
    pub yes: bool,
}

impl Consent {
    /// Whether the user consents to what `question` asks. Without a terminal nobody does. Never to be
    /// called with a lock held.
    ///
    /// # Errors
    /// When the terminal cannot be written or read.
    pub fn to(self, question: &str) -> Result<bool> {
        if self.yes || !terminal::is_ours() {
            return Ok(self.yes);
        }
        let answer = terminal::ask(&format!("{question} [y/N] "));
        let answer = answer.or_cannot(|| "cannot ask on the terminal".to_owned())?;
        Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
    }
}
