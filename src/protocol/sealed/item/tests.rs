//! Vectors and properties of the plain item.

use proptest::prelude::*;

use super::*;
use crate::protocol::sealed::padding::padding;
use crate::protocol::values::limits;
use crate::protocol::xml::hostile_text;

const GUID: &str = "urn:uuid:0199f0c2-0000-7000-8000-000000000000";
const LOG: &str = "urn:uuid:0199f0c2-1111-7000-8000-000000000000";

/// The random head of the padding, for once the same.
const HEAD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

fn written(item: &Item) -> String {
    item.octets(&HEAD.parse().unwrap())
}

fn item() -> Item {
    Item {
        guid: GUID.parse().unwrap(),
        published: "2026-11-22T19:02:11Z".parse().unwrap(),
        text: "dinner <at>\neight?".to_owned(),
        in_reply_to: Some(LOG.parse().unwrap()),
        attachments: vec![Attachment {
            url: "https://john.example/b/x".to_owned(),
            name: "cat.png".to_owned(),
            media_type: "image/png".to_owned(),
            size: 0,
            hash: Hash::of(b""),
        }],
        stream: Some(Stream {
            log: LOG.parse().unwrap(),
            sequence: 17,
            previous: Some(OctetsHash::of(b"")),
        }),
        conversation: None,
        keys: false,
        transition: None,
    }
}

fn with(inside: &str) -> Result<Item> {
    let octets = format!(
        "<item xmlns:im='{NAMESPACE}' xmlns:source='{SOURCE}'><guid>{GUID}</guid>{inside}</item>"
    );
    Item::parse(octets.as_bytes())
}

#[test]
fn octets_have_the_shape_of_the_protocol() {
    let hash = Hash::of(b"");
    let start = format!(
        "<item xmlns:im=\"{NAMESPACE}\" xmlns:source=\"https://source.scripting.com/\" \
         xmlns:thr=\"http://purl.org/syndication/thread/1.0\"><guid isPermaLink=\"false\">{GUID}</guid>\
         <pubDate>Sun, 22 Nov 2026 19:02:11 +0000</pubDate>\
         <description>dinner &amp;lt;at&amp;gt;&lt;br/&gt;eight?</description>\
         <source:markdown>dinner &lt;at&gt;\neight?</source:markdown><thr:in-reply-to ref=\"{LOG}\"/>\
         <enclosure url=\"https://john.example/b/x\" length=\"0\" type=\"application/pgp-encrypted\"/>\
         <im:attachment url=\"https://john.example/b/x\" name=\"cat.png\" type=\"image/png\" size=\"0\" hash=\"{hash}\"/>\
         <im:stream log=\"{LOG}\" sequence=\"17\" previous=\"{hash}\"/>"
    );
    let octets = written(&item());
    let rest = octets.strip_prefix(&start).unwrap();
    let padding =
        rest.strip_prefix("<im:padding>").unwrap().strip_suffix("</im:padding></item>").unwrap();
    assert!(padding.strip_prefix(HEAD).unwrap().chars().all(|c| c == ' '));
    assert_eq!(octets.len(), 1_024);
    let other = item().octets(&HEAD.replace('a', "b").parse().unwrap());
    assert_eq!((other.len(), Item::parse(other.as_bytes())), (1_024, Ok(item())));
    assert_ne!(other, octets);
    let bare = item().write();
    assert!(!bare.contains("padding"), "{bare}");
}

#[test]
fn the_least_item_is_dated_by_its_guid() {
    let item = with("").unwrap();
    assert_eq!(item.published, time::whole_seconds(item.guid.time()));
    assert_eq!((item.text.as_str(), item.stream, item.keys), ("", None, false));
}

#[test]
fn a_description_counts_only_without_markdown() {
    let html = "<description>&lt;p&gt;a &amp;amp; b&lt;/p&gt;&lt;p&gt;c</description>";
    assert_eq!(with(html).unwrap().text, "a & b\nc");
    assert_eq!(
        with(&format!("{html}<source:markdown> *d* </source:markdown>")).unwrap().text,
        " *d* "
    );
}

#[test]
fn the_source_namespace_is_read_in_four_spellings_that_count_as_one() {
    let spelled = ["https://source.scripting.com/", "http://source.scripting.com/"];
    let spelled = spelled.iter().flat_map(|long| [*long, long.trim_end_matches('/')]);
    for source in spelled.clone() {
        let text = format!("<m:markdown xmlns:m='{source}'>*a*</m:markdown>");
        assert_eq!(with(&text).unwrap().text, "*a*", "{source}");
        let twice = with(&format!("{text}<source:markdown/>")).unwrap_err().to_string();
        assert_eq!(twice, "`markdown` stands twice in `item`", "{source}");
    }
}

#[test]
fn entities_of_a_description_are_decoded_and_white_space_around_guids_is_none_of_them() {
    let octets = format!(
        "<item xmlns:t='{THREAD}'><guid>\n  {GUID}\t</guid><t:in-reply-to ref=' {LOG} '/>\
         <description>caf&amp;eacute; &amp;mdash; &lt;b&gt;3&amp;nbsp;&amp;euro;</description></item>"
    );
    let item = Item::parse(octets.as_bytes()).unwrap();
    assert_eq!((item.guid.to_string().as_str(), item.text.as_str()), (GUID, "café — 3\u{a0}€"));
    assert_eq!(item.in_reply_to.map(|guid| guid.to_string()).as_deref(), Some(LOG));
}

#[test]
fn a_declaration_and_instructions_are_accepted() {
    let octets = written(&item());
    for before in [
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n",
        "<?xml-stylesheet href='x'?><!-- a -->",
    ] {
        assert_eq!(Item::parse(format!("{before}{octets}").as_bytes()), Ok(item()), "{before}");
    }
    let inside = octets.replace("<pubDate>", "<?x y?><pubDate>") + "<?z?>\n";
    assert_eq!(Item::parse(inside.as_bytes()), Ok(item()));
}

#[test]
fn what_stands_once_does_not_stand_twice() {
    for (twice, element) in [
        ("guid", format!("<guid>{GUID}</guid>")),
        ("description", "<description/><description/>".to_owned()),
        ("markdown", "<source:markdown/><source:markdown/>".to_owned()),
        ("stream", format!("<im:stream log='{LOG}' sequence='1'/>").repeat(2)),
        ("conversation", format!("<im:conversation id='{LOG}'/>").repeat(2)),
    ] {
        let refusal = with(&element).unwrap_err().to_string();
        assert_eq!(refusal, format!("`{twice}` stands twice in `item`"));
    }
    assert_eq!(Item::parse(b"<item/>").unwrap_err().to_string(), "the item has no guid");
    let long = format!("<item><guid>{}</guid></item>", "x".repeat(100_000));
    assert!(Item::parse(long.as_bytes()).unwrap_err().to_string().len() < 200);
}

#[test]
fn streams_that_are_not_canonical_are_refused() {
    let hash = Hash::of(b"");
    let stream = |attributes: &str| with(&format!("<im:stream {attributes}/>"));
    assert!(stream(&format!("log='{LOG}' sequence='1'")).is_ok());
    assert!(stream(&format!("log='{LOG}' sequence='9007199254740991' previous='{hash}'")).is_ok());
    let upper = hash.to_string().to_uppercase();
    for bad in [
        format!("log='{LOG}' sequence='0'"),
        format!("log='{LOG}' sequence='02' previous='{hash}'"),
        format!("log='{LOG}' sequence='+2' previous='{hash}'"),
        format!("log='{LOG}' sequence='9007199254740992' previous='{hash}'"),
        format!("log='{LOG}' sequence='2' previous='{upper}'"),
        format!("log='{LOG}' sequence='1' previous='{hash}'"),
        format!("log='{LOG}' sequence='2'"),
        format!("log='{LOG}'"),
        "sequence='1'".to_owned(),
        "log='urn:uuid:20782cb9-e925-402f-bc8d-87ae70dbff45' sequence='1'".to_owned(),
    ] {
        assert!(matches!(stream(&bad), Err(Error::Malformed(_))), "{bad}");
    }
}

#[test]
fn attachments_that_are_not_canonical_are_refused() {
    let hash = Hash::of(b"");
    let attachment = |url: &str, size: &str| {
        with(&format!(
            "<im:attachment url='{url}' name='../x' type='a/b' size='{size}' hash='{hash}'/>"
        ))
    };
    assert!(attachment("https://a.example/b", "9007199254740991").is_ok());
    assert_eq!(attachment("file:///tmp/a", "0").unwrap().attachments.len(), 1);
    for (url, size) in [
        ("https://a.example", "1"),
        ("x", "1"),
        ("https://a.example/", "-1"),
        ("https://a.example/", ""),
    ] {
        assert!(attachment(url, size).is_err(), "{url} {size}");
    }
    assert!(with("<im:attachment url='https://a.example/b'/>").is_err());
}

#[test]
fn what_a_later_version_calls_critical_is_held_even_if_more_is_wrong() {
    let twice = format!("<guid>{GUID}</guid><im:vote critical='true'/>");
    for held in ["<im:ballot critical='true'>x</im:ballot>", "<x critical='true'/>", &twice] {
        assert!(matches!(with(held), Err(Error::Critical(_))), "{held}");
    }
    assert!(with("<im:vote/><im:stream xmlns:im='urn:other'/><x y='z'/>").is_ok());
}

#[test]
fn certificates_are_marked() {
    assert!(with("<enclosure url='x' type='application/pgp-keys'/>").unwrap().keys);
    let item = Item { keys: true, ..item() };
    assert_eq!(Item::parse(written(&item).as_bytes()).unwrap(), item);
}

#[test]
fn a_transition_has_both_its_parts_once() {
    let transition = Transition { introduction: "i <&\n".into(), certificate: "c".into() };
    let item = Item { transition: Some(transition), ..item() };
    assert_eq!(Item::parse(written(&item).as_bytes()).unwrap(), item);
    let (introduction, certificate) =
        ("<im:introduction>i</im:introduction>", "<im:certificate>c</im:certificate>");
    let read = |parts: &str| with(&format!("<im:transition>{parts}</im:transition>"));
    assert!(read(&[introduction, certificate].concat()).unwrap().transition.is_some());
    for bad in [
        "".to_owned(),
        introduction.to_owned(),
        certificate.to_owned(),
        [introduction, certificate, certificate].concat(),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
    let whole = format!("<im:transition>{introduction}{certificate}</im:transition>");
    assert!(with(&whole.repeat(2)).is_err());
}

#[test]
fn octets_of_another_kind_or_size_are_refused() {
    for bad in
        ["", "<im:state xmlns:im='urn:x'/>", "<item xmlns='urn:x'/>", "<!DOCTYPE item><item/>"]
    {
        assert!(Item::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Item::parse(&vec![b' '; limits::SEALED + 1]).is_err());
    let longest = "x".repeat(78 << 10);
    assert!(written(&Item { text: longest, ..item() }).len() <= limits::ITEM_WRITTEN);
}

prop_compose! {
    fn any_item()(
        text in hostile_text(),
        second in 0_i64..250_000_000_000,
        names in prop::collection::vec((hostile_text(), hostile_text(), 0..=limits::INTEGER), 0..3),
        sequence in 1..=limits::INTEGER,
        flags in any::<[bool; 4]>(),
    ) -> Item {
        let [replies, streams, converses, keys] = flags;
        let some: Guid = GUID.parse().unwrap();
        let attachment = |(name, media_type, size): (String, String, u64)| Attachment {
            url: "https://john.example/?a&b".to_owned(), name, media_type, size, hash: Hash::of(b"x"),
        };
        let previous = (sequence > 1).then(|| OctetsHash::of(b"y"));
        Item {
            guid: some,
            published: Timestamp::from_second(second).unwrap(),
            text,
            in_reply_to: replies.then_some(some),
            keys: keys && !names.is_empty(),
            attachments: names.into_iter().map(attachment).collect(),
            stream: streams.then_some(Stream { log: some, sequence, previous }),
            conversation: converses.then_some(some),
            transition: None,
        }
    }
}

proptest! {
    #[test]
    fn every_text_survives_byte_for_byte(item in any_item()) {
        let octets = written(&item);
        let read = Item::parse(octets.as_bytes()).unwrap();
        prop_assert_eq!(&read, &item);
        prop_assert_eq!(written(&read), octets.clone());
        prop_assert_eq!(padding(octets.len()), 0);
        prop_assert_eq!(Item::parse(item.write().as_bytes()), Ok(item));
    }
}
