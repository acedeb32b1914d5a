//! A terminal for the program: `script` of util-linux makes one.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, tcgetattr};

use super::peer::Peer;

const PATIENCE: Duration = Duration::from_secs(60);

/// A shell command that runs on a terminal of its own; killed if it is dropped before its end.
pub struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    seen: String,
    device: String,
}

impl Terminal {
    /// Runs the shell command; `$CLOUDIM` is the program.
    pub fn run(peer: &Peer, shell: &str) -> Self {
        let program = peer.command(&[]).get_program().to_owned();
        let mut command = Command::new("script");
        // The first line on the screen names the terminal.
        command.args(["-qefc", &format!("tty; {shell}"), "/dev/null"]).env("CLOUDIM", program);
        command
            .env("CLOUDIM_HOME", peer.home())
            .env("XDG_STATE_HOME", peer.file("state-home"))
            .env("SHELL", "/bin/sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("script of util-linux");
        let keyboard = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal =
            Self { child, keyboard, screen, seen: String::new(), device: String::new() };
        terminal.wait_for("\n");
        let (device, rest) = terminal.seen.split_once('\n').unwrap();
        (terminal.device, terminal.seen) = (device.trim().to_owned(), rest.to_owned());
        terminal
    }

    /// Waits until `prompt` is on the screen and what is typed is hidden, then types `line`.
    #[track_caller]
    pub fn answer(&mut self, prompt: &str, line: &str) {
        self.pass(prompt);
        let deadline = Instant::now() + PATIENCE;
        // It is there as long as somebody waits for an answer, and perhaps no longer.
        let device = File::open(&self.device).unwrap();
        while tcgetattr(&device).unwrap().local_modes.contains(LocalModes::ECHO) {
            assert!(Instant::now() < deadline, "what is typed at `{prompt}` would be seen");
            thread::yield_now();
        }
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until `prompt` is on the screen, then types `line` for all to see.
    #[track_caller]
    pub fn answer_openly(&mut self, prompt: &str, line: &str) {
        self.pass(prompt);
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    #[track_caller]
    fn pass(&mut self, prompt: &str) {
        self.wait_for(prompt);
        self.seen = self.seen.split_once(prompt).unwrap().1.to_owned();
    }

    #[track_caller]
    fn wait_for(&mut self, prompt: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen.contains(prompt) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.screen.recv_timeout(left) else {
                panic!("no `{prompt}` in: {}", self.seen)
            };
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Waits for the end; returns the status and what was on the screen since the last prompt.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) if Instant::now() < deadline => break,
                Err(_) => panic!("it does not end: {}", self.seen),
            }
        }
        (self.child.wait().unwrap().code().unwrap_or(-1), self.seen.clone())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
