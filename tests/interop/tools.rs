//! Other people's programs, run to the end, and a GnuPG of one's own.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a run brought.
#[derive(Debug)]
pub struct Done {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Asserts that it ended with 0.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs `command` with `stdin`. A program that is not there is a failure.
#[track_caller]
pub fn run(command: &mut Command, stdin: impl AsRef<[u8]>) -> Done {
    command.stdin(file_with(stdin.as_ref()));
    match command.output() {
        Ok(output) => Done {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        },
        Err(cause) => panic!("`{}` is needed: {cause}", command.get_program().display()),
    }
}

/// Runs `program` with `args` and `stdin`; it must end with 0.
#[track_caller]
pub fn ok(program: &str, args: &[&str], stdin: impl AsRef<[u8]>) -> String {
    run(Command::new(program).args(args), stdin).ok()
}

/// `path` as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file instead of a pipe: nobody has to read and write in turns.
fn file_with(bytes: &[u8]) -> Stdio {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file.into()
}

/// Python with feedparser, running `script` with `stdin`.
#[track_caller]
pub fn python(script: &str, stdin: impl AsRef<[u8]>) -> String {
    // The first on the path may be another than the one that the system's packages are for.
    let has_feedparser = |python: &&str| {
        let probe = Command::new(python).args(["-c", "import feedparser"]).output();
        probe.is_ok_and(|probe| probe.status.success())
    };
    let pythons = ["python3", "/usr/bin/python3"];
    let python =
        pythons.into_iter().find(has_feedparser).expect("Python with feedparser is needed");
    ok(python, &["-c", script], stdin)
}

/// A GnuPG with a keyring of its own.
pub struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub fn new() -> Self {
        // The agent's socket lies in it, and the path of a socket must be short.
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("g").permissions(private).tempdir_in("/tmp");
        Self { home: folder.unwrap() }
    }

    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, args: &[A], stdin: impl AsRef<[u8]>) -> Done {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.home.path()).env("LC_ALL", "C");
        command.args(["--batch", "--no-tty", "--status-fd", "2"]);
        run(command.args(args), stdin)
    }

    #[track_caller]
    pub fn ok(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> String {
        self.run(args, stdin).ok()
    }

    /// Encrypts `octets` in the way that `options` say, whoever the recipients are.
    #[track_caller]
    pub fn encrypt(&self, options: &[&str], octets: &str) -> String {
        let always = ["--trust-model", "always", "--armor", "--encrypt"];
        self.ok(&[&always, options].concat(), octets)
    }

    /// Imports the file at `path`; returns what the status lines say.
    #[track_caller]
    pub fn import(&self, path: &Path) -> String {
        let done = self.run(&["--import", path.to_str().unwrap()], "");
        assert_eq!(done.status, 0, "{done:?}");
        done.stderr
    }

    /// A file that GnuPG keeps.
    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).unwrap()
    }

    /// The first `pub` line, or `sec` line and so on, of a listing with colons, in fields.
    #[track_caller]
    pub fn listed(&self, kind: &str, name: &str) -> Vec<String> {
        let list = self.ok(&["--with-colons", "--list-keys", name], "");
        let line = list.lines().find(|line| line.split(':').next() == Some(kind));
        let line = line.unwrap_or_else(|| panic!("no {kind} of {name} in {list}"));
        line.split(':').map(str::to_owned).collect()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        for order in [&["--kill", "all"] as &[_], &["--remove-socketdir"]] {
            let gpgconf =
                Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(order).output();
            drop(gpgconf);
        }
    }
}
