//! The user's publish command: it holds the lock for publishing until it ends, within a limit of time.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::heard::Heard;
use super::place::Place;
use crate::error::{Context, Result};
use crate::session::talk::Talk;
use crate::session::user::terminal;
use crate::store::disk::lock::Lock;

/// A shell that holds the lock, which it gets as its stdin, for as long as the shell runs that it starts
/// with the command. That one has not got it, and neither has what the command leaves in the background.
/// If this process is killed, the lock is still held until the command has ended. A signal that ends the
/// command leaves the holder to wait for that.
const HOLDER: &str =
    r#"trap : HUP INT TERM; exec 9<&0 </dev/null; eval "$1"; sh -c "$0" 9<&-; exit $?"#;

/// What the holder writes into the lock before the command begins: whoever waits for one that goes on alone
/// has to know whom to end, however early this process is killed.
const NOTE: &str = r#"printf 'group %s\n' "$$" >&9"#;

/// How long a command that has to end may take over that.
const GRACE: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(20);

/// How a run of the command ended.
#[derive(Debug)]
pub(super) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us: it took longer than it may.
    TimedOut,
}

/// Runs `command` on the copy in `folder`, for at most `limit`; what it prints is `heard`, and told by `talk`.
/// The `lock` for publishing is held until it ends, and says by whom.
///
/// # Errors
/// When it cannot be started.
pub(super) fn run(
    command: &str,
    folder: &Path,
    lock: &mut Lock,
    limit: Duration,
    (heard, talk): (&mut Heard, &mut Talk),
) -> Result<End> {
    let failed = || format!("cannot run the publish command `{command}`");
    let [stdout, stderr] = heard.outputs().or_cannot(failed)?;
    // A command that asks for a password has to be in the foreground, where Ctrl-C ends it with us.
    let has_group = !terminal::is_ours();
    lock.note("")?;
    let place = Place::of(folder, command).or_cannot(failed)?;
    let mut holder = Command::new("sh");
    holder
        .args(["-c", HOLDER, &place.fill(command)])
        .arg(if has_group { NOTE } else { ":" })
        .env("IM_PUBLIC", folder)
        .stdin(Stdio::from(lock.share()?))
        .stdout(stdout)
        .stderr(stderr);
    if has_group {
        holder.process_group(0);
    }
    let child = holder.spawn().or_cannot(failed)?;
    let id = Pid::from_child(&child);
    let end = |signal| if has_group { end_group(id, signal) } else { end_tree(id, signal) };
    let ended = ended_within(child, limit, || heard.listen(talk), end);
    // Whoever waits for the lock of what was left in the background must not end it.
    lock.note("")?;
    ended.or_cannot(failed)
}

/// Waits for `child`, and ends it by `end` after `limit`; `meanwhile` happens again and again. What dies of a
/// signal takes with it what it has started.
fn ended_within(
    mut child: Child,
    limit: Duration,
    mut meanwhile: impl FnMut(),
    end: impl Fn(Signal),
) -> std::io::Result<End> {
    let (sender, ended) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let status = child.wait();
        let _ = sender.send(());
        status
    });
    let mut is_ended_within = |limit: Duration| {
        let start = Instant::now();
        while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
            meanwhile();
            if start.elapsed() >= limit {
                return false;
            }
        }
        true
    };
    let is_late = !is_ended_within(limit);
    if is_late {
        end(Signal::TERM);
        if !is_ended_within(GRACE) {
            end(Signal::KILL);
        }
    }
    let status = waiter.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into()))?;
    if is_late || status.code().is_none() {
        // The shell that held the lock is gone, and others of its group may be left.
        end(Signal::KILL);
    }
    Ok(if is_late { End::TimedOut } else { End::Exited(status) })
}

/// Ends the command that has noted this in the lock.
pub(super) fn end_noted(note: &str) {
    let id = note.trim().strip_prefix("group ").and_then(|id| id.parse().ok());
    let Some(id) = id.and_then(Pid::from_raw).filter(|id| !id.is_init()) else { return };
    end_group(id, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while rustix::process::test_kill_process_group(id).is_ok() && Instant::now() < deadline {
        thread::sleep(PAUSE);
    }
    end_group(id, Signal::KILL);
}

fn end_group(id: Pid, signal: Signal) {
    // It may have ended meanwhile.
    let _ = rustix::process::kill_process_group(id, signal);
}

/// Ends the process `id`, and before it what it has started, as far as the system says.
fn end_tree(id: Pid, signal: Signal) {
    let raw = id.as_raw_nonzero();
    let children = fs::read_to_string(format!("/proc/{raw}/task/{raw}/children"));
    for child in children.unwrap_or_default().split_whitespace() {
        if let Some(child) = child.parse().ok().and_then(Pid::from_raw) {
            end_tree(child, signal);
        }
    }
    let _ = rustix::process::kill_process(id, signal);
}
