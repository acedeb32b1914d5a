//! Reads the way of a message in docs/architecture.md.

/// A function on the way: how deep it is called, its file below src/, and its name.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub depth: usize,
    pub file: String,
    pub function: String,
}

/// The steps that a text lists, in its order.
pub fn steps(text: &str) -> Vec<Step> {
    let step = |line: &str| {
        let (indent, item) = line.split_once("- `")?;
        let (file, function) = item.split_once('`')?.0.split_once(": ")?;
        let depth = indent.len() / 2;
        Some(Step { depth, file: file.to_owned(), function: function.to_owned() })
    };
    text.lines().filter(|line| line.trim_start().starts_with("- `")).filter_map(step).collect()
}

/// The step above each, if there is one: the one that calls it.
pub fn callers(steps: &[Step]) -> Vec<(&Step, Option<&Step>)> {
    let caller = |at: usize| {
        let depth = steps[at].depth.checked_sub(1)?;
        steps[..at].iter().rev().find(|step| step.depth == depth)
    };
    steps.iter().enumerate().map(|(at, step)| (step, caller(at))).collect()
}
