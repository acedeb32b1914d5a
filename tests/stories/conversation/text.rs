//! The text of a message is carried byte for byte, or refused.

use crate::common::peer::{Peer, friends, texts, tree};

/// Sends `bytes` by stdin; returns the guid.
fn send(from: &Peer, to: &Peer, bytes: &[u8]) -> String {
    from.feed(&["send", &to.name], bytes).expect(0).stdout.trim().to_owned()
}

/// The bytes that `read GUID` writes.
fn read(peer: &Peer, guid: &str) -> Vec<u8> {
    let output = peer.command(&["read", guid]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn every_text_arrives_byte_for_byte() {
    let (john, mary) = friends();
    let long = ("a long line of text with é and \u{1f600}, ".repeat(128) + "\r\n").repeat(15);
    assert!(long.len() > 70 * 1024, "{}", long.len());
    let texts = [
        "plain",
        "a\rb",
        "one\r\ntwo\r\n",
        "\ttab\tand\t",
        "   spaces before and after   ",
        "\n\n\nline feeds around\n\n\n",
        " ",
        "\n",
        "\r",
        "\t",
        "emoji \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}, combining e\u{301}a\u{308}",
        "\u{feff}byte order mark",
        "]]> <![CDATA[x]]> <!-- c --> <?pi?>",
        "&amp; &lt; &#13; &nbsp; &bogus; &",
        "<b>bold</b><script>alert(1)</script>",
        "-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----",
        "right \u{202e}to left, line\u{2028}separator, \u{85}next line, \u{7f}delete",
        "\u{10ffff}\u{fffd}\u{e000}",
        &long,
    ];
    let guids: Vec<String> = texts.iter().map(|text| send(&john, &mary, text.as_bytes())).collect();
    mary.ok(&["poll"]);
    for (guid, text) in guids.iter().zip(texts) {
        for peer in [&mary, &john] {
            let got = read(peer, guid);
            assert!(got == text.as_bytes(), "{text:?} became {:?}", String::from_utf8_lossy(&got));
        }
    }
}

#[test]
fn a_text_on_the_command_line_is_carried_like_one_on_stdin() {
    let (john, mary) = friends();
    for text in ["-m", "$(id) `id` %s \\n", "  ä  "] {
        let guid = john.ok(&["send", "mary", "-m", text]);
        assert_eq!(read(&john, guid.trim()), text.as_bytes());
    }
    assert_eq!(mary.poll(), ["-m", "$(id) `id` %s \\n", "  ä  "]);
}

#[test]
fn what_cannot_be_carried_is_refused_and_nothing_is_written() {
    let (john, mary) = friends();
    let before = tree(&john.home());
    let too_long = "x".repeat(100 * 1024);
    let refused: [(&[u8], &str, &str); 9] = [
        (b"", "error: the message is empty: nothing was sent", "hint: give it on stdin"),
        (b"a\0b", "U+0000 at byte offset 1", "hint: "),
        (b"ab\xff\xfe", "the text is not UTF-8: invalid at byte offset 2", "hint: "),
        (b"\xc3", "not UTF-8", "hint: "),
        (b"\xed\xa0\x80 surrogate", "not UTF-8", "hint: "),
        (b"\x1b[2Jclear", "U+001B at byte offset 0", "hint: "),
        (b"bell\x07", "U+0007 at byte offset 4", "hint: "),
        ("x\u{ffff}".as_bytes(), "U+FFFF at byte offset 1", "hint: "),
        (too_long.as_bytes(), "error: the message is too long", "hint: send it as an attachment"),
    ];
    for (bytes, says, hints) in refused {
        let ran = john.feed(&["send", "mary"], bytes).expect(1);
        assert!(ran.stderr.contains(says) && ran.stderr.contains(hints), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let ran = john.run(&["send", "mary", "-m", ""]).expect(1);
    assert!(ran.stderr.contains("the message is empty: nothing was sent"), "{}", ran.stderr);
    let ran = john.feed(&["send", "mary"], vec![b'x'; 3 << 20]).expect(1);
    assert!(ran.stderr.contains("larger than"), "{}", ran.stderr);
    assert_eq!(tree(&john.home()), before);
    assert_eq!(mary.poll(), [""; 0]);
}

#[test]
fn the_largest_text_arrives_and_one_byte_more_does_not() {
    let (john, mary) = friends();
    let fits = |length: usize| {
        let ran = john.feed(&["send", "mary"], "y".repeat(length));
        ran.status == 0
    };
    // Padmé allows some lengths more than others; between these two there is an edge.
    assert!(fits(77 * 1024), "77 KiB");
    assert!(!fits(82 * 1024), "82 KiB");
    let json = mary.ok(&["--format", "json", "poll"]);
    assert_eq!(texts(&json).iter().map(String::len).collect::<Vec<_>>(), [77 * 1024]);
}
