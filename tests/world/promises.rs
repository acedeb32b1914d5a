//! What must hold once all is well again and everybody has looked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cloudim::protocol::feed::channel::Channel;
use jiff::SignedDuration;

use super::ledger::{self, Record};
use super::tree::tree;
use super::trouble::Trouble;
use super::whole::World;

/// Rounds after which nothing may change any more.
const ROUNDS: usize = 12;

/// Lets everybody look and publish until nothing changes. Some things wait for a day.
pub fn come_to_rest(world: &mut World) {
    let mut before = Vec::new();
    for round in 0..ROUNDS {
        let hours = if round % 2 == 1 { 26 } else { 0 };
        world.pass(SignedDuration::from_mins(hours * 60 + 7));
        let mut is_well = true;
        for who in 0..world.people.len() {
            let known = world.known_to(who).into_iter();
            let names: Vec<&str> = known.map(|other| world.people[other].name).collect();
            if round == 0 {
                world.poll(who, &[], Trouble::None);
            }
            is_well &= world.poll(who, &names, Trouble::None) == 0;
            if round == 0 || world.people[who].copies {
                is_well &= world.run(who, &["publish"], Trouble::None).status == 0;
            }
        }
        let after: Vec<_> =
            world.people.iter().map(|person| tree(&person.home().join("public"))).collect();
        if is_well && round > 0 && after == before {
            return;
        }
        before = after;
    }
    panic!("step {}: no rest after {ROUNDS} rounds", world.step);
}

/// Asserts all that was promised.
pub fn hold(world: &mut World) {
    for (one, other) in world.pairs.clone() {
        arrived(world, one, other);
        arrived(world, other, one);
    }
    for who in 0..world.people.len() {
        feeds_are_sound(world, who);
        forget_forks(world, who);
        let status = world.ok(who, &["status"]).stdout;
        for line in status.lines() {
            let other = world
                .people
                .iter()
                .position(|person| line.starts_with(&format!("{}\t", person.name)));
            let may_be = other.is_some_and(|other| may_be_forked(world, who, other));
            assert!(
                may_be || line.ends_with("\tall well"),
                "step {}: {}: {status}",
                world.step,
                world.people[who].name
            );
        }
        nothing_false_was_told(world, who);
    }
}

/// What `from` has sent to `to` is there once, in order, byte for byte.
fn arrived(world: &World, from: usize, to: usize) {
    let (writer, reader) = (&world.people[from], &world.people[to]);
    let way = format!("step {}: {} to {}", world.step, writer.name, reader.name);
    let kept = ledger::records(writer, reader.name, "sent");
    let had = ledger::records(reader, writer.name, "received");
    let (of_writer, of_reader) = (by_guid(&kept, &way), by_guid(&had, &way));
    let is_forgotten = |guid: &String| world.ledger.forgotten.contains(&(to, guid.clone()));
    let sent = || world.ledger.sent.iter().filter(|sent| (sent.from, sent.to) == (from, to));
    let texts: BTreeSet<&String> = sent().map(|sent| &sent.text).collect();
    for record in &had {
        assert!(texts.contains(&record.text), "{way}: nobody said {record:?}");
        let count = world.ledger.printed.get(&(to, record.guid.clone())).copied().unwrap_or(0);
        assert!(count >= 1, "{way}: {} was never printed", record.guid);
        assert!(
            count == 1 || world.ledger.again.contains(&to),
            "{way}: {} was printed {count} times",
            record.guid
        );
    }
    for guid in of_writer.keys() {
        let is_there = of_reader.contains_key(guid) || is_forgotten(guid);
        assert!(is_there, "{way}: {guid} is lost, and its writer has it");
    }
    let mut last = None;
    for sent in sent() {
        let Some(guid) = &sent.guid else { continue };
        let Some(record) = of_reader.get(guid) else {
            assert!(sent.is_undone || is_forgotten(guid), "{way}: {guid} of {} is lost", sent.step);
            continue;
        };
        assert_eq!(record.text, sent.text, "{way}: another text");
        assert!(
            sent.is_undone || of_writer.contains_key(guid),
            "{way}: {guid} is not with its writer"
        );
        if !sent.is_undone {
            let place = Some(&record.place);
            assert!(last < place, "{way}: {guid} of {} is out of order", sent.step);
            last = place;
        }
    }
}

/// The records by their guids, of which none may stand twice.
fn by_guid<'a>(records: &'a [Record], way: &str) -> BTreeMap<String, &'a Record> {
    let mut found = BTreeMap::new();
    for record in records {
        let twice = found.insert(record.guid.clone(), record);
        assert!(twice.is_none(), "{way}: {} is there twice", record.guid);
    }
    found
}

/// Each feed parses, and nothing stands in it twice.
fn feeds_are_sound(world: &World, who: usize) {
    for path in tree(&world.people[who].home().join("public/f")).into_keys() {
        if path.extension().is_some_and(|extension| extension == "rss") {
            let channel = Channel::parse(&fs::read(&path).unwrap()).unwrap();
            let guids: BTreeSet<_> = channel.items.iter().map(|item| &item.guid).collect();
            assert_eq!(guids.len(), channel.items.len(), "{}", path.display());
        }
    }
}

/// Where numbers were used twice, that stays in the status until the user has seen it.
fn forget_forks(world: &mut World, who: usize) {
    for other in world.known_to(who) {
        if world.ledger.rolled_back.contains(&other) {
            let name = world.people[other].name;
            world.run(who, &["check", name, "--repair", "--yes"], Trouble::None);
        }
    }
}

/// Whether numbers may have been used twice between these two.
fn may_be_forked(world: &World, one: usize, other: usize) -> bool {
    [one, other].iter().any(|who| world.ledger.rolled_back.contains(who))
}

/// Nobody was told of a fork or a forgery, unless a machine was put back behind the program's back.
fn nothing_false_was_told(world: &World, who: usize) {
    for other in world.known_to(who) {
        let name = world.people[other].name;
        let path = world.people[who].home().join("contacts").join(name).join("messages.jsonl");
        let text = fs::read_to_string(path).unwrap_or_default();
        let is_false = |line: &&str| line.contains("\"fork\"") || line.contains("\"forged\"");
        let told = text.lines().find(is_false);
        let may_be = may_be_forked(world, who, other);
        assert!(
            told.is_none() || may_be,
            "step {}: {} of {name}: {told:?}",
            world.step,
            world.people[who].name
        );
    }
}
