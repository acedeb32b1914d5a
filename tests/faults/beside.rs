//! A run that does not end by itself: what happens beside it, and how it is told to end.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::ending;
use crate::world::World;

/// How long something may be waited for that a fault may have prevented.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What happens while a run goes on, until it is told to end.
pub type Beside = fn(&World, &mut Running);

/// A run that goes on.
pub struct Running(Child);

impl Running {
    /// Waits until `holds`, but for no run that has ended, and not for ever.
    pub fn until(&mut self, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while self.goes_on() && !holds() && start.elapsed() < PATIENCE {
            thread::sleep(PAUSE);
        }
    }

    fn goes_on(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Tells it to end; `strace` goes with what it traces.
    fn end(&mut self) {
        let id = self.0.id();
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let traced = children.unwrap_or_default();
        let id = if name.trim() == "strace" { traced.trim().to_owned() } else { id.to_string() };
        if self.goes_on() && !id.is_empty() {
            // It may have ended just now.
            let _ = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status();
        }
    }
}

/// Runs `command`, whose output goes to `stdout` if that is given; where something happens `beside` it,
/// it is ended after that.
pub fn output(
    command: &mut Command,
    stdout: Option<File>,
    beside: Option<(Beside, &World)>,
) -> Output {
    let (mut printed, mut said) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(stdout.unwrap_or_else(|| printed.try_clone().unwrap()));
    command.stderr(said.try_clone().unwrap());
    let mut running = Running(command.spawn().unwrap());
    if let Some((happens, world)) = beside {
        happens(world, &mut running);
        running.end();
    }
    let status = ending::ended(&mut running.0);
    Output { status, stdout: read(&mut printed), stderr: read(&mut said) }
}

fn read(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}
