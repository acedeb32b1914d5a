//! Vectors and properties of the channel and its items.

use proptest::prelude::*;

use super::*;
use crate::protocol::values::hash::Hash;
use crate::protocol::xml::hostile_text;

const FPR: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const GUID: &str = "urn:uuid:0199f0c2-0000-7000-8000-000000000000";
const ARMORED: &str =
    "-----BEGIN PGP MESSAGE-----\n\nwcBMA0123\n=AAAA\n-----END PGP MESSAGE-----\n";

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn key() -> KeyElement {
    KeyElement {
        fingerprint: FPR.parse().unwrap(),
        hash: Some(Hash::of(b"")),
        url: url("https://john.example/key.asc"),
    }
}

fn cloud() -> Cloud {
    Cloud {
        domain: "john.example".to_owned(),
        port: 443,
        path: "/pleaseNotify".to_owned(),
        register_procedure: String::new(),
        protocol: "http-post".to_owned(),
    }
}

fn pair_feed() -> Channel {
    Channel {
        title: "Private conversation".to_owned(),
        link: "https://john.example/".to_owned(),
        description: "Encrypted messages, readable by the people they are addressed to.".to_owned(),
        language: Some("en".to_owned()),
        self_link: Some(url("https://john.example/f/6q3k.rss")),
        prev_archive: Some(url("https://john.example/f/6q3k.3.rss")),
        hub: Some(url("https://john.example/websub")),
        cloud: Some(cloud()),
        source_cloud: Some(url("https://john.example/pleaseNotify")),
        key: Some(key()),
        introduction: Some(ARMORED.to_owned()),
        state: Some(ARMORED.to_owned()),
        items: vec![FeedItem::sealed(GUID.parse().unwrap(), ARMORED.to_owned())],
        ..Channel::default()
    }
}

fn within(inside: &str) -> Result<Channel> {
    let rss =
        format!("<rss version='2.0' xmlns:im='{NAMESPACE}'><channel>{inside}</channel></rss>");
    Channel::parse(rss.as_bytes())
}

#[test]
fn a_pair_feed_has_the_shape_of_the_protocol() {
    let hash = Hash::of(b"");
    let expected = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:source="https://source.scripting.com/" xmlns:im="{NAMESPACE}">
  <channel>
    <title>Private conversation</title>
    <link>https://john.example/</link>
    <description>Encrypted messages, readable by the people they are addressed to.</description>
    <language>en</language>
    <atom:link rel="self" type="application/rss+xml" href="https://john.example/f/6q3k.rss"/>
    <atom:link rel="prev-archive" type="application/rss+xml" href="https://john.example/f/6q3k.3.rss"/>
    <atom:link rel="hub" href="https://john.example/websub"/>
    <cloud domain="john.example" port="443" path="/pleaseNotify" registerProcedure="" protocol="http-post"/>
    <source:cloud>https://john.example/pleaseNotify</source:cloud>
    <im:pgpKey fingerprint="{FPR}" hash="{hash}" url="https://john.example/key.asc"/>
    <im:introduction>{ARMORED}</im:introduction>
    <im:state>{ARMORED}</im:state>
    <item>
      <guid isPermaLink="false">{GUID}</guid>
      <description>{ARMORED}</description>
    </item>
  </channel>
</rss>
"#
    );
    assert_eq!(pair_feed().write(), expected);
    assert_eq!(Channel::parse(expected.as_bytes()).unwrap(), pair_feed());
}

#[test]
fn an_archive_declares_its_namespace_and_names_the_current_feed() {
    let archive = Channel {
        archive: true,
        current: Some(url("https://john.example/f/6q3k.rss")),
        ..pair_feed()
    };
    let written = archive.write();
    assert!(written.contains(" xmlns:fh=\"http://purl.org/syndication/history/1.0\">"));
    assert!(written.contains("    <fh:archive/>\n"));
    assert_eq!(Channel::parse(written.as_bytes()).unwrap(), archive);
    assert!(!pair_feed().write().contains("fh"));
}

#[test]
fn other_prefixes_and_foreign_junk_do_not_matter() {
    let hash = Hash::of(b"");
    let rss = format!(
        "<rss xmlns='' xmlns:x='{NAMESPACE}' xmlns:source='urn:not-source' xmlns:b='{SOURCE}'>
         <im:state xmlns:im='{NAMESPACE}'>not in the channel</im:state>
         <channel><title>a</title><title>b</title><cloud port='x'/><cloud domain='d' port='80' path='/?a=b' protocol='http-post'/>
         <state>no</state><source:cloud>https://no.example/</source:cloud><b:cloud> https://yes.example </b:cloud>
         <link xmlns='{ATOM}' rel='self' href='/relative'/><link xmlns='{ATOM}' rel='self' href='https://a.example'/>
         <link>https://b.example</link><x:pgpKey later='1' fingerprint='{FPR}' hash='{hash}' url='https://john.example/key.asc'/>
         <item/><item><pubDate>never</pubDate><enclosure/></item></channel></rss>"
    );
    let channel = Channel::parse(rss.as_bytes()).unwrap();
    assert_eq!((channel.title.as_str(), channel.link.as_str()), ("a", "https://b.example"));
    assert_eq!(channel.cloud.map(|cloud| (cloud.port, cloud.path)), Some((80, "/?a=b".to_owned())));
    assert_eq!(channel.self_link, Some(url("https://a.example/")));
    assert_eq!(channel.source_cloud, Some(url("https://yes.example/")));
    assert_eq!(channel.key, Some(key()));
    assert_eq!(channel.state, None);
    assert_eq!(channel.items, [FeedItem::default(), FeedItem::default()]);
}

#[test]
fn what_is_not_rss_says_so() {
    let refusal = |text: &str| Channel::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(refusal("<html/>"), "not RSS: the root element is `html`");
    assert_eq!(refusal("<feed xmlns='urn:x'/>"), "not RSS: the root element is `feed`");
    assert_eq!(refusal("<rss xmlns='urn:x'/>"), "not RSS: the root element is `rss`");
    assert_eq!(refusal("<rss/>"), "not RSS: it has no channel");
    assert!(refusal("gone").starts_with("not XML: "));
}

#[test]
fn our_elements_stand_once() {
    for element in ["state", "introduction", "certificate"] {
        let one = format!("<im:{element}>x</im:{element}>");
        assert!(within(&one).is_ok());
        assert!(within(&format!("{one}{one}")).is_err(), "{element}");
    }
    let key = format!("<im:pgpKey fingerprint='{FPR}' url='https://a.example/'/>");
    assert!(within(&key).is_ok());
    assert!(within(&format!("{key}{key}")).is_err());
}

#[test]
fn a_malformed_key_or_handshake_refuses_the_channel() {
    let (lower, upper_hash) = (FPR.to_lowercase(), Hash::of(b"").to_string().to_uppercase());
    for bad in [
        "<im:pgpKey/>".to_owned(),
        "<im:pgpKey url='https://a.example/'/>".to_owned(),
        format!("<im:pgpKey fingerprint='{FPR}'/>"),
        format!("<im:pgpKey fingerprint='{lower}' url='https://a.example/'/>"),
        format!("<im:pgpKey fingerprint='{FPR}' url='https://a.example'/>"),
        format!("<im:pgpKey fingerprint='{FPR}' hash='{upper_hash}' url='https://a.example/'/>"),
        "<im:handshake/>".to_owned(),
        "<im:handshake card='card.rss'/>".to_owned(),
        "<im:handshake card='https://a.example/c' url=''/>".to_owned(),
        "<im:handshake card='https://a.example/c' feeds='https://b.example/f/'/>".to_owned(),
        "<im:handshake card='https://a.example/c' feeds='https://a.example/f'/>".to_owned(),
        "<im:handshake card='https://a.example/c' feeds='https://a.example/f/?x/'/>".to_owned(),
    ] {
        assert!(within(&bad).is_err(), "{bad}");
    }
    let static_host = "<im:handshake card='https://a.example/c' feeds='https://a.example/f/'/>";
    assert_eq!(within(static_host).unwrap().handshake.unwrap().url, None);
}

#[test]
fn an_item_with_two_guids_has_none() {
    let feed = within(&format!(
        "<item><guid>{GUID}</guid><guid>{GUID}</guid><description>{ARMORED}</description></item>
         <item><guid>{GUID}</guid><description>a</description><description>{ARMORED}</description></item>
         <item><guid>{GUID}</guid><description>{ARMORED}</description></item>"
    ))
    .unwrap();
    let sealed: Vec<bool> = feed.items.iter().map(FeedItem::is_sealed).collect();
    assert_eq!(sealed, [false, false, true]);
    assert!(feed.items.iter().take(2).all(|item| item.guid().is_err()));
    assert_eq!(feed.items.last().unwrap().guid().unwrap().to_string(), GUID);
}

#[test]
fn a_sealed_item_on_its_own_reads_back() {
    let item = FeedItem::sealed(GUID.parse().unwrap(), ARMORED.to_owned());
    let written = item.write();
    assert_eq!(
        written,
        format!(
            "<item>\n  <guid isPermaLink=\"false\">{GUID}</guid>\n  <description>{ARMORED}</description>\n</item>"
        )
    );
    assert_eq!(FeedItem::parse(written.as_bytes()).unwrap(), item);
    for bad in ["<rss/>", "<item xmlns='urn:x'/>", "<item><guid/><guid/></item>", ""] {
        assert!(FeedItem::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn raw_items_are_written_verbatim() {
    let raw = "<item xmlns:y='urn:y'><y:z/>\r</item>";
    let item =
        FeedItem { raw: Some(raw.to_owned()), title: Some("no".to_owned()), ..FeedItem::default() };
    assert_eq!(item.write(), raw);
    let channel = Channel { items: vec![item], ..Channel::default() };
    assert!(channel.write().contains(&format!("\n    {raw}\n")));
}

prop_compose! {
    fn feed_item()(
        text in prop::array::uniform6(prop::option::of(hostile_text())),
        second in prop::option::of(0_i64..250_000_000_000),
        length in any::<u64>(),
    ) -> FeedItem {
        let [guid, title, link, description, file, media_type] = text;
        let media_type = media_type.unwrap_or_default().trim().to_owned();
        let enclosure = |url: String| Enclosure { url: url.trim().to_owned(), length, media_type };
        FeedItem {
            // White space around it is no part of it.
            guid: guid.map(|guid| guid.trim_matches([' ', '\t', '\r', '\n']).to_owned()),
            title, link, description,
            published: second.map(|second| jiff::Timestamp::from_second(second).unwrap()),
            enclosure: file.map(enclosure),
            raw: None,
            broken: None,
        }
    }
}

prop_compose! {
    fn channel()(
        text in prop::array::uniform7(hostile_text()),
        optional in prop::array::uniform4(prop::option::of(hostile_text())),
        archive in any::<bool>(),
        items in prop::collection::vec(feed_item(), 0..4),
    ) -> Channel {
        let [title, link, description, path, register_procedure, protocol, _] = text;
        let [language, introduction, state, certificate] = optional;
        let trimmed = |text: String| text.trim().to_owned();
        let cloud = Cloud {
            path: trimmed(path), register_procedure: trimmed(register_procedure),
            protocol: trimmed(protocol), ..cloud()
        };
        let handshake = HandshakeElement {
            url: None, card: url("https://a.example/?b&c"), feeds: Some(url("https://a.example/")),
        };
        Channel {
            title, link, description, language, introduction, state, certificate, archive, items,
            cloud: Some(cloud), handshake: Some(handshake), ..pair_feed()
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_and_is_written_the_same(channel in channel()) {
        let written = channel.write();
        let read = Channel::parse(written.as_bytes()).unwrap();
        prop_assert_eq!(&read, &channel);
        prop_assert_eq!(read.write(), written);
    }

    #[test]
    fn an_item_alone_reads_back(item in feed_item()) {
        prop_assert_eq!(FeedItem::parse(item.write().as_bytes()).unwrap(), item);
    }
}

#[test]
fn a_feed_in_which_nothing_is_of_this_protocol_is_none_of_a_contact() {
    let parse = |inside: &str| {
        let rss = format!(
            "<rss version=\"2.0\" xmlns:im=\"{NAMESPACE}\"><channel>{inside}</channel></rss>"
        );
        Channel::parse_ours(rss.as_bytes())
    };
    let sealed = "<item><description>-----BEGIN PGP MESSAGE-----</description></item>";
    let key =
        format!("<im:pgpKey fingerprint=\"{}\" url=\"https://a.example/k\"/>", "A".repeat(40));
    for ours in [sealed, &key, "<im:state>x</im:state>", "<im:introduction>x</im:introduction>"] {
        assert!(parse(ours).is_ok(), "{ours}");
    }
    for other in ["", "<item><description>my holidays</description></item>"] {
        assert!(parse(other).unwrap_err().to_string().contains("neither a key"), "{other}");
    }
}

#[test]
fn what_breaks_a_rule_is_left_out_by_itself_and_known_again_by_what_it_says() {
    let read = |inside: &str| {
        let xml = format!("<rss xmlns:im='{NAMESPACE}'><channel>{inside}</channel></rss>");
        Channel::parse_ours(xml.as_bytes()).unwrap()
    };
    let key = format!("<im:pgpKey fingerprint='{FPR}' url='https://a.example/'/>");
    let feed = read(&format!("<im:state>x</im:state><im:state>y</im:state>{key}"));
    assert_eq!((feed.state, feed.key.is_some()), (None, true));
    let [Broken { name: "state", why, text }] = &feed.broken[..] else { panic!() };
    assert_eq!((why.as_str(), text.as_str()), ("`state` stands twice in `channel`", "xy"));
    let bad = read("<im:pgpKey fingerprint='x' url='y'/>").broken;
    let other = read("<im:pgpKey fingerprint='x' url='z'/>").broken;
    assert_eq!((bad[0].text.as_str(), other[0].text.as_str()), ("xy", "xz"));
}

#[test]
fn a_sealed_item_with_two_guids_is_broken_and_a_plain_one_is_only_strange() {
    let read = |description: &str| {
        let xml = format!(
            "<item><guid>a</guid><guid>b</guid><description>{description}</description></item>"
        );
        let rss = format!("<rss><channel>{xml}</channel></rss>");
        Channel::parse(rss.as_bytes()).unwrap().items.remove(0)
    };
    let sealed = read("-----BEGIN PGP MESSAGE-----");
    assert_eq!((sealed.guid(), sealed.is_sealed()), (FeedItem::default().guid(), false));
    assert_eq!(sealed.broken.unwrap().text, "ab-----BEGIN PGP MESSAGE-----");
    assert_eq!(read("my holidays").broken, None);
}
