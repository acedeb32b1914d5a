//! The reasons why listening ends, and how its threads say so.

use std::sync::mpsc::Sender;
use std::thread;

/// The reason why listening ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A signal came.
    Asked,
    /// Nobody reads what is printed.
    Unheard,
    /// A thread broke down.
    Broken,
}

/// Tells of the end, and of a thread that breaks down.
pub(super) struct Alarm(pub(super) Sender<End>);

impl Alarm {
    pub(super) fn ring(&self, end: End) {
        // Nobody hears it when the end has come already.
        let _ = self.0.send(end);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            self.ring(End::Broken);
        }
    }
}
