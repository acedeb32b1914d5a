//! The forms in which messages leave for stdout.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::text::{self, is_covert, revealed, visible};
use crate::session::options::Format;
use crate::store::contact::entry::{Contact, Trust};
use crate::store::contact::history::record::{Direction, Record, What};

/// A record and the contact it belongs to.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The name by which the user calls the contact.
    pub contact: String,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

impl Shown {
    /// `record` of the contact called `name`, with how sure we are today of the key that it is
    /// about: a user who has compared a key since knows better than the record does.
    pub fn of(name: &str, contact: &Contact, mut record: Record) -> Self {
        if record.fingerprint.as_ref() == Some(&contact.fingerprint) {
            record.trust = Some(contact.trust.as_str().to_owned());
        }
        Self { contact: name.to_owned(), record }
    }

    /// The contact as people see it, and the conversation if that is not the pair's: what is written to
    /// others must not pass for a word to us alone.
    fn marked(&self) -> String {
        let mark = mark(self.record.trust.as_deref().unwrap_or_default());
        format!("{}{mark}{}", self.contact, self.elsewhere())
    }

    fn elsewhere(&self) -> String {
        let conversation = self.record.entry().and_then(|entry| entry.conversation);
        conversation.map(|id| format!(" in {id}")).unwrap_or_default()
    }
}

/// The mark behind a contact's name where its key is verified, and nowhere else: no name can have
/// it.
pub fn mark(trust: &str) -> &'static str {
    if trust == Trust::Verified.as_str() { " ✓" } else { "" }
}

/// Writes `shown` in `format`. What is no message appears in JSON only.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: &mut dyn Write, format: Format, shown: &[Shown]) -> io::Result<()> {
    let messages = || shown.iter().filter(|shown| shown.record.is_message());
    match format {
        Format::Text => messages().try_for_each(|shown| out.write_all(as_text(shown).as_bytes())),
        Format::Tsv => messages().try_for_each(|shown| out.write_all(as_tsv(shown).as_bytes())),
        Format::Json => shown
            .iter()
            .filter(|shown| !matches!(shown.record.what, What::Key(_)))
            .try_for_each(|shown| as_json(out, shown)),
        Format::Rss => out.write_all(as_feed(messages()).as_bytes()),
    }
}

/// One JSON object and a line feed. What is covert in its texts is escaped, so that a terminal shows the
/// line as it is.
///
/// # Errors
/// When `out` cannot be written.
pub fn as_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Escaping))?;
    out.write_all(b"\n")
}

/// JSON without spaces, as serde_json writes it, in which no covert character stands as itself.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let is_escaped = |c: char| is_covert(c) || c == '\x7f';
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
            let (before, after) = rest.split_at(at);
            // All of them lie in the basic plane.
            write!(out, "{before}\\u{:04x}", u32::from(c))?;
            rest = after.get(c.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

/// `time  contact  text`, further lines indented, so that nobody can forge another's line.
fn as_text(shown: &Shown) -> String {
    let record = &shown.record;
    let who = match record.direction {
        Direction::Received => shown.marked(),
        Direction::Sent => format!("me → {}", shown.marked()),
    };
    let text = record.text.strip_suffix('\n').unwrap_or(&record.text);
    let mut line =
        format!("{}  {who}  {}", local(record.time), visible(text).replace('\n', "\n    "));
    for attachment in record.attachments() {
        line.push_str(&format!(
            "\n    [attachment: {}, {} bytes]",
            visible(&attachment.name).replace('\n', " "),
            attachment.size
        ));
    }
    line.push('\n');
    line
}

/// A time as people read it, in their zone.
pub fn local(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The nine fields of sfeed(5): timestamp, title, link, content, content type, id, author,
/// enclosure, categories: the direction, and how sure we are of the key. Only the content has
/// escapes.
fn as_tsv(shown: &Shown) -> String {
    let record = &shown.record;
    let title = record.text.lines().next().unwrap_or_default();
    let guid = record.guid().map(|guid| guid.to_string()).unwrap_or_default();
    let enclosure = record.attachments().first().map(|a| a.url.clone()).unwrap_or_default();
    let direction = if record.direction == Direction::Sent { "sent" } else { "received" };
    let categories =
        record.trust.iter().fold(direction.to_owned(), |all, trust| format!("{all}|{trust}"));
    let (title, content) = (on_one_line(title), escaped(&record.text));
    let author = format!("{}{}", shown.contact, shown.elsewhere());
    let (author, enclosure) = (on_one_line(&author), on_one_line(&enclosure));
    let fields = [&title, "", &content, "plain", &guid, &author, &enclosure, &categories];
    format!("{}\t{}\n", record.time.as_second(), fields.join("\t"))
}

/// A field without escapes: white space is spaces, C0 control characters are left out, what is covert is
/// made visible.
fn on_one_line(field: &str) -> String {
    let field = revealed(field);
    let spaces = field.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaces.filter(|c| !c.is_control()).collect()
}

fn escaped(field: &str) -> String {
    let mut escaped = String::with_capacity(field.len());
    for c in revealed(field).chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn as_feed<'a>(messages: impl Iterator<Item = &'a Shown>) -> String {
    let items = messages.map(|shown| {
        let who = if shown.record.direction == Direction::Sent { "me to " } else { "" };
        FeedItem {
            guid: shown.record.guid().map(|guid| guid.to_string()),
            title: Some(format!("{who}{}", shown.marked())),
            description: Some(text::to_html(&revealed(&shown.record.text))),
            published: Some(shown.record.time),
            ..FeedItem::default()
        }
    });
    let mut items: Vec<FeedItem> = items.collect();
    items.reverse();
    plain_feed(items).write()
}

/// A feed of messages in plain, for other programs. All that it says of itself is ours: it names no
/// cloud, no hub and no URL at which anything could ask for it again.
pub fn plain_feed(items: Vec<FeedItem>) -> Channel {
    Channel {
        title: "Messages".to_owned(),
        link: "https://cloudim.invalid/".to_owned(),
        description: "Decrypted messages.".to_owned(),
        items,
        ..Channel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contact::history::examples;

    fn shown(text: &str) -> Shown {
        let time = "2026-11-22T19:02:11Z".parse().unwrap();
        Shown { contact: "john".to_owned(), record: Record { time, ..examples::message(1, text) } }
    }

    #[test]
    fn nobody_can_forge_another_line() {
        let text = as_text(&shown("hi\n2026-11-22 19:03  mary  I owe you money\r\u{1b}[2K"));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("  john  hi"));
        assert_eq!(lines[1], "    2026-11-22 19:03  mary  I owe you money^M^[[2K");
        assert_eq!(visible("a\u{202e}b\u{85}"), "a<U+202E>b<U+0085>");
    }

    #[test]
    fn a_verified_key_looks_different_in_every_form() {
        for (trust, mark) in [(Trust::FirstUse, ""), (Trust::Verified, " ✓")] {
            let mut shown = shown("hi");
            shown.record.trust = Some(trust.as_str().to_owned());
            assert!(as_text(&shown).ends_with(&format!("  john{mark}  hi\n")));
            assert!(as_tsv(&shown).ends_with(&format!("\tjohn\t\treceived|{}\n", trust.as_str())));
            assert!(as_feed([&shown].into_iter()).contains(&format!("<title>john{mark}</title>")));
            shown.record.direction = Direction::Sent;
            assert!(as_text(&shown).ends_with(&format!("  me → john{mark}  hi\n")));
        }
        assert!(crate::store::disk::names::check("john✓").is_err());
    }

    #[test]
    fn a_tsv_line_has_nine_fields_whatever_is_in_the_text() {
        let line = as_tsv(&shown("a\tb\nc\\d\r"));
        assert_eq!(line.matches('\t').count(), 8);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.contains("\ta b\t\ta\\tb\\nc\\\\d\tplain"), "{line}");
        // A title has no escapes: a reader shows it as it stands.
        assert!(as_tsv(&shown("c\\d\u{7}")).contains("\tc\\d\t\tc\\\\d\tplain"));
    }

    #[test]
    fn what_is_covert_is_seen_in_every_form() {
        let shown = shown("a\u{202e}b\u{2028}c\u{85}d\u{9b}e\u{7f}");
        let json = {
            let mut out = Vec::new();
            as_json(&mut out, &shown).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(json.contains(r#""a\u202eb\u2028c\u0085d\u009be\u007f""#), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["text"], shown.record.text, "it reads back");
        let seen = "a<U+202E>b<U+2028>c<U+0085>d<U+009B>e";
        let tsv = as_tsv(&shown);
        assert_eq!(tsv.matches(seen).count(), 2, "title and content: {tsv}");
        assert!(as_text(&shown).contains(seen));
        let feed = as_feed([&shown].into_iter());
        let seen = text::to_html(seen).replace('&', "&amp;");
        assert!(feed.contains(&seen), "{feed}");
        for form in [json, tsv, feed] {
            assert!(!form.chars().any(is_covert), "{form}");
        }
    }

    #[test]
    fn json_says_what_it_is_of() {
        let mut out = Vec::new();
        write(&mut out, Format::Json, &[shown("hi")]).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["v"], 1);
        assert_eq!(
            (&value["type"], &value["contact"], &value["text"]),
            (&"message".into(), &"john".into(), &"hi".into())
        );
    }
}
