//! The card: the public feed by which others find an identity (PROTOCOL §7).

use uuid::Builder;

use super::channel::{Channel, Cloud, FeedItem, HandshakeElement, KeyElement};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::text;
use crate::protocol::values::url::Url;

/// The card of `name`: the same bytes for the same arguments, at any time.
///
/// `base` is the identity's base URL; the last three say who announces changes, if anyone does.
pub fn channel(
    name: &str,
    base: &Url,
    key: KeyElement,
    handshake: HandshakeElement,
    cloud: Option<Cloud>,
    source_cloud: Option<Url>,
    hub: Option<Url>,
) -> Channel {
    Channel {
        title: name.to_owned(),
        link: base.to_string(),
        description: format!("How to write to {name} privately."),
        language: Some("en".to_owned()),
        self_link: Some(handshake.card.clone()),
        hub,
        cloud,
        source_cloud,
        items: vec![instructions(name, &key, &handshake)],
        key: Some(key),
        handshake: Some(handshake),
        ..Channel::default()
    }
}

fn instructions(name: &str, key: &KeyElement, handshake: &HandshakeElement) -> FeedItem {
    let sentences = format!(
        "To write to {name} privately, run `cloudim handshake invite {}`. \
         What is sent is encrypted to the OpenPGP key {}, which is at {} and is best compared by \
         another way before it is trusted.",
        handshake.card,
        key.fingerprint.grouped(),
        key.url,
    );
    FeedItem {
        guid: Some(guid(&key.fingerprint)),
        title: Some(format!("How to write to {name}")),
        description: Some(text::to_html(&sentences)),
        ..FeedItem::default()
    }
}

/// A UUIDv8 made of the fingerprint: it never changes, and is never taken for a message's guid.
fn guid(fingerprint: &Fingerprint) -> String {
    let hash = Hash::of(format!("card {fingerprint}").as_bytes());
    let bytes = u128::from_str_radix(hash.hex().get(..32).unwrap_or_default(), 16);
    let uuid = Builder::from_custom_bytes(bytes.unwrap_or_default().to_be_bytes()).into_uuid();
    format!("urn:uuid:{}", uuid.hyphenated())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(name: &str) -> Channel {
        let url = |path: &str| format!("https://mary.example/{path}").parse::<Url>().unwrap();
        let key = KeyElement {
            fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap(),
            hash: Some(Hash::of(b"")),
            url: url("key.asc"),
        };
        let handshake = HandshakeElement {
            url: Some(url("pleaseFollow")),
            card: url("card.rss"),
            feeds: Some(url("f/")),
        };
        channel(name, &url(""), key, handshake, None, None, None)
    }

    #[test]
    fn a_card_names_itself_and_reads_back() {
        let card = card("Mary & <Co>");
        let read = Channel::parse(card.write().as_bytes()).unwrap();
        assert_eq!(read, card);
        assert_eq!(read.self_link, read.handshake.map(|handshake| handshake.card));
        assert_eq!(read.title, "Mary & <Co>");
    }

    #[test]
    fn its_item_is_for_people_and_never_a_message() {
        let card = card("Mary");
        let [item] = card.items.as_slice() else { panic!("not one item") };
        assert!(!item.is_sealed());
        assert!(item.guid().is_err());
        let description = text::from_html(item.description.as_deref().unwrap());
        assert!(description.contains("`cloudim handshake invite https://mary.example/card.rss`"));
    }

    #[test]
    fn it_is_the_same_bytes_each_time() {
        assert_eq!(card("Mary").write(), card("Mary").write());
        let guid = "urn:uuid:f9506d42-0cab-8702-99e4-44ab00105876";
        assert_eq!(card("Mary").items.first().unwrap().guid.as_deref(), Some(guid));
        assert!(card("Mary").items.first().unwrap().published.is_none());
    }
}
