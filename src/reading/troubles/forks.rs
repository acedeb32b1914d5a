//! Proof that a contact's log has two histories.

use crate::reading::contents::forked::{Forked, Proof};
use crate::reading::intake::Intake;
use crate::store::contact::history::finding::{Finding, Kind};

impl Intake<'_> {
    /// Tells of the forks that were found, in one line for each log.
    pub(in crate::reading) fn tell_forks(&mut self) {
        let mut left = std::mem::take(&mut self.forked);
        while let Some(log) = left.first().map(|forked| forked.log) {
            let (forked, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|forked| forked.log == log);
            left = others;
            let sequences = forked.iter().map(|forked| forked.sequence);
            let hashes = forked.iter().flat_map(|forked| &forked.hashes).copied();
            let finding = Finding::new(Kind::Fork).in_log(log).at(sequences);
            let finding = finding.by(hashes.map(Into::into));
            self.tell_found(finding, format!("the log is forked: {}", words(&forked)));
        }
    }
}

fn words(forked: &[Forked]) -> String {
    let of = |proof: Proof| {
        let places = forked.iter().filter(|forked| forked.proof == proof);
        let mut sequences: Vec<u64> = places.map(|forked| forked.sequence).collect();
        sequences.sort_unstable();
        sequences.dedup();
        (!sequences.is_empty()).then(|| proof.words(&sequences))
    };
    let all = [Proof::Two, Proof::Neighbours, Proof::Head].into_iter().filter_map(of);
    all.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::testing::Scene;
    use crate::store::contact::history::record::What;
    use crate::store::testing::Type;

    #[test]
    fn many_forked_places_are_one_line() {
        let mut scene = Scene::begin();
        let mut before = None;
        for text in ["one", "two", "three"] {
            let sequence = match text {
                "one" => 1,
                "two" => 2,
                _ => 3,
            };
            let first = scene.add(sequence, before, text);
            scene.add(sequence, before, &format!("not {text}"));
            before = Some(first);
        }
        scene.read();
        assert_eq!(scene.messages().len(), 6, "both histories are shown");
        let told = scene.told(Type::Integrity);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("there are two messages at sequences 1 to 3"), "{told:?}");
        let [fork] = &scene.contact().theirs.forks[..] else { panic!() };
        assert_eq!((fork.log, fork.sequences.as_slice()), (scene.log, &[1, 2, 3][..]));
        let record =
            scene.john.records("mary").into_iter().find(|r| Type::of(r) == Type::Integrity);
        let Some(What::Notice { finding: Some(finding), .. }) = record.map(|record| record.what)
        else {
            panic!()
        };
        assert_eq!((finding.kind, finding.log), (Kind::Fork, Some(scene.log)));
        assert_eq!(finding.sequences, [1, 2, 3]);
        assert!(finding.hashes.len() >= 3);
    }

    #[test]
    fn a_fork_that_stands_is_not_told_again_and_is_once_it_was_cleared() {
        let mut scene = Scene::begin();
        for text in ["one", "another", "a third"] {
            scene.add(1, None, text);
            scene.read();
        }
        assert_eq!(scene.told(Type::Integrity).len(), 1);
        scene.john.update("mary", |mary| mary.theirs.forks.clear());
        scene.add(1, None, "a fourth");
        scene.read();
        assert_eq!(scene.told(Type::Integrity).len(), 2);
    }
}
