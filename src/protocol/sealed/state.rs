//! The state: what the writer of a feed has sent, has read, misses and has given up
//! (PROTOCOL §5).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::padding::close_padded;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::{Hash, OctetsHash};
use crate::protocol::values::{integer, time};
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

/// The most logs that are acknowledged.
const ACKNOWLEDGED: usize = 8;
/// The most ranges, of each kind.
const RANGES: usize = 32;
/// The children that are read.
const KNOWN: [(&str, &str); 6] = [
    (NAMESPACE, "head"),
    (NAMESPACE, "floor"),
    (NAMESPACE, "acknowledged"),
    (NAMESPACE, "missing"),
    (NAMESPACE, "gone"),
    (NAMESPACE, "padding"),
];

/// How far a log has been read: contiguous, verified, and on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    /// The log.
    pub log: LogId,
    /// The highest item at or below the contiguous end that is there.
    pub sequence: u64,
    /// The hash of that item.
    pub hash: OctetsHash,
}

/// The newest item of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its sequence.
    pub sequence: u64,
    /// The hash of its octets.
    pub hash: OctetsHash,
}

/// Sequences of a log, both ends included.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The log.
    pub log: LogId,
    /// The lowest.
    pub from: u64,
    /// The highest, not below `from`.
    pub to: u64,
}

/// The octets of a sealed `im:state`.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The log that is being written.
    pub log: LogId,
    /// Grows with every state of the log.
    pub serial: u64,
    /// When it was written, to the second.
    pub time: Timestamp,
    /// The newest item; absent before the first.
    pub head: Option<Head>,
    /// The lowest sequence still offered; absent before the first item.
    pub floor: Option<u64>,
    /// One for each log that is read, at most 8.
    pub acknowledged: Vec<Acknowledged>,
    /// The ranges that are asked for again: at most 32, disjoint, lowest first in each log.
    pub missing: Vec<Range>,
    /// The ranges that will not come again: at most 32, disjoint, lowest first in each log.
    pub gone: Vec<Range>,
}

impl State {
    /// Writes the octets, padded.
    pub fn write(&self) -> String {
        let mut writer = Writer::fragment();
        let attributes = [
            ("xmlns:im", NAMESPACE),
            ("version", "1"),
            ("log", &self.log.to_string()),
            ("serial", &self.serial.to_string()),
            ("time", &time::canonical(self.time)),
        ];
        writer.open("im:state", &attributes);
        if let Some(Head { sequence, hash }) = &self.head {
            let attributes = [("sequence", &*sequence.to_string()), ("hash", &hash.to_string())];
            writer.empty("im:head", &attributes);
        }
        if let Some(sequence) = self.floor {
            writer.empty("im:floor", &[("sequence", &sequence.to_string())]);
        }
        for Acknowledged { log, sequence, hash } in &self.acknowledged {
            let attributes = [
                ("log", &*log.to_string()),
                ("sequence", &sequence.to_string()),
                ("hash", &hash.to_string()),
            ];
            writer.empty("im:acknowledged", &attributes);
        }
        write_ranges(&mut writer, "im:missing", &self.missing);
        write_ranges(&mut writer, "im:gone", &self.gone);
        close_padded(writer, "im:state")
    }

    /// Reads the octets.
    ///
    /// # Errors
    /// [`Error::Critical`] for a later version or an unknown critical child; malformed when
    /// they are not a state within the limits, or any value is not canonical or in its order.
    pub fn parse(octets: &[u8]) -> Result<Self> {
        let root = Element::parse_octets(octets, NAMESPACE, "state")?;
        root.refuse_later_version()?;
        root.refuse_unknown_critical(&KNOWN)?;
        let head = root.once(NAMESPACE, "head")?;
        let floor = root.once(NAMESPACE, "floor")?;
        let state = Self {
            log: root.required_as("log")?,
            serial: integer::parse(root.required("serial")?)?,
            time: time::from_canonical(root.required("time")?)?,
            head: head
                .map(|head| {
                    let hash = head.required_as("hash")?;
                    Ok::<_, Error>(Head { sequence: sequence(head)?, hash })
                })
                .transpose()?,
            floor: floor.map(sequence).transpose()?,
            acknowledged: read_acknowledged(&root)?,
            missing: read_ranges(&root, "missing")?,
            gone: read_ranges(&root, "gone")?,
        };
        let head = state.head.map_or(0, |head| head.sequence);
        if state.floor.is_some_and(|floor| floor > head) {
            return Err(Error::malformed("the floor of the state is above its head"));
        }
        Ok(state)
    }

    /// The hash of what it says, serial and time left out: while that stays the same, there is
    /// nothing new to write.
    pub fn says(&self) -> Hash {
        let said = Self { serial: 1, time: Timestamp::UNIX_EPOCH, ..self.clone() };
        Hash::of(said.write().as_bytes())
    }
}

fn sequence(element: &Element) -> Result<u64> {
    integer::parse(element.required("sequence")?)
}

fn read_acknowledged(state: &Element) -> Result<Vec<Acknowledged>> {
    let mut logs = BTreeSet::new();
    let mut all = Vec::new();
    for element in state.named(NAMESPACE, "acknowledged") {
        let log = element.required_as("log")?;
        if !logs.insert(log) {
            return Err(Error::malformed(format!("the log `{log}` is acknowledged twice")));
        }
        if logs.len() > ACKNOWLEDGED {
            return Err(Error::malformed("more than 8 logs are acknowledged"));
        }
        let hash = element.required_as("hash")?;
        all.push(Acknowledged { log, sequence: sequence(element)?, hash });
    }
    Ok(all)
}

fn read_ranges(state: &Element, name: &str) -> Result<Vec<Range>> {
    let mut ends = BTreeMap::new();
    let mut all = Vec::new();
    for element in state.named(NAMESPACE, name) {
        let log: LogId = element.required_as("log")?;
        let from = integer::parse(element.required("from")?)?;
        let to = integer::parse(element.required("to")?)?;
        let before = ends.insert(log, to).unwrap_or(0);
        if from > to || from <= before {
            return Err(Error::malformed(format!("`{name}` {from} to {to} is out of order")));
        }
        if all.len() >= RANGES {
            return Err(Error::malformed(format!("more than 32 ranges are `{name}`")));
        }
        all.push(Range { log, from, to });
    }
    Ok(all)
}

fn write_ranges(writer: &mut Writer, name: &str, ranges: &[Range]) {
    for Range { log, from, to } in ranges {
        let attributes =
            [("log", &*log.to_string()), ("from", &from.to_string()), ("to", &to.to_string())];
        writer.empty(name, &attributes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::values::limits;

    fn log(n: usize) -> LogId {
        format!("urn:uuid:0199f0c2-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn state() -> State {
        State {
            log: log(0),
            serial: 42,
            time: "2026-11-22T19:02:11Z".parse().unwrap(),
            head: Some(Head { sequence: 17, hash: OctetsHash::of(b"") }),
            floor: Some(3),
            acknowledged: vec![Acknowledged {
                log: log(1),
                sequence: 9,
                hash: OctetsHash::of(b""),
            }],
            missing: vec![Range { log: log(1), from: 4, to: 5 }],
            gone: vec![Range { log: log(1), from: 8, to: 8 }],
        }
    }

    fn with(attributes: &str, inside: &str) -> Result<State> {
        let octets = format!("<im:state xmlns:im='{NAMESPACE}' {attributes}>{inside}</im:state>");
        State::parse(octets.as_bytes())
    }

    fn holding(inside: &str) -> Result<State> {
        with(
            &format!("version='1' log='{}' serial='1' time='2026-11-22T19:02:11Z'", log(0)),
            inside,
        )
    }

    #[test]
    fn octets_have_the_shape_of_the_protocol() {
        let (a, b, hash) = (log(0), log(1), OctetsHash::of(b""));
        let start = format!(
            "<im:state xmlns:im=\"{NAMESPACE}\" version=\"1\" log=\"{a}\" serial=\"42\" time=\"2026-11-22T19:02:11Z\">\
             <im:head sequence=\"17\" hash=\"{hash}\"/><im:floor sequence=\"3\"/>\
             <im:acknowledged log=\"{b}\" sequence=\"9\" hash=\"{hash}\"/>\
             <im:missing log=\"{b}\" from=\"4\" to=\"5\"/><im:gone log=\"{b}\" from=\"8\" to=\"8\"/><im:padding> "
        );
        let octets = state().write();
        assert!(octets.starts_with(&start), "{octets}");
        assert_eq!(octets.len(), 1_024);
        assert_eq!(State::parse(octets.as_bytes()).unwrap(), state());
    }

    #[test]
    fn before_the_first_item_it_has_no_children() {
        let state = holding("").unwrap();
        assert_eq!((state.head, state.floor, state.acknowledged.len()), (None, None, 0));
    }

    #[test]
    fn values_that_are_not_canonical_are_refused() {
        let (log, time) = (log(0), "time='2026-11-22T19:02:11Z'");
        for bad in [
            String::new(),
            format!("log='{log}' serial='1' {time}"),
            format!("version='0' log='{log}' serial='1' {time}"),
            format!("version='01' log='{log}' serial='1' {time}"),
            format!("version='1' serial='1' {time}"),
            format!("version='1' log='{log}' {time}"),
            format!("version='1' log='{log}' serial='0' {time}"),
            format!("version='1' log='{log}' serial='9007199254740992' {time}"),
            format!("version='1' log='{log}' serial='1'"),
            format!("version='1' log='{log}' serial='1' time='2026-11-22T19:02:11+00:00'"),
        ] {
            assert!(matches!(with(&bad, ""), Err(Error::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn a_later_version_or_a_critical_child_is_held() {
        assert!(matches!(with("version='2'", ""), Err(Error::Critical(_))));
        assert!(matches!(holding("<im:vote critical='true'/>"), Err(Error::Critical(_))));
        assert!(holding("<im:vote/><floor/>").is_ok());
    }

    #[test]
    fn ranges_are_disjoint_and_lowest_first() {
        let (a, b) = (log(1), log(2));
        let missing = |log, from: &str, to: &str| {
            format!("<im:missing log='{log}' from='{from}' to='{to}'/>")
        };
        let fine = missing(b, "1", "1") + &missing(a, "4", "5") + &missing(a, "6", "9");
        assert_eq!(holding(&fine).unwrap().missing.len(), 3);
        for bad in [
            missing(a, "5", "4"),
            missing(a, "0", "4"),
            missing(a, "4", "5") + &missing(a, "5", "6"),
            missing(a, "4", "5") + &missing(b, "1", "1") + &missing(a, "1", "2"),
            missing(a, "4", ""),
            (1..=33).map(|n| missing(a, &n.to_string(), &n.to_string())).collect(),
        ] {
            assert!(holding(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn acknowledgements_are_one_a_log_and_at_most_8() {
        let one = |n| {
            format!("<im:acknowledged log='{}' sequence='1' hash='{}'/>", log(n), Hash::of(b""))
        };
        assert_eq!(holding(&(0..8).map(one).collect::<String>()).unwrap().acknowledged.len(), 8);
        assert!(holding(&(0..9).map(one).collect::<String>()).is_err());
        assert!(holding(&[one(1), one(1)].concat()).is_err());
        assert!(holding(&one(1).to_uppercase()).is_err());
        assert!(holding(&one(1).replace("e3b0", "E3B0")).is_err());
    }

    #[test]
    fn head_and_floor_stand_once_and_in_order() {
        let head = format!("<im:head sequence='2' hash='{}'/>", Hash::of(b""));
        assert!(holding(&format!("{head}<im:floor sequence='2'/>")).is_ok());
        for bad in [
            head.repeat(2),
            format!("{head}<im:floor sequence='3'/>"),
            "<im:floor sequence='1'/>".to_owned(),
            "<im:head sequence='1'/>".to_owned(),
        ] {
            assert!(holding(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn serial_and_time_alone_are_no_news() {
        let later = State { serial: 43, time: Timestamp::UNIX_EPOCH, ..state() };
        assert_eq!(state().says(), later.says());
        assert_ne!(state().says(), State { floor: Some(4), ..later.clone() }.says());
        assert_ne!(state().says(), State { log: log(9), ..later }.says());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            serial in 1..=limits::INTEGER,
            second in 0_i64..250_000_000_000,
            head in prop::option::of(1..=limits::INTEGER),
            logs in prop::collection::btree_set(0_usize..100, 0..8),
            cuts in prop::collection::btree_set(1..=limits::INTEGER, 0..60),
        ) {
            let cuts: Vec<u64> = cuts.into_iter().collect();
            let range = |pair: &[u64]| Range { log: log(3), from: pair[0], to: pair[1] };
            let ranges: Vec<Range> = cuts.chunks_exact(2).map(range).collect();
            let hash = OctetsHash::of(b"x");
            let state = State {
                log: log(7), serial, time: Timestamp::from_second(second).unwrap(),
                head: head.map(|sequence| Head { sequence, hash }), floor: head,
                acknowledged: logs.iter().map(|n| Acknowledged { log: log(*n), sequence: serial, hash }).collect(),
                missing: ranges.clone(), gone: ranges,
            };
            let octets = state.write();
            let read = State::parse(octets.as_bytes()).unwrap();
            prop_assert_eq!(&read, &state);
            prop_assert_eq!(read.write(), octets);
        }
    }
}
