//! Our key is shown: to people, to programs, to telephone cameras.

use cloudim::openpgp::certificate::Certificate;

use crate::common::peer::{Peer, in_hours};

fn shown(peer: &Peer) -> serde_json::Value {
    serde_json::from_str(&peer.ok(&["--format", "json", "key", "show"])).unwrap()
}

#[test]
fn each_part_is_named_with_its_end_and_how_it_stands() {
    let (john, _) = Peer::locked("John", &[]);
    let certificate = std::fs::read(john.home().join("public/key.asc")).unwrap();
    let fingerprint = Certificate::parse(&certificate).unwrap().fingerprint();
    let text = john.ok(&["key", "show"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("fingerprint\t{}", fingerprint.grouped()));
    let [_, primary, ecdh, pqc, user, secret] = lines[..] else { panic!("{text}") };
    assert!(
        primary.starts_with(&format!("primary\t{fingerprint}\tEd25519\tcertify, sign\tsince 2"))
    );
    for (line, kind) in [(ecdh, "ECDH/Curve25519"), (pqc, "ML-KEM-768+X25519")] {
        assert!(line.starts_with("subkey\t"), "{line}");
        assert!(line.contains(&format!("\t{kind}\tencrypt\tsince 2")), "{line}");
        assert!(line.ends_with("\tnever expires\tvalid"), "{line}");
    }
    assert_eq!((user, secret), ("user id\tJohn", "secret key\tlocked by a passphrase"));
    let shown = shown(&john);
    assert_eq!(shown["fingerprint"], fingerprint.as_str());
    assert_eq!((&shown["locked"], shown["keys"].as_array().unwrap().len()), (&true.into(), 3));
    assert_eq!(shown["keys"][0]["uses"], serde_json::json!(["certify", "sign"]));
    assert_eq!(shown["users"][0]["text"], "John");
    assert!(Peer::mary().ok(&["key", "show"]).contains("secret key\twithout a passphrase\n"));
}

#[test]
fn what_ended_says_when() {
    let john = Peer::john();
    john.ok(&["key", "rotate"]);
    let show = ["--format", "json", "key", "show"];
    let shown = john.at(&in_hours(1), &show, "").expect(0).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let verdicts: Vec<String> = shown["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["verdict"].as_str().unwrap().to_owned())
        .collect();
    assert!(verdicts[1].starts_with("expired on 2") && verdicts[2] == verdicts[1], "{verdicts:?}");
    assert_eq!((&*verdicts[0], &*verdicts[3], &*verdicts[4]), ("valid", "valid", "valid"));
    let later = john.at(&in_hours(24 * 400), &["key", "show"], "").expect(0).stdout;
    assert_eq!(later.matches("\tvalid").count(), 1, "{later}");
}

#[test]
fn a_camera_reads_the_fingerprint() {
    let john = Peer::john();
    let drawn = john.ok(&["key", "show", "--qr"]);
    let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
    // Two modules a character, one above the other; the dark ones are drawn.
    let is_dark = |x: usize, y: usize| {
        let drawn = rows.get(y / 2).and_then(|row| row.get(x)).copied().unwrap_or(' ');
        drawn == '█' || drawn == if y.is_multiple_of(2) { '▀' } else { '▄' }
    };
    let (width, height) = (rows[0].len(), rows.len() * 2);
    // As a camera sees it: each module of several pixels.
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width * 4, height * 4, |x, y| {
        if is_dark(x / 4, y / 4) { 0 } else { 255 }
    });
    let grids = image.detect_grids();
    let (_, content) = grids[0].decode().unwrap();
    assert_eq!(content, format!("OPENPGP4FPR:{}", shown(&john)["fingerprint"].as_str().unwrap()));
}

#[test]
fn a_home_without_the_secret_key_shows_the_rest() {
    let john = Peer::john();
    std::fs::remove_file(john.home().join("secret.asc")).unwrap();
    assert!(john.ok(&["key", "show"]).ends_with("secret key\tnot here\n"));
    assert!(shown(&john)["locked"].is_null());
}
