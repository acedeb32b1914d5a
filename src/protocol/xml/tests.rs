//! The documents that the reader takes, and each thing that it refuses.

use super::scope::SCOPED;
use super::*;

fn refusal(document: &str) -> String {
    Element::parse(document.as_bytes()).unwrap_err().to_string()
}

#[test]
fn namespaces_decide_and_prefixes_do_not() {
    let one = Element::parse(b"<a xmlns:p='urn:x'><p:b c='1' p:c='2'/></a>").unwrap();
    let other = Element::parse(b"<a><b xmlns='urn:x' c='1'/></a>").unwrap();
    for root in [one, other] {
        assert_eq!(root.named("urn:x", "b").count(), 1);
        assert_eq!(root.elements().next().unwrap().attribute("c"), Some("1"));
        assert!(root.named("", "b").next().is_none());
    }
}

#[test]
fn text_is_joined_over_comments_and_cdata() {
    let root = Element::parse(b"<a> x<!-- - --><![CDATA[<&]]><b>no</b>&lt;&#13;\r\n</a>").unwrap();
    assert_eq!(root.text(), " x<&<\r\n");
}

#[test]
fn what_stands_once_may_be_absent_and_not_twice() {
    let root = Element::parse(b"<a><b/><c/><c/></a>").unwrap();
    assert!(root.once("", "b").unwrap().is_some());
    assert!(root.once("", "d").unwrap().is_none());
    assert_eq!(root.once("", "c").unwrap_err().to_string(), "`c` stands twice in `a`");
}

#[test]
fn only_unknown_and_critical_elements_hold() {
    let known = [("", "b")];
    for fine in [
        "<b critical='true'/>",
        "<x/>",
        "<x critical='false'/>",
        "<y><x critical='true'/></y>",
        "<x xmlns:p='urn:p' p:critical='true'/>",
    ] {
        let root = Element::parse(format!("<a>{fine}</a>").as_bytes()).unwrap();
        assert_eq!(root.refuse_unknown_critical(&known), Ok(()), "{fine}");
    }
    for held in ["<x critical='true'/>", "<b xmlns='urn:p' critical='true'/>"] {
        let root = Element::parse(format!("<a>{held}</a>").as_bytes()).unwrap();
        assert!(matches!(root.refuse_unknown_critical(&known), Err(Error::Critical(_))), "{held}");
    }
}

#[test]
fn what_is_not_xml_is_refused() {
    for bad in [
        "",
        " ",
        "x",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "<p:a/>",
        "<a b='1' b='2'/>",
        "<a>&nbsp;</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFE;</a>",
        "<a>\u{1}</a>",
        "<a b='<'/>",
    ] {
        assert!(refusal(bad).starts_with("not XML: "), "{bad}: {}", refusal(bad));
    }
    assert!(Element::parse(b"<a>\xFF</a>").is_err());
    assert_eq!(refusal("<?xml version='1.1'?><a>&#1;</a>"), "not XML 1.0: it says version 1.1");
}

#[test]
fn document_types_and_entity_bombs_are_refused() {
    let laughs = "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>";
    let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
    for bad in ["<!DOCTYPE html><a/>", laughs, outside] {
        assert_eq!(refusal(bad), "it has a DOCTYPE", "{bad}");
    }
}

#[test]
fn depth_32_is_read_and_33_is_not() {
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(Element::parse(nested(32).as_bytes()).is_ok());
    assert_eq!(refusal(&nested(33)), "nested deeper than 32");
    assert_eq!(refusal(&"<a>".repeat(1_000_000)), "nested deeper than 32");
}

#[test]
fn forty_namespaces_are_read_and_41_are_not() {
    let declared = |count| {
        let each = |n: usize| format!("<b xmlns='urn:{n}'/>");
        format!("<a>{}</a>", (0..count).map(each).collect::<String>())
    };
    assert!(Element::parse(declared(40).as_bytes()).is_ok());
    assert_eq!(refusal(&declared(41)), "more than 40 namespaces");
    let each = |n: usize| format!(" xmlns:p{n}='u{n}'");
    let many = format!("<a{}/>", (0..200_000).map(each).collect::<String>());
    assert_eq!(refusal(&many), "more than 40 namespaces");
}

#[test]
fn sizes_are_limited() {
    assert_eq!(refusal(&" ".repeat(limits::FEED + 1)), "larger than 5 MiB");
    let most = format!("<a>{}</a>", "x".repeat(TEXT));
    assert!(Element::parse(most.as_bytes()).is_ok());
    for bad in [
        format!("<a>{}</a>", "x".repeat(TEXT + 2)),
        format!("<a b='{}'/>", "x".repeat((8 << 10) + 2)),
        format!("<{}/>", "x".repeat(300)),
        format!("<a>&{};</a>", "x".repeat(1 << 20)),
    ] {
        let refused = refusal(&bad);
        assert!(refused.starts_with("not XML: ") && refused.len() < 200, "{refused}");
    }
    let attributes: String = (0..65).map(|n| format!(" b{n}=''")).collect();
    assert!(refusal(&format!("<a{attributes}/>")).starts_with("not XML: "));
    let nodes = format!("<a>{}</a>", "<b/>".repeat(NODES));
    assert_eq!(refusal(&nodes), "more than 256,000 elements, attributes and texts");
}

#[test]
fn octets_are_utf_8_of_the_right_root_and_at_most_1_mib() {
    assert!(Element::parse_octets(b"<a/>", "", "a").is_ok());
    let refused = |octets: &[u8]| Element::parse_octets(octets, "", "a").unwrap_err().to_string();
    assert_eq!(refused(b"<b/>"), "the root element is `b`, not `a`");
    assert_eq!(refused(b"<a xmlns='urn:x'/>"), "the root element is `a`, not `a`");
    assert_eq!(
        refused(b"<?xml version='1.0' encoding='latin1'?><a>\xE9</a>"),
        "not XML: not UTF-8"
    );
    assert_eq!(refused(&vec![b' '; limits::SEALED + 1]), "larger than 1 MiB");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<", ">", "/", "a", "b", "p:", "=", "'", "\"", " ", "&", ";", "#", "x", "1", "<!--", "-->",
            "<![CDATA[", "]]>", "<?", "?>", "xml", "<!DOCTYPE", "[", "]", "xmlns", "\0", "é", "<a>",
            "</a>", "<b c='d'>", "&amp;", "%", "<!ENTITY ", "&#9;", "\u{FEFF}",
        ]), 0..40),
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
    ) {
        let _ = Element::parse(pieces.concat().as_bytes());
        let _ = Element::parse(&bytes);
    }
}

/// What reading `document` took of copies of declarations, in bytes, whether it is read or refused.
fn scoped(document: &str) -> (usize, bool) {
    let mut tree = Tree::default();
    let is_read = tree.grow(document.as_bytes()).is_ok();
    (tree.scope.scoped, is_read)
}

/// `inner` in elements that declare what `declaration` says for each number.
fn declaring(count: usize, declaration: impl Fn(usize) -> String, inner: &str) -> String {
    let all: Vec<String> = (0..count).map(declaration).collect();
    // An element has 64 attributes at most.
    let chunks: Vec<String> =
        all.chunks(32).map(|chunk| format!("<a {}>", chunk.join(" "))).collect();
    format!("{}{inner}{}", chunks.concat(), "</a>".repeat(chunks.len()))
}

#[test]
fn twice_the_document_takes_twice_the_work_or_is_refused() {
    let elements = |count: usize| "<b/>".repeat(count);
    let long = |number: usize| format!("xmlns:p{number}='urn:{}'", "x".repeat(8_000 + number));
    let many = |number: usize| format!("xmlns:p{number}='urn:x'");
    type Make = Box<dyn Fn(usize) -> String>;
    let attacks: [(&str, Make); 4] = [
        ("long namespaces", Box::new(move |n| declaring(40, long, &elements(n)))),
        ("many prefixes", Box::new(move |n| declaring(n / 100, many, &elements(n)))),
        ("as many as may be", Box::new(move |n| declaring(37, many, &elements(n)))),
        (
            "one anew for each element",
            Box::new(|n| {
                (0..n).map(|n| format!("<b xmlns:p='urn:{}'/>", n % 30)).collect::<String>()
            }),
        ),
    ];
    for (attack, make) in attacks {
        let work = |count: usize| scoped(&format!("<r>{}</r>", make(count)));
        let (one, _) = work(8_000);
        let (two, is_read) = work(16_000);
        assert!(!is_read || two <= one * 21 / 10, "{attack}: {one}, {two}");
        let (most, _) = work(250_000);
        // The last element may go beyond it, by what one may declare.
        assert!(most <= SCOPED + (1 << 20), "{attack}: {most}");
    }
    assert!(!scoped(&declaring(40, |n| format!("xmlns:p{n}='urn:{}'", "x".repeat(8_000)), "")).1);
}

#[test]
fn a_feed_of_the_largest_size_with_many_namespaces_is_read() {
    let item = "<item><guid>urn:uuid:0199f0c2-0000-7000-8000-000000000000</guid><description>x</description></item>";
    let namespaces: String = (0..11)
        .map(|n| format!(" xmlns:n{n}='http://purl.org/rss/1.0/modules/number-{n}/'"))
        .collect();
    let items = item.repeat(40_000);
    let (took, is_read) = scoped(&format!("<rss{namespaces}><channel>{items}</channel></rss>"));
    assert!(is_read, "{took}");
    assert!(took < SCOPED, "{took}");
}
