//! Each command, killed at each of its calls that write or send, or with that call failing.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::commands;
use crate::common::peer::Ran;
use crate::sample::{self, Draw};
use crate::strace::{self, Fault, Point, Target};
use crate::world::{Case, are_private};

/// How many faults of one command a sample has.
const SOME: usize = 10;
/// What no fault may end a command with: a panic's status.
const PANIC: i32 = 101;

/// The faults that there are at `points`.
fn faults(points: Vec<(Point, Target)>) -> Vec<(Point, Fault)> {
    let mut faults = Vec::new();
    for (point, target) in points {
        faults.push((point.clone(), Fault::Kill));
        if target != Target::Other {
            faults.push((point.clone(), Fault::Error("EIO")));
        }
        if target == Target::File {
            faults.push((point, Fault::Error("ENOSPC")));
        }
    }
    faults
}

/// Tries faults on `case`, and prints how many.
fn try_faults(name: &str, prepare: fn() -> Case) {
    if !strace::is_there() {
        println!("skipped, as there is no strace here that may trace: {name}");
        return;
    }
    let mut case = prepare();
    case.world.put_back();
    let log = tempfile::NamedTempFile::new().unwrap();
    let (ran, points) = strace::points(&case, log.path());
    assert_eq!(ran.status, 0, "{name} without a fault: {ran:?}");
    case.go_on(&ran);
    let calls: BTreeSet<&str> = points.iter().map(|(point, _)| point.call.as_str()).collect();
    assert!(points.len() >= 2, "{name} comes by {points:?}");
    println!("{name}: {} points, {calls:?}", points.len());
    let all = faults(points);
    let (there, seed) = (all.len(), sample::seed());
    let tried = Draw::new(seed, name).spread(all, SOME);
    println!("{name}: {} faults of {there} are tried, seed {seed}", tried.len());
    let mut found = Vec::new();
    for (point, fault) in tried {
        let tried = catch_unwind(AssertUnwindSafe(|| try_fault(&mut case, &point, fault)));
        if let Err(panic) = tried {
            println!("{name}: FAULT at {point:?} {fault:?}");
            found.push(panic);
            if !sample::is_all() {
                break;
            }
        }
    }
    println!("{name}: {} found", found.len());
    if let Some(panic) = found.pop() {
        resume_unwind(panic);
    }
}

fn try_fault(case: &mut Case, point: &Point, fault: Fault) {
    case.world.put_back();
    let ran = strace::inject(case, point, fault);
    are_private(&case.world.john);
    if sample::is_all() {
        println!("{point:?} {fault:?}: {} {}", ran.status, ran.stderr.replace('\n', " | "));
    }
    if fault != Fault::Kill {
        assert!(ran.status >= 0 && ran.status != PANIC, "{ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    }
    if let (0, Some(at_once)) = (ran.status, case.at_once) {
        at_once(&case.world, &ran);
    }
    let ran = Ran { stdout: whole_lines(ran.stdout), ..ran };
    case.go_on(&ran);
}

/// What was printed, without a last line that was cut off.
fn whole_lines(text: String) -> String {
    text.rfind('\n').map(|end| text[..=end].to_owned()).unwrap_or_default()
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                try_faults(stringify!($name), commands::$name);
            }
        )*
    };
}

commands::all!(tests);
