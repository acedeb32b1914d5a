//! The end of a child to which a signal was sent, with a bound: a child that is deaf to the signal
//! fails its test, and holds up none.
//!
//! A script's background jobs inherit that INT and QUIT are ignored, what `nohup` runs inherits it of
//! HUP. So these three are for a child that handles them itself.

use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any end takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Sends `child` a signal, like `-TERM`.
#[track_caller]
pub fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// Sends `child` a signal, and waits for its end.
#[track_caller]
pub fn end(child: &mut Child, with: &str) -> ExitStatus {
    signal(child, with);
    ended(child)
}

/// Waits for the end of `child`, which is near.
#[track_caller]
pub fn ended(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() >= deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it does not end");
        }
        thread::sleep(PAUSE);
    }
}
