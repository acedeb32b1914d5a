//! What it writes that shows as something else.

use std::fs;

use crate::common::peer::friends;

const COVERT: &str = "pay\u{202e}001\u{2028}to\u{85}me\u{9b}2J";

#[test]
fn hides_and_reorders_text_in_every_output() {
    let (john, mary) = friends();
    let covert = |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{202e}');
    mary.send(&john, COVERT);
    let seen = "pay<U+202E>001<U+2028>to<U+0085>me<U+009B>2J";
    for (format, found) in [
        ("json", r"pay\u202e001\u2028to\u0085me\u009b2J".to_owned()),
        ("tsv", seen.to_owned()),
        ("text", seen.to_owned()),
        ("rss", seen.replace('<', "&amp;lt;").replace('>', "&amp;gt;")),
    ] {
        let shown = john.ok(&["--format", format, "poll", "--peek"]);
        assert!(shown.contains(&found), "{format}: {shown}");
        assert!(!shown.chars().any(covert), "{format}: {shown}");
    }
    // The text itself is what was written.
    let json = john.ok(&["--format", "json", "poll"]);
    let line: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(line["text"], COVERT);
}

#[test]
fn names_a_file_so_that_it_looks_like_another() {
    let (john, mary) = friends();
    let file = mary.file("invoice\u{202e}fdp.exe");
    fs::write(&file, "x").unwrap();
    mary.ok(&["send", "john", "-m", "see", "-a", file.to_str().unwrap()]);
    let json = john.ok(&["--format", "json", "poll"]);
    let line: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let folder = john.file("saved");
    fs::create_dir(&folder).unwrap();
    let guid = line["guid"].as_str().unwrap();
    let saved = john.ok(&["read", guid, "--save", folder.to_str().unwrap()]);
    assert_eq!(saved, format!("{}\n", folder.join("invoice_fdp.exe").display()));
}
