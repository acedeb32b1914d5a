//! Two people compare, and a verified key looks different from one that is only pinned.

use std::fs;

use serde_json::Value;

use crate::common::peer::{Peer, friends, verify};
use crate::common::waiting::{Kept, while_it_waits};

fn lines(peer: &Peer, name: &str) -> Vec<(String, String)> {
    let shown = peer.ok(&["contact", "verify", name]);
    let pair = |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned()));
    shown.lines().map(|line| pair(line).unwrap()).collect()
}

fn trust(peer: &Peer, name: &str) -> String {
    let line = peer.ok(&["--format", "json", "contact", "show", name]);
    serde_json::from_str::<Value>(&line).unwrap()["trust"].as_str().unwrap().to_owned()
}

#[test]
fn both_have_the_same_lines_on_their_screens() {
    let (john, mary) = friends();
    let (johns, marys) = (lines(&john, "mary"), lines(&mary, "john"));
    for (a, b) in johns.iter().zip(&marys) {
        assert_eq!(a.0, b.0, "line by line");
        assert_eq!(a.0.split(' ').map(str::len).collect::<Vec<_>>(), [4; 10]);
        let whose = (a.1.as_str(), b.1.as_str());
        assert!(matches!(whose, ("mary", "you") | ("you", "john")), "{whose:?}");
    }
    assert_eq!(johns.len(), 2);
    let json = john.ok(&["--format", "json", "contact", "verify", "mary"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let grouped = |key: &str| json[key].as_str().unwrap().to_owned();
    for key in ["fingerprint", "own_fingerprint"] {
        assert!(johns.iter().any(|line| line.0.replace(' ', "") == grouped(key)), "{json}");
    }
    assert_eq!((&json["contact"], &json["trust"]), (&"mary".into(), &"first-use".into()));
}

#[test]
fn what_a_scanner_reads_is_a_fingerprint() {
    let (john, _mary) = friends();
    let line = john.ok(&["contact", "list"]);
    let fingerprint = line.split('\t').nth(2).unwrap().to_owned();
    let others = "0".repeat(40);
    for (told, status) in [
        (format!("OPENPGP4FPR:{others}"), 4),
        ("OPENPGP4FPR:".to_owned(), 2),
        (format!("OPENPGP4FPR:{fingerprint}"), 0),
        (format!("openpgp4fpr:{}#a=mary%40mary.example&n=Mary", fingerprint.to_lowercase()), 0),
        (format!("0x{fingerprint}"), 0),
    ] {
        john.run(&["contact", "verify", "mary", &told]).expect(status);
        assert_eq!(trust(&john, "mary"), if status == 0 { "verified" } else { "first-use" });
    }
}

#[test]
fn her_certificate_is_found_among_others() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    let [of_mary, of_anna, of_john] =
        [&mary, &anna, &john].map(|peer| fs::read(peer.home().join("public/key.asc")).unwrap());
    let others = [&of_anna[..], &of_john].concat();
    let refused = john.feed(&["contact", "verify", "mary", "-"], others).expect(4);
    assert!(refused.stderr.contains("error: `mary` has another key here: "), "{}", refused.stderr);
    assert_eq!(trust(&john, "mary"), "first-use");
    let fits = john
        .feed(&["contact", "verify", "mary", "-"], [of_anna, of_mary].concat())
        .expect(0)
        .stderr;
    assert!(
        fits.contains("the one that fits is ") && fits.contains("calls itself `Mary`"),
        "{fits}"
    );
    assert_eq!(trust(&john, "mary"), "verified");
}

#[test]
fn a_verified_key_looks_different_everywhere() {
    let (john, mary) = friends();
    let first = john.run(&["send", "mary", "-m", "one"]).expect(0).stderr;
    assert!(first.contains("not compared: cloudim contact verify mary"), "{first}");
    assert_eq!(john.run(&["send", "mary", "-m", "two"]).expect(0).stderr, "", "said once");
    let forms: [&[&str]; 9] = [
        &["contact", "list"],
        &["contact", "show", "john"],
        &["status"],
        &[],
        &["read"],
        &["poll", "--peek"],
        &["--format", "tsv", "poll", "--peek"],
        &["--format", "rss", "poll", "--peek"],
        &["--format", "json", "status"],
    ];
    mary.ok(&["poll", "--peek"]);
    let before = forms.map(|form| mary.ok(form));
    verify(&mary, &john);
    for (form, before) in forms.iter().zip(before) {
        let after = mary.ok(form);
        let marked = |text: &str| text.contains("✓") || text.contains("verified");
        assert!(!marked(&before) && marked(&after), "{form:?}: {before} {after}");
    }
    // Both were stored before the key was verified: what counts is what is known today.
    let hooked = mary.ok(&["poll", "-n", "1", "--exec", "printf %s, $IM_TRUST; cat $IM_JSON"]);
    assert!(hooked.starts_with("verified,") && hooked.contains("\"trust\":\"verified\""));
    let json = mary.ok(&["--format", "json", "poll"]);
    assert!(json.lines().all(|line| line.contains("\"trust\":\"verified\"")), "{json}");
    mary.send(&john, "three");
    assert!(mary.ok(&["read", "-n", "1"]).ends_with("  me → john ✓  three\n"));
}

#[test]
fn who_agrees_by_a_fingerprint_has_compared() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let own = |peer: &Peer| {
        let key = fs::read(peer.home().join("public/key.asc")).unwrap();
        cloudim::openpgp::Certificate::parse(&key).unwrap().fingerprint().grouped()
    };
    for peer in [&john, &mary] {
        peer.set("trust", "\"verified\"");
    }
    let invite = ["handshake", "invite", &mary.address(), "--output", "-"];
    john.ok(&invite);
    // Said again with what Mary told meanwhile, it is the same invitation.
    let invitation = john.ok(&[&invite[..], &["--fingerprint", &own(&mary)]].concat());
    let accept = ["handshake", "accept", "--input", "-", "--fingerprint"];
    let other = mary.feed(&[&accept[..], &[&own(&mary)]].concat(), &invitation).expect(4);
    assert!(other.stderr.contains("error: this is by the key "), "{}", other.stderr);
    mary.feed(&[&accept[..], &[&own(&john)]].concat(), &invitation).expect(0);
    john.ok(&["poll"]);
    john.send(&mary, "at once");
    assert_eq!(mary.poll(), ["at once"]);
    assert_eq!(
        (trust(&john, "mary").as_str(), trust(&mary, "john").as_str()),
        ("verified", "verified")
    );
}

#[test]
fn a_key_that_changes_while_the_comparison_waits_is_not_called_verified() {
    let (john, mary) = friends();
    let old = john.ok(&["contact", "list"]).split('\t').nth(2).unwrap().to_owned();
    let before = Kept::of(&john);
    mary.ok(&["key", "rotate", "--primary"]);
    john.run(&["poll"]);
    let after = Kept::of(&john);
    assert!(!john.ok(&["contact", "list"]).contains(&old));
    before.put_back(&john);
    let compare = ["contact", "verify", "mary", &old];
    let ran = while_it_waits(&john, &compare, || after.put_back(&john)).expect(4);
    assert!(ran.stderr.contains("`mary` has another key here"), "{}", ran.stderr);
    assert_eq!(trust(&john, "mary"), "first-use");
}
