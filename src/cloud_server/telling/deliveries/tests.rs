use super::*;

fn url(name: &str) -> Url {
    format!("https://{name}.example/").parse().unwrap()
}

fn route(feed: &str, callback: &str) -> Route {
    Route { feed: url(feed), callback: url(callback) }
}

/// The queue with one subscriber of one pair feed to tell.
fn one() -> (Deliveries, Instant) {
    let mut deliveries = Deliveries::default();
    deliveries.announce(route("a", "s"), false);
    (deliveries, Instant::now())
}

#[track_caller]
fn taken(deliveries: &mut Deliveries, now: Instant) -> Notification {
    assert_eq!(deliveries.when(now), Some(now));
    match deliveries.take(now) {
        Next::Job(job) => job,
        Next::Wait(_) => panic!("nothing to do"),
    }
}

/// When there will be something to do again.
#[track_caller]
fn waits(deliveries: &mut Deliveries, now: Instant) -> Option<Instant> {
    let when = deliveries.when(now);
    match deliveries.take(now) {
        Next::Job(job) => panic!("{job:?}"),
        Next::Wait(until) => assert_eq!(until, when),
    }
    when
}

#[test]
fn many_changes_before_a_call_are_one_and_one_during_it_is_another() {
    let (mut deliveries, now) = one();
    deliveries.announce(route("a", "s"), false);
    let job = taken(&mut deliveries, now);
    assert_eq!(waits(&mut deliveries, now), None);
    deliveries.announce(route("a", "s"), false);
    deliveries.announce(route("a", "s"), false);
    assert_eq!(waits(&mut deliveries, now), None, "never two calls at once");
    deliveries.done((job, true), now);
    let job = taken(&mut deliveries, now);
    deliveries.done((job, true), now);
    assert_eq!(waits(&mut deliveries, now), None);
    assert!(deliveries.under_way.is_empty());
}

#[test]
fn who_fails_is_tried_again_after_growing_pauses_until_that_is_settled() {
    let (mut deliveries, mut now) = one();
    let first = taken(&mut deliveries, now);
    assert_eq!(first.urgency, Urgency::Pair);
    deliveries.done((first, false), now);
    for pause in PAUSES.into_iter().chain([PAUSES[4]; 30]) {
        assert_eq!(waits(&mut deliveries, now), Some(now + pause));
        now += pause;
        let job = taken(&mut deliveries, now);
        assert_eq!(job.urgency, Urgency::PairAgain);
        deliveries.done((job, false), now);
    }
    now += PAUSES[4];
    // As it is when the lease has ended.
    let job = taken(&mut deliveries, now);
    deliveries.done((job, true), now);
    assert_eq!(waits(&mut deliveries, now), None);
    assert!(deliveries.under_way.is_empty() && deliveries.resting.is_empty());
}

#[test]
fn a_change_wakes_who_rests_and_success_ends_the_trying() {
    let (mut deliveries, now) = one();
    let job = taken(&mut deliveries, now);
    deliveries.done((job, false), now);
    assert!(waits(&mut deliveries, now).is_some());
    deliveries.announce(route("a", "s"), false);
    let job = taken(&mut deliveries, now);
    assert_eq!(job.urgency, Urgency::PairAgain, "it does not hold up the others again");
    deliveries.done((job, true), now);
    assert_eq!(waits(&mut deliveries, now), None, "the pause went with the failure");
    deliveries.announce(route("a", "s"), false);
    assert_eq!(taken(&mut deliveries, now).urgency, Urgency::Pair);
}

#[test]
fn a_failure_during_which_the_feed_changed_leads_to_a_call_at_once() {
    let (mut deliveries, now) = one();
    let job = taken(&mut deliveries, now);
    deliveries.announce(route("a", "s"), false);
    deliveries.done((job, false), now);
    let job = taken(&mut deliveries, now);
    assert_eq!(job.urgency, Urgency::PairAgain);
    deliveries.done((job, false), now);
    assert_eq!(waits(&mut deliveries, now), Some(now + PAUSES[1]));
}

#[test]
fn pair_feeds_go_first_and_strangers_who_fail_keep_no_contact_waiting() {
    let (mut deliveries, now) = (Deliveries::default(), Instant::now());
    for (feed, is_card) in [("failing-card", true), ("failing", false)] {
        for number in 0..20 {
            deliveries.announce(route(feed, &format!("f{number}")), is_card);
        }
        for _ in 0..20 {
            let job = taken(&mut deliveries, now);
            deliveries.done((job, false), now);
        }
    }
    for number in 0..20 {
        deliveries.announce(route("card", &format!("c{number}")), true);
    }
    deliveries.announce(route("a", "s"), false);
    let later = now + PAUSES[0];
    let mut urgencies = Vec::new();
    while let Next::Job(job) = deliveries.take(later) {
        urgencies.push(job.urgency);
    }
    let count = |urgency| urgencies.iter().filter(|other| **other == urgency).count();
    assert_eq!(Urgency::ALL.map(count), [1, FOR_CARD, FOR_AGAIN, FOR_AGAIN]);
    assert_eq!(urgencies.first(), Some(&Urgency::Pair));
    assert!(urgencies.len() < THREADS, "there is a thread for the next message");
}

#[test]
fn who_shows_that_it_is_there_is_told_at_once() {
    let (mut deliveries, now) = one();
    deliveries.reached(&route("a", "s"));
    deliveries.reached(&route("a", "another"));
    let job = taken(&mut deliveries, now);
    deliveries.done((job, false), now);
    deliveries.reached(&route("a", "s"));
    let job = taken(&mut deliveries, now);
    assert_eq!(job.urgency, Urgency::Pair, "it is not as one that fails");
    deliveries.done((job, false), now);
    assert_eq!(waits(&mut deliveries, now), Some(now + PAUSES[0]));
}

/// Subscribers in the property below.
const ROUTES: usize = 12;

/// The changes that each subscriber should know of, and those that it knows of.
#[derive(Default)]
struct Story {
    deliveries: Deliveries,
    running: Vec<(Notification, usize)>,
    changes: [usize; ROUTES],
    told: [usize; ROUTES],
}

impl Story {
    fn change(&mut self, number: usize) {
        self.changes[number] += 1;
        self.deliveries.announce(route("a", &format!("s{number}")), number.is_multiple_of(3));
    }

    /// Begins the next call; returns when there will be one, if there is none now.
    fn begin(&mut self, now: Instant) -> Option<Option<Instant>> {
        let job = match self.deliveries.take(now) {
            Next::Job(job) => job,
            Next::Wait(until) => return Some(until),
        };
        assert!(self.running.iter().all(|(other, _)| other.route != job.route), "two at once");
        let known = self.changes[number(&job)];
        self.running.push((job, known));
        None
    }

    fn end(&mut self, at: usize, good: bool, now: Instant) {
        let (job, known) = self.running.swap_remove(at);
        let number = number(&job);
        self.deliveries.done((job, good), now);
        // A call tells only of the changes that were there when it began.
        self.told[number] = self.told[number].max(if good { known } else { 0 });
    }
}

fn number(job: &Notification) -> usize {
    job.route.callback.host().trim_start_matches('s').split('.').next().unwrap().parse().unwrap()
}

proptest::proptest! {
    #[test]
    fn whatever_the_order_each_learns_of_the_last_change(
        steps in proptest::collection::vec((0_u8..5, 0..ROUTES, 0_u64..400), 0..1_000)
    ) {
        let (mut story, mut now) = (Story::default(), Instant::now());
        for (step, number, seconds) in steps {
            match step {
                0 => story.change(number),
                1 | 2 => drop(story.begin(now)),
                3 | 4 if !story.running.is_empty() => {
                    story.end(number % story.running.len(), step == 3, now);
                }
                _ => now += Duration::from_secs(seconds),
            }
        }
        loop {
            while !story.running.is_empty() {
                story.end(0, true, now);
            }
            match story.begin(now) {
                Some(Some(later)) => now = later,
                Some(None) => break,
                None => {}
            }
        }
        proptest::prop_assert_eq!(story.told, story.changes);
        proptest::prop_assert!(story.deliveries.under_way.is_empty());
    }
}
