//! `strace`, which counts the calls of a run to the system, and makes one of them fail or be the last.
//!
//! It counts each kind of call for each thread by itself. So of calls that threads make at the same
//! time only the first can be meant.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::beside;
use crate::common::peer::Ran;
use crate::world::Case;

/// The calls that change something, here or elsewhere. Not every machine has all of them.
const CALLS: [&str; 25] = [
    "write",
    "writev",
    "pwrite64",
    "copy_file_range",
    "sendfile",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "truncate",
    "ftruncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "connect",
    "sendto",
    "sendmsg",
];

/// A call of a run: the `nth` of its kind in its thread.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub call: String,
    pub nth: usize,
}

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The run is killed before the call.
    Kill,
    /// The call fails with this error.
    Error(&'static str),
}

/// What the call at a point writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, on a disk that may be full or fail.
    File,
    /// What the run prints, or says to others.
    Stream,
    /// Something else, like a pipe to itself.
    Other,
}

/// Whether a program can be run in its hand here.
pub fn is_there() -> bool {
    let mut probe = Command::new("strace");
    probe.args(["-f", "-b", "execve", "-qq", "-e", "trace=write", "-e", "signal=none", "true"]);
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Runs the command of `case`, and lists the points that it comes by.
pub fn points(case: &Case, log: &Path) -> (Ran, Vec<(Point, Target)>) {
    let trace = ["-y".to_owned(), "-o".to_owned(), log.display().to_string()];
    let ran = run(case, &trace);
    let (mut counts, mut points) = (BTreeMap::new(), BTreeMap::new());
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((thread, call, rest)) = parse(line) else { continue };
        let nth = counts.entry((thread.to_owned(), call.to_owned())).or_insert(0_usize);
        *nth += 1;
        let point = Point { call: call.to_owned(), nth: *nth };
        points.entry(point).or_insert_with(|| target(call, rest));
    }
    (ran, points.into_iter().collect())
}

/// Runs the command of `case`, with `fault` at `point`.
pub fn inject(case: &Case, point: &Point, fault: Fault) -> Ran {
    let Point { call, nth } = point;
    let what = match fault {
        Fault::Kill => "signal=KILL".to_owned(),
        Fault::Error(error) => format!("error={error}"),
    };
    let inject = ["-e".to_owned(), format!("inject={call}:{what}:when={nth}")];
    run(case, &[&inject[..], &["-o".to_owned(), "/dev/null".to_owned()]].concat())
}

/// What it starts goes its own way: a publish command is no part of the program.
fn run(case: &Case, args: &[String]) -> Ran {
    let program = case.command();
    let mut command = Command::new("strace");
    let calls = CALLS.map(|call| format!("?{call}")).join(",");
    command.args(["-f", "-b", "execve", "-qq", "-e", "signal=none", "-e"]);
    command.arg(format!("trace={calls}")).args(args).arg("--");
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(&case.stdin).unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    Ran::of(beside::output(command.stdin(input), None, case.beside()))
}

/// The thread, the name of the call, and its arguments.
fn parse(line: &str) -> Option<(&str, &str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (call, rest) = rest.trim_start().split_once('(')?;
    CALLS.contains(&call).then_some((thread, call, rest))
}

fn target(call: &str, arguments: &str) -> Target {
    if matches!(call, "connect" | "sendto" | "sendmsg") {
        return Target::Stream;
    }
    let first = arguments.split([',', ')']).next().unwrap_or_default();
    match first.split_once('<') {
        Some(("1" | "2", _)) => Target::Stream,
        Some((_, path)) if path.contains("socket:") || path.contains("TCP:") => Target::Stream,
        Some((_, path)) if path.starts_with('/') => Target::File,
        // A path, or a folder and a path.
        None if first.starts_with('"') => Target::File,
        Some(("AT_FDCWD", _)) => Target::File,
        _ => Target::Other,
    }
}
