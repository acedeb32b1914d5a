//! What may happen next.

use jiff::SignedDuration;
use rand::Rng;
use serde_json::Value;

use super::ledger::{self, Record, Sent};
use super::person::Restore;
use super::trouble::Trouble;
use super::web::Mood;
use super::whole::World;

type Step = fn(&mut World);

/// Steps, and how often each is drawn.
const STEPS: &[(u32, Step)] = &[
    (34, send),
    (26, poll),
    (4, read),
    (3, publish),
    (2, look),
    (2, check),
    (1, repair),
    (1, rotate),
    (18, host),
    (4, back_up),
    (2, restore),
    (4, set_clock),
    (18, pass),
];
const PAGE: &str = "<!DOCTYPE html><html><body><form>Log in</form></body></html>";

impl World {
    /// Takes the next step.
    pub fn take_step(&mut self) {
        let seconds = self.draw.gen_range(1..600);
        self.pass(SignedDuration::from_secs(seconds));
        let all: u32 = STEPS.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.draw.gen_range(0..all);
        let step = STEPS.iter().find(|(weight, _)| {
            let is_it = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            is_it
        });
        step.unwrap().1(self);
    }

    fn anybody(&mut self) -> usize {
        self.draw.gen_range(0..self.people.len())
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.draw.gen_range(0..all.len())]
    }

    /// What goes wrong with the disk meanwhile: mostly nothing.
    fn trouble(&mut self) -> Trouble {
        match self.draw.gen_range(0..10) {
            0 => Trouble::Killed(self.draw.gen_range(0..24)),
            1 => Trouble::Full(self.draw.gen_range(0..24), self.draw.gen_range(1..4)),
            _ => Trouble::None,
        }
    }

    /// Polls, and notes what was printed.
    pub fn poll(&mut self, who: usize, contacts: &[&str], trouble: Trouble) -> u8 {
        let args = [&["--format", "json", "poll"][..], contacts].concat();
        let ran = self.run(who, &args, trouble);
        self.counts.one("polls");
        if ran.is_cut {
            self.ledger.again.insert(who);
        }
        for line in ran.stdout.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            if line["type"] == "message" {
                let guid = line["guid"].as_str().unwrap().to_owned();
                *self.ledger.printed.entry((who, guid)).or_default() += 1;
            }
        }
        ran.status
    }

    /// The messages that `who` has received from anybody.
    fn received(&self, who: usize) -> Vec<Record> {
        let known = self.known_to(who).into_iter();
        let names = known.map(|other| self.people[other].name);
        names.flat_map(|name| ledger::records(&self.people[who], name, "received")).collect()
    }
}

fn send(world: &mut World) {
    let who = world.anybody();
    let known = world.known_to(who);
    let mut to = vec![world.one_of(&known)];
    if world.draw.gen_bool(0.1) {
        to = known;
    }
    let names: Vec<&str> = to.iter().map(|to| world.people[*to].name).collect();
    let filling = "la ".repeat(world.draw.gen_range(0..40) * world.draw.gen_range(0..3));
    let text = format!("{}: {} says <so> & more\n{filling}", world.step, world.people[who].name);
    let mut args = [&["send"][..], &names, &["-m", &text]].concat();
    let file = world.people[who].file("picture");
    if world.draw.gen_bool(0.1) {
        std::fs::write(&file, vec![7; world.draw.gen_range(0..9_000)]).unwrap();
        args.extend(["-a", file.to_str().unwrap()]);
    }
    if to.len() == 1 && world.draw.gen_bool(0.1) {
        args.extend(["--reply-to", "last"]);
    }
    let trouble = world.trouble();
    let ran = world.run(who, &args, trouble);
    world.counts.one("sends");
    for (to, name) in to.iter().zip(&names) {
        let mut lines = ran.stdout.lines();
        let guid = match lines.clone().count() {
            0 => None,
            _ if names.len() == 1 => lines.next().map(str::to_owned),
            _ => lines.find_map(|line| line.strip_prefix(&format!("{name}\t")).map(str::to_owned)),
        };
        assert!(ran.status != 0 || guid.is_some(), "step {}: no guid", world.step);
        assert!(ran.status != 75 || guid.is_none(), "step {}: 75 and a guid", world.step);
        let (from, to, text, step) = (who, *to, text.clone(), world.step);
        world.ledger.sent.push(Sent { from, to, text, step, guid, is_undone: false });
    }
}

fn poll(world: &mut World) {
    let (who, trouble) = (world.anybody(), world.trouble());
    let known = world.known_to(who);
    let other = world.one_of(&known);
    let name = world.people[other].name;
    let contacts: &[&str] = if world.draw.gen_bool(0.2) { &[name] } else { &[] };
    world.poll(who, contacts, trouble);
}

fn read(world: &mut World) {
    let who = world.anybody();
    world.run(who, &["read", "-n", "3"], Trouble::None);
}

fn publish(world: &mut World) {
    let (who, trouble) = (world.anybody(), world.trouble());
    world.run(who, &["publish"], trouble);
}

fn look(world: &mut World) {
    let who = world.anybody();
    let args: &[&str] = if world.draw.gen_bool(0.5) { &["status"] } else { &[] };
    world.run(who, args, Trouble::None);
}

fn check(world: &mut World) {
    let who = world.anybody();
    world.run(who, &["check"], Trouble::None);
}

fn repair(world: &mut World) {
    let who = world.anybody();
    world.run(who, &["check", "--repair", "--yes"], Trouble::None);
}

fn rotate(world: &mut World) {
    let (who, trouble) = (world.anybody(), world.trouble());
    world.run(who, &["key", "rotate"], trouble);
    let step = world.step;
    world.ledger.rotated.insert(who, step);
    world.counts.one("rotations");
}

/// A host changes how it serves: mostly it becomes well.
fn host(world: &mut World) {
    let who = world.anybody();
    let files = world.people[who].site.files();
    world.copies[who].push(files);
    let copies = &world.copies[who];
    let then = copies[world.draw.gen_range(0..copies.len())].clone();
    let mood = match world.draw.gen_range(0..16) {
        0 => Mood::Down,
        1 => Mood::Status(500),
        2 => Mood::Page(PAGE),
        3 => Mood::Cut,
        4 => Mood::Old(then),
        5 => Mood::Cached(then),
        6 => Mood::OldFeeds(then),
        7 => Mood::OldArchives(then),
        8 => Mood::Loses(world.draw.gen_range(0..3)),
        _ => Mood::Well,
    };
    let said = match &mood {
        Mood::Old(_) => "old".to_owned(),
        Mood::Cached(_) => "cached".to_owned(),
        Mood::OldFeeds(_) => "old feeds".to_owned(),
        Mood::OldArchives(_) => "old archives".to_owned(),
        Mood::Page(_) => "page".to_owned(),
        Mood::Well => "well".to_owned(),
        Mood::Down => "down".to_owned(),
        Mood::Cut => "cut".to_owned(),
        Mood::Status(status) => status.to_string(),
        Mood::Loses(rest) => format!("loses {rest}"),
    };
    let is_down = world.draw.gen_bool(0.15);
    world.people[who].site.set(mood);
    world.people[who].set_down(is_down);
    let name = world.people[who].name;
    let refuses = if is_down { ", and takes nothing" } else { "" };
    world.tell(format!("{} the host of {name} is {said}{refuses}", world.step));
    world.counts.one("hosts");
}

fn back_up(world: &mut World) {
    let (who, step) = (world.anybody(), world.step);
    world.people[who].back_up(step);
    world.tell(format!("{step} {} makes a backup", world.people[who].name));
}

fn restore(world: &mut World) {
    let who = world.anybody();
    let Some(backup) = &world.people[who].backup else { return };
    let step = backup.step;
    let mut how =
        world.one_of(&[Restore::Copied, Restore::Copied, Restore::PutBack, Restore::Machine]);
    // Whoever loses a subkey without a trace cannot know that there is anything to ask for.
    if how == Restore::Machine && world.ledger.rotated.get(&who).is_some_and(|last| *last > step) {
        how = Restore::PutBack;
    }
    let today = world.received(who);
    world.people[who].restore(how);
    let left = world.received(who);
    world.ledger.put_back(who, step, &today, &left);
    if how == Restore::Machine {
        world.ledger.rolled_back.insert(who);
    }
    world.tell(format!("{} {} is put back to {step}: {how:?}", world.step, world.people[who].name));
    world.counts.one("restores");
}

/// A clock becomes wrong, or right again.
fn set_clock(world: &mut World) {
    let who = world.anybody();
    let hours = match world.draw.gen_range(0..8) {
        0 => world.draw.gen_range(-20..20),
        1 => world.draw.gen_range(-100..100),
        _ => 0,
    };
    world.people[who].ahead = SignedDuration::from_hours(hours);
    world.tell(format!(
        "{} the clock of {} is ahead by {hours}h",
        world.step, world.people[who].name
    ));
}

fn pass(world: &mut World) {
    let minutes = match world.draw.gen_range(0..10) {
        0..6 => world.draw.gen_range(1..120),
        6..9 => world.draw.gen_range(60..24 * 60),
        _ => world.draw.gen_range(24 * 60..8 * 24 * 60),
    };
    world.pass(SignedDuration::from_mins(minutes));
}
