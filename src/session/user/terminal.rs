//! The terminal, to ask the user: not stdin, which belongs to the message.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use crate::protocol::values::text;

const TERMINAL: &str = "/dev/tty";

/// Returns whether there is a terminal, and it is ours: a background job that asked would be
/// stopped.
pub fn is_ours() -> bool {
    let foreground = |terminal: File| rustix::termios::tcgetpgrp(&terminal).ok();
    File::open(TERMINAL)
        .ok()
        .and_then(foreground)
        .is_some_and(|group| group == rustix::process::getpgrp())
}

/// Shows `question`, and returns the line that is typed, without white space around it.
///
/// # Errors
/// When the terminal cannot be written or read.
pub fn ask(question: &str) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open(TERMINAL)?;
    terminal.write_all(text::visible(question).as_bytes())?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
