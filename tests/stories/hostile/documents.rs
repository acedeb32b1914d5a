//! Documents that are no feed, and such as break a rule: the reason, and nothing is lost.

use std::process::Stdio;

use super::story::{Story, assert_unchanged_but, bounded, snapshot};
use crate::common::peer::texts;
use crate::common::static_host::Behaviour;

const RSS: &str = "<rss version=\"2.0\"><channel><title>t</title>";
const TWICE: &str = "<item><guid>urn:uuid:0199f0c2-0000-7000-8000-000000000000</guid><guid>x</guid>\
    <description>-----BEGIN PGP MESSAGE-----</description></item>";

#[test]
fn what_is_not_xml_is_refused() {
    let story = Story::begin();
    story.refuses(b"<!-- gone -->", "not XML");
    story.refuses(b"The feed is being moved.\n", "not XML");
    story.refuses(b"\xff\xfe\x00\x01\x02", "not XML");
    story.refuses(format!("{RSS}<item>").as_bytes(), "not XML");
    story.refuses(&[0; 4_096], "not XML");
}

#[test]
fn what_is_not_rss_is_refused() {
    let story = Story::begin();
    story.refuses(b"<html><head/><body>404</body></html>", "not RSS: the root element is `html`");
    let atom = b"<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title></feed>";
    story.refuses(atom, "not RSS: the root element is `feed`");
    story.refuses(b"<rss version=\"2.0\"/>", "not RSS: it has no channel");
}

#[test]
fn a_doctype_is_refused_and_fetches_no_file() {
    let story = Story::begin();
    let secret = story.john.home().join("secret.asc");
    let entity = format!("<!ENTITY x SYSTEM \"file://{}\">", secret.display());
    let document = format!("<!DOCTYPE rss [{entity}]>{RSS}<item>&x;</item></channel></rss>");
    story.refuses(document.as_bytes(), "it has a DOCTYPE");
    let requests = story.mary.host.requests();
    let outside =
        format!("<!DOCTYPE rss SYSTEM \"{}x.dtd\">{RSS}</channel></rss>", story.mary.address());
    let refused = story.receive(outside).expect(1);
    assert!(refused.stderr.contains("it has a DOCTYPE"), "{}", refused.stderr);
    assert_eq!(story.mary.host.requests(), requests, "nobody fetched the DTD");
}

#[test]
fn entity_bombs_are_refused() {
    let story = Story::begin();
    let mut laughs = "<!DOCTYPE rss [<!ENTITY a0 \"ha\">".to_owned();
    for n in 1..12 {
        let ten = format!("&a{};", n - 1).repeat(10);
        laughs += &format!("<!ENTITY a{n} \"{ten}\">");
    }
    laughs += &format!("]>{RSS}<item>&a11;</item></channel></rss>");
    story.refuses(laughs.as_bytes(), "it has a DOCTYPE");
    let long = "x".repeat(50_000);
    let quadratic = format!(
        "<!DOCTYPE rss [<!ENTITY a \"{long}\">]>{RSS}<item>{}</item></channel></rss>",
        "&a;".repeat(50_000)
    );
    story.refuses(quadratic.as_bytes(), "it has a DOCTYPE");
    let unknown = format!("{RSS}<item>&nbsp;</item></channel></rss>");
    story.refuses(unknown.as_bytes(), "not XML");
}

#[test]
fn what_is_too_deep_or_too_wide_is_refused() {
    let story = Story::begin();
    let depth = 300_000;
    let deep = format!("{RSS}{}{}</channel></rss>", "<a>".repeat(depth), "</a>".repeat(depth));
    story.refuses(deep.as_bytes(), "deeper than 32");
    story.refuses(format!("{RSS}{}", "<a>".repeat(depth)).as_bytes(), "deeper than 32");
    let wide: String = (0..100).map(|n| format!("<a xmlns:n{n}=\"urn:{n}\"/>")).collect();
    story.refuses(format!("{RSS}{wide}</channel></rss>").as_bytes(), "namespaces");
    let many = "<a/>".repeat(1_200_000);
    story.refuses(
        format!("{RSS}{many}</channel></rss>").as_bytes(),
        "more than 256,000 elements, attributes and texts",
    );
    let attributes: String = (0..500).map(|n| format!(" a{n}=\"\"")).collect();
    story.refuses(format!("{RSS}<a{attributes}/></channel></rss>").as_bytes(), "not XML");
    let long = "x".repeat(4 << 20);
    story.refuses(format!("{RSS}<a b=\"{long}\"/></channel></rss>").as_bytes(), "not XML");
    story.refuses(format!("{RSS}<a>{long}</a></channel></rss>").as_bytes(), "not XML");
    story.refuses(format!("{RSS}<{long}/></channel></rss>").as_bytes(), "not XML");
}

/// Makes something else of a feed.
type Spoil<'a> = &'a dyn Fn(&str) -> String;

#[test]
fn an_element_of_ours_that_stands_twice_or_says_nonsense_is_refused_and_not_the_feed() {
    let double = |feed: &str, name: &str| {
        let element = format!("<im:{name}>");
        feed.replace(&element, &format!("{element}x</im:{name}>{element}"))
    };
    let cases: [(Spoil<'_>, &str); 5] = [
        (&|feed| double(feed, "state"), "the state is refused: `state` stands twice"),
        (
            &|feed| double(feed, "introduction"),
            "the introduction is refused: `introduction` stands",
        ),
        (
            &|feed| feed.replace("<im:pgpKey ", "<im:pgpKey/><im:pgpKey "),
            "the key is refused: `pgpKey` stands twice",
        ),
        (
            &|feed| feed.replace("<im:pgpKey fingerprint=\"", "<im:pgpKey fingerprint=\"../"),
            "is not a fingerprint",
        ),
        (
            &|feed| feed.replace("</channel>", &format!("{TWICE}</channel>")),
            "item without guid is refused: `guid` stands twice",
        ),
    ];
    for (spoil, words) in cases {
        let story = Story::begin();
        story.mary.send(&story.john, "beside it");
        let honest = std::fs::read_to_string(story.mary.pair_feed()).unwrap();
        let spoiled = spoil(&honest);
        assert_ne!(spoiled, honest, "{words}");
        story.serve(spoiled);
        let told = bounded(&story.john, &["--format", "json", "poll"]).expect(5);
        assert_eq!(texts(&told.stdout), ["beside it"], "{words}");
        assert_eq!(told.stderr.matches(words).count(), 1, "{words}: {}", told.stderr);
        let again = story.john.run(&["poll"]).expect(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
        assert!(!story.john.ok(&["status"]).contains("behind since"), "it is no old copy");
        story.serve(honest);
        story.loses_nothing();
    }
}

#[test]
fn a_feed_of_a_gigabyte_is_not_read_to_its_end() {
    let story = Story::begin();
    let before = snapshot(&story.john.home());
    story.mary.host.set(Behaviour::Endless);
    for _ in 0..2 {
        let refused = bounded(&story.john, &["poll"]).expect(3);
        let words = "warning: cannot fetch the feed of `mary`: more than 5242880 bytes";
        assert!(refused.stderr.starts_with(words), "{}", refused.stderr);
    }
    let after = snapshot(&story.john.home());
    assert_unchanged_but(&before, &after, &["contacts/mary/contact.toml"]);
    story.mary.host.set(Behaviour::Normal);
    story.loses_nothing();
}

#[test]
fn a_gigabyte_on_stdin_is_not_read_to_its_end() {
    let story = Story::begin();
    let zeros = std::fs::File::open("/dev/zero").unwrap();
    let mut command = story.john.command(&["receive", "mary"]);
    let child = command.stdin(zeros).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "error: `stdin` is larger than 5242880 bytes\n");
    story.loses_nothing();
}

#[test]
fn no_document_at_all_is_nothing_new() {
    let story = Story::begin();
    let before = snapshot(&story.john.home());
    let nothing = story.receive("").expect(0);
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", ""));
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    story.loses_nothing();
}
