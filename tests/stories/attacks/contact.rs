//! A contact gone bad: it has the key that we trust.

mod decrypting;
mod hiding;

use std::fs;

use crate::common::garbage::of_children;
use crate::common::peer::friends;

/// The CPU time, in seconds, that a feed which is refused may take in a debug build.
const CPU: f64 = 2.0;

/// Mary's feed with `inner` in its channel, and that `declared` on it.
fn refused(declared: &str, inner: &str) -> (String, f64) {
    let (john, mary) = friends();
    let feed = fs::read_to_string(mary.pair_feed()).unwrap();
    let feed = feed.replacen("<channel>", &format!("<channel {declared}>{inner}"), 1);
    fs::write(mary.pair_feed(), feed).unwrap();
    let before = of_children();
    let told = john.run(&["poll"]).expect(3).stderr;
    (told, of_children() - before)
}

#[test]
fn a_contact_whose_feed_has_long_namespaces_and_many_elements_costs_next_to_nothing() {
    let long = |number| format!("xmlns:p{number}=\"urn:{}{number}\"", "x".repeat(8_000));
    let declared: Vec<String> = (0..30).map(long).collect();
    let (told, spent) = refused(&declared.join(" "), &"<b/>".repeat(200_000));
    assert!(told.contains("a namespace of more than 512 bytes"), "{told}");
    assert!(spent < CPU, "{spent} s");
}

#[test]
fn a_contact_whose_feed_has_many_prefixes_and_many_elements_costs_next_to_nothing() {
    let level = |level| {
        let many = (0..60).map(|number| format!("xmlns:p{level}x{number}=\"urn:x\""));
        format!("<a {}>", many.collect::<Vec<_>>().join(" "))
    };
    let nested: String = (0..25).map(level).collect();
    let inner = format!("{nested}{}{}", "<b/>".repeat(200_000), "</a>".repeat(25));
    let (told, spent) = refused("", &inner);
    assert!(told.contains("more than 64 prefixes at one place"), "{told}");
    assert!(spent < CPU, "{spent} s");
}
