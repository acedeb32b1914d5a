//! The power goes while a command runs, or right after it: what was not synchronised is lost, and
//! others may have read it before.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use crate::beside;
use crate::commands;
use crate::common::folder;
use crate::common::peer::Ran;
use crate::disk::{Disk, Moment};
use crate::nodes::{Loss, Nodes};
use crate::sample::{self, Draw};
use crate::world::{Case, are_private};

/// How many moments of one command a sample has.
const SOME: usize = 4;

/// What is tried at a moment.
#[derive(Clone, Copy, Debug)]
struct Cut {
    loss: Loss,
    /// Whether Mary looks just before.
    seen: bool,
}

const CUTS: [Cut; 4] = [
    Cut { loss: Loss::Everything, seen: false },
    Cut { loss: Loss::Everything, seen: true },
    Cut { loss: Loss::Content, seen: false },
    Cut { loss: Loss::Content, seen: true },
];

/// A command on a disk, and the disk before it.
struct OnDisk<'a> {
    disk: &'a Disk,
    case: Case,
    start: Nodes,
}

impl OnDisk<'_> {
    /// Where John's files are, from the root of the disk.
    fn johns(&self) -> PathBuf {
        let folder = self.case.world.john.file("");
        folder.strip_prefix(self.disk.path()).unwrap().components().collect()
    }

    /// Runs the command; returns how it ended, and the moments that it had.
    fn run(&self) -> (Ran, Vec<Moment>) {
        self.disk.put_back(&self.start);
        let stdin = self.case.world.mary.file("stdin");
        fs::write(&stdin, &self.case.stdin).unwrap();
        // What it prints has a place among what it writes.
        let stdout = File::create(self.case.world.john.file("stdout")).unwrap();
        let mut command = self.case.command();
        command.stdin(File::open(stdin).unwrap());
        let beside = self.case.beside();
        let run = || beside::output(&mut command, Some(stdout), beside);
        let (output, moments) = self.disk.moments(run);
        let printed = self.printed(&moments.last().unwrap().nodes);
        (Ran { stdout: printed, ..Ran::of(output) }, moments)
    }

    fn printed(&self, nodes: &Nodes) -> String {
        let id = nodes.at(&self.johns().join("stdout")).unwrap();
        let text = String::from_utf8_lossy(nodes.bytes(id).unwrap()).into_owned();
        text.rfind('\n').map(|end| text[..=end].to_owned()).unwrap_or_default()
    }

    /// Cuts the power at `moment`, and lets everybody go on; `has_ended` with status 0 before that.
    fn cut(&self, moment: &Moment, cut: Cut, has_ended: bool) {
        let printed = self.printed(&moment.nodes);
        self.disk.put_back(&moment.nodes);
        if cut.seen {
            self.case.world.mary.run(&["poll"]);
        }
        let after = self.disk.nodes().after_cut(&self.johns(), cut.loss);
        self.disk.put_back(&after);
        let status = if has_ended { 0 } else { -1 };
        let ran = Ran { status, stdout: printed, stderr: String::new() };
        if let (true, Some(at_once)) = (has_ended, self.case.at_once) {
            at_once(&self.case.world, &ran);
        }
        are_private(&self.case.world.john);
        self.case.go_on(&ran);
    }
}

/// Cuts the power at moments of a command, and prints how many.
fn cut_the_power(name: &str, prepare: fn() -> Case) {
    let Some(disk) = Disk::mount() else {
        println!("skipped, as no file system can be mounted here: {name}");
        return;
    };
    let case = folder::within(disk.path(), prepare);
    let start = disk.synced();
    let on_disk = OnDisk { disk: &disk, case, start };
    let (ran, moments) = on_disk.run();
    assert_eq!(ran.status, 0, "{name} on a disk that is well: {ran:?}");
    let (last, seed) = (moments.len() - 1, sample::seed());
    assert!(last > 0, "{name} changes nothing");
    let mut draw = Draw::new(seed, name);
    let picked = draw.spread((0..last).collect(), SOME);
    let mut cuts: Vec<(usize, Cut)> = Vec::new();
    for index in picked {
        let some = CUTS[draw.below(CUTS.len())];
        let all = if sample::is_all() { CUTS.to_vec() } else { vec![some] };
        cuts.extend(all.into_iter().map(|cut| (index, cut)));
    }
    // What it said at its end holds.
    cuts.extend([(last, CUTS[0]), (last, CUTS[1])]);
    println!("{name}: {last} moments, {} power cuts are tried, seed {seed}", cuts.len());
    let mut found = Vec::new();
    for (index, cut) in cuts {
        let moment = &moments[index];
        let tried = catch_unwind(AssertUnwindSafe(|| on_disk.cut(moment, cut, index == last)));
        if let Err(panic) = tried {
            println!("{name}: FAULT before {index}, `{}`, {cut:?}", moment.next);
            found.push(panic);
            if !sample::is_all() {
                break;
            }
        }
    }
    println!("{name}: {} found by power cuts", found.len());
    if let Some(panic) = found.pop() {
        resume_unwind(panic);
    }
}

#[test]
fn the_disk_of_these_tests_is_one() {
    let Some(disk) = Disk::mount() else { return };
    let at = |name: &str| disk.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("folder/file"), "one").unwrap();
    File::open(at("folder/file")).unwrap().sync_all().unwrap();
    File::open(at("folder")).unwrap().sync_all().unwrap();
    File::open(disk.path()).unwrap().sync_all().unwrap();
    fs::write(at("folder/file"), "two").unwrap();
    fs::rename(at("folder/file"), at("moved")).unwrap();
    assert_eq!(fs::read_to_string(at("moved")).unwrap(), "two");
    disk.put_back(&disk.nodes().after_cut(Path::new(""), Loss::Everything));
    assert_eq!(fs::read_to_string(at("folder/file")).unwrap(), "one");
    assert!(!at("moved").exists());
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                cut_the_power(stringify!($name), commands::$name);
            }
        )*
    };
}

commands::all!(tests);
