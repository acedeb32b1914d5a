//! `kill -9` at any moment of a run.

// Each test needs only a part.
#![allow(dead_code)]

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Kills runs after pauses that cover a whole run evenly, whatever the machine's speed.
pub struct Killer {
    whole: Duration,
    seed: u64,
    /// How many were killed in time.
    pub killed: usize,
}

/// How a run went until it was killed.
pub struct End {
    pub stdout: String,
    pub success: bool,
}

impl Killer {
    /// Learns from a run that nobody kills how long one takes.
    pub fn new(run: impl FnOnce()) -> Self {
        let started = Instant::now();
        run();
        Self { whole: started.elapsed(), seed: 7, killed: 0 }
    }

    fn pause(&mut self) -> Duration {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.whole.mul_f64((self.seed >> 40) as f64 / f64::from(1 << 24) * 1.2)
    }

    /// Runs `command` with `stdin`, and kills it after a while.
    pub fn run(&mut self, mut command: Command, stdin: &str) -> End {
        let mut out = tempfile::tempfile().unwrap();
        let mut input: File = tempfile::tempfile().unwrap();
        input.write_all(stdin.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut input).unwrap();
        command.stdin(input).stdout(out.try_clone().unwrap()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(self.pause());
        // It may have ended already.
        let _ = child.kill();
        let status = child.wait().unwrap();
        let was_killed = status.code().is_none();
        self.killed += usize::from(was_killed);
        // What else the machine does changes, and the first run may have been slow for once: half
        // of the runs are to be killed.
        self.whole = self.whole.mul_f64(if was_killed { 1.1 } else { 0.9 });
        let mut stdout = String::new();
        std::io::Seek::rewind(&mut out).unwrap();
        std::io::Read::read_to_string(&mut out, &mut stdout).unwrap();
        End { stdout, success: status.success() }
    }

    /// Asserts that some of `times` runs were killed, and some were not.
    #[track_caller]
    pub fn was_at_work(&self, times: usize) {
        assert!(self.killed > times / 5 && self.killed < times, "{} of {times}", self.killed);
    }
}
