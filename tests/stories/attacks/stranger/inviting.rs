//! Strangers who invite us.

use std::fs;
use std::path::PathBuf;

use cloudim::protocol::values::guid::Guid;

use crate::common::peer::Peer;

/// Somebody whose card nobody can ask for.
fn stranger(name: &str, host: &str) -> Peer {
    let peer = Peer::without_identity(name);
    let url = format!("https://{host}/");
    peer.ok(&["keygen", "--name", name, "--base-url", &url, "--no-passphrase"]);
    peer
}

fn invitation(by: &Peer) -> String {
    by.ok(&["handshake", "invite", "--output", "-"])
}

/// The files of the invitations that wait.
fn waiting(peer: &Peer) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(peer.home().join("invitations"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// A hundred more of the invitation that waits, as many calls would have left them.
fn multiply(john: &Peer, junk: &PathBuf) {
    let text = fs::read_to_string(junk).unwrap();
    let id = junk.file_stem().unwrap().to_str().unwrap();
    let parsed: Guid = format!("urn:uuid:{id}").parse().unwrap();
    let (head, tail) = id.split_at(id.len() - 3);
    let tail = u16::from_str_radix(tail, 16).unwrap();
    for number in 1..100 {
        let other = format!("{head}{:03x}", (tail + number) % 0x1000);
        let text = text.replace(&parsed.to_string(), &format!("urn:uuid:{other}"));
        let text = text.replace("name = \"eve\"", &format!("name = \"eve-{}\"", number + 1));
        fs::write(john.home().join(format!("invitations/{other}.toml")), text).unwrap();
    }
}

#[test]
fn fills_the_list_with_junk_and_shuts_out_no_honest_invitation() {
    let (john, eve) = (Peer::john(), stranger("Eve", "10.0.0.1"));
    let mary = stranger("Mary", "10.0.0.2");
    john.feed(&["handshake", "receive"], invitation(&eve)).expect(0);
    multiply(&john, &waiting(&john)[0]);
    assert_eq!(waiting(&john).len(), 100);
    let taken = john.feed(&["handshake", "receive"], invitation(&mary)).expect(0);
    assert!(taken.stderr.starts_with("`mary` invites you: "), "{}", taken.stderr);
    assert!(taken.stderr.contains("warning: 100 invitations wait: that of `eve"), "{taken:?}");
    assert!(taken.stderr.contains("handshake decline NAME --all\n"), "{}", taken.stderr);
    assert!(john.ok(&[]).contains("100 invitations wait"), "bare cloudim says so");
    for _ in 0..3 {
        // She goes on, and costs herself alone.
        john.feed(&["handshake", "receive"], invitation(&eve)).expect(0);
    }
    assert_eq!(waiting(&john).len(), 100);
    let list = john.ok(&["handshake", "list"]);
    assert!(list.contains("  mary  "), "{list}");
    // All of hers go at once, and nobody else's.
    let name = list.lines().find_map(|line| line.split("  ").find(|it| it.starts_with("eve")));
    let declined = john.run(&["handshake", "decline", name.unwrap(), "--all"]).expect(0);
    assert!(declined.stderr.ends_with(" and 98 others are declined\n"), "{}", declined.stderr);
    let list = john.ok(&["handshake", "list"]);
    assert!(list.contains("  mary  ") && !list.contains("eve"), "{list}");
    john.ok(&["handshake", "accept", "mary"]);
}

#[test]
fn calls_himself_by_a_name_that_looks_like_a_contacts() {
    let (john, mary) = crate::common::peer::friends();
    assert_eq!(mary.name, "mary");
    for (number, (claimed, called, odd)) in [
        ("M\u{430}ry", "m\u{430}ry-2", "looks like `mary`, and is another; it mixes letters of"),
        ("rnary", "rnary-3", "looks like `mary`, and is another"),
        ("Ma\u{200b}ry\u{3164}", "mary-4", ""),
        ("B\u{3bf}b", "b\u{3bf}b", "mixes letters of several scripts"),
    ]
    .into_iter()
    .enumerate()
    {
        let eve = stranger(claimed, &format!("10.0.0.{number}"));
        let taken = john.feed(&["handshake", "receive"], invitation(&eve)).expect(0);
        let begins = format!("`{called}` invites you: ");
        assert!(taken.stderr.starts_with(&begins), "{claimed}: {}", taken.stderr);
        assert_eq!(taken.stderr.contains("warning: the name of"), !odd.is_empty(), "{taken:?}");
        assert!(taken.stderr.contains(odd), "{}", taken.stderr);
        assert!(john.ok(&["handshake", "list"]).contains(odd));
        let accepted = john.run(&["handshake", "accept", called]).expect(0);
        assert!(accepted.stderr.contains(odd), "{}", accepted.stderr);
    }
    let json = john.ok(&["--format", "json", "contact", "list"]);
    assert_eq!(json.lines().count(), 5, "{json}");
}
