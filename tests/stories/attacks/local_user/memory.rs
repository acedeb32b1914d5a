//! What is left in the memory of a process that has had the secret key unlocked.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::process::{Command, ExitCode};

use crate::common::again::only;
use crate::common::peer::{PASSPHRASE, Peer, Ran};
use crate::keys::secrecy::secrets;

/// What is looked for is masked, so that the search does not find itself.
const MASK: u8 = 0x5a;
const NEEDLES: &str = "CLOUDIM_TEST_NEEDLES";
/// The components whose secrets are cleared: the primary key, which signs, and the X25519 subkey.
const CLEARED: usize = 2;
/// Octets of a secret that tell it from chance.
const NEEDLE: usize = 16;

/// John with a locked key, Mary, and the file with John's passphrase.
fn friends() -> (Peer, Peer, String) {
    let ((john, file), mary) = (Peer::locked("John", &[]), Peer::mary());
    let unlocked = |args: &[&str]| john.ok(&[args, &["--passphrase-file", &file]].concat());
    let invitation = unlocked(&["handshake", "invite", &mary.address(), "-o", "-"]);
    mary.feed(&["handshake", "accept", "-i", "-"], invitation).expect(0);
    unlocked(&["poll"]);
    mary.send(&john, "hello");
    (john, mary, file)
}

/// The folder of the home, which is no secret and shows that the search finds what is there; the passphrase,
/// and parts of the secrets, also from back to front: masked, in hexadecimal.
fn needles(john: &Peer) -> String {
    let octets = |hexadecimal: &String| -> Vec<u8> {
        let digits = (0..hexadecimal.len()).step_by(2);
        digits.map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
    };
    let home = john.home().into_os_string().into_encoded_bytes();
    let mut all = vec![home, PASSPHRASE.as_bytes().to_vec()];
    // Of the subkey with ML-KEM its library leaves a copy of the seed.
    for secret in secrets(john).iter().take(CLEARED).map(octets) {
        let parts: Vec<Vec<u8>> = secret.chunks_exact(NEEDLE).map(<[u8]>::to_vec).collect();
        all.extend(parts.iter().map(|part| part.iter().rev().copied().collect()));
        all.extend(parts);
    }
    let masked = |needle: Vec<u8>| -> String {
        needle.iter().map(|octet| format!("{:02x}", octet ^ MASK)).collect()
    };
    all.into_iter().map(masked).collect::<Vec<_>>().join(",")
}

#[test]
fn reads_the_memory_of_a_process_that_has_used_the_passphrase_and_the_unlocked_key() {
    let (john, _mary, file) = friends();
    let needles = needles(&john);
    for command in ["send mary -m x", "poll"] {
        let there = john.command(&[]);
        let program = env::current_exe().unwrap();
        let mut again = Command::new(program);
        again.args(only(concat!(module_path!(), "::a_part_that_runs_and_looks_at_itself")));
        for (name, value) in there.get_envs() {
            match value {
                Some(value) => again.env(name, value),
                None => again.env_remove(name),
            };
        }
        again.env("CLOUDIM_PASSPHRASE_FILE", &file).env(NEEDLES, &needles);
        again.env("CLOUDIM_TEST_COMMAND", command);
        let ran = Ran::of(again.output().unwrap()).expect(0);
        let found: Vec<&str> =
            ran.stdout.lines().filter(|line| line.starts_with("found ")).collect();
        assert!(!found.is_empty(), "what is no secret is found: {}", ran.stdout);
        assert!(found.iter().all(|line| line.starts_with("found 0 in ")), "{command}: {found:?}");
    }
}

#[test]
#[ignore = "played by the test above, in a process of its own"]
fn a_part_that_runs_and_looks_at_itself() {
    let Ok(needles) = env::var(NEEDLES) else { return };
    let command = env::var("CLOUDIM_TEST_COMMAND").unwrap();
    let args = ["cloudim"].into_iter().chain(command.split(' ')).map(Into::into);
    let status = cloudim::run(args);
    assert_eq!(format!("{status:?}"), format!("{:?}", ExitCode::SUCCESS));
    let octet = |needle: &str, at: usize| u8::from_str_radix(&needle[at..at + 2], 16).unwrap();
    let masked = |needle: &str| -> Vec<u8> {
        (0..needle.len()).step_by(2).map(|at| octet(needle, at)).collect()
    };
    let needles: Vec<Vec<u8>> = needles.split(',').map(masked).collect();
    let mut memory = File::open("/proc/self/mem").unwrap();
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut fields = line.split_whitespace();
        let (range, mode) = (fields.next().unwrap(), fields.next().unwrap());
        if !mode.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|at| u64::from_str_radix(at, 16).unwrap());
        let mut octets = vec![0; usize::try_from(to - from).unwrap()];
        if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut octets).is_err() {
            continue;
        }
        let name = fields.nth(3).unwrap_or("without a name").to_owned();
        for (number, needle) in needles.iter().enumerate() {
            if holds(&octets, needle) {
                println!("\nfound {number} in {name}");
            }
        }
    }
}

/// Whether `octets` hold what is masked as `needle`.
fn holds(octets: &[u8], needle: &[u8]) -> bool {
    let first = needle[0] ^ MASK;
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|octet| *octet == first) {
        rest = &rest[at..];
        if rest.len() < needle.len() {
            return false;
        }
        if rest.iter().zip(needle).all(|(octet, masked)| octet ^ MASK == *masked) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}
