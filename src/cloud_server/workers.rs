//! Threads that are there while there is work: none at first, so many at most, and few again
//! after a while without.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread waits for work before it ends.
const REST: Duration = Duration::from_secs(20);

/// What is to be done, and in which order.
pub(super) trait Queue: Send + 'static {
    /// A piece of work.
    type Job: Send;
    /// What is known after it.
    type Done;

    /// Takes the next job that may begin at `now`.
    fn take(&mut self, now: Instant) -> Next<Self::Job>;

    /// When the next job may begin, `now` or later; none if there will be none before one is added or
    /// finished.
    fn when(&self, now: Instant) -> Option<Instant>;

    /// Notes what became of a job that was taken.
    fn done(&mut self, done: Self::Done, now: Instant);
}

/// What a queue has at some time.
pub(super) enum Next<J> {
    /// A job.
    Job(J),
    /// Nothing before that time, if no one adds or finishes any.
    Wait(Option<Instant>),
}

/// The threads that work off a queue; they end when this is dropped.
pub(super) struct Workers<Q: Queue>(Arc<Shared<Q>>);

struct Shared<Q: Queue> {
    most: usize,
    work: Box<dyn Fn(Q::Job) -> Q::Done + Send + Sync>,
    state: Mutex<State<Q>>,
    wake: Condvar,
}

struct State<Q> {
    queue: Q,
    threads: usize,
    idle: usize,
    stopped: bool,
}

impl<Q: Queue> Workers<Q> {
    /// At most `most` threads that do `work` with the jobs of `queue`.
    pub(super) fn new(
        most: usize,
        queue: Q,
        work: impl Fn(Q::Job) -> Q::Done + Send + Sync + 'static,
    ) -> Self {
        let state = State { queue, threads: 0, idle: 0, stopped: false };
        Self(Arc::new(Shared {
            most,
            work: Box::new(work),
            state: Mutex::new(state),
            wake: Condvar::new(),
        }))
    }

    /// Changes the queue, and sees to what is then to be done.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Q) -> T) -> T {
        let mut state = self.0.lock();
        let changed = change(&mut state.queue);
        Shared::rouse(&self.0, &mut state);
        changed
    }

    /// Lets no further job begin; those under way are not waited for.
    pub(super) fn stop(&self) {
        self.0.lock().stopped = true;
        self.0.wake.notify_all();
    }
}

impl<Q: Queue> Drop for Workers<Q> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<Q: Queue> Shared<Q> {
    fn lock(&self) -> MutexGuard<'_, State<Q>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes or starts one thread if there is a job, or will be: it waits for that, and rouses the
    /// next.
    fn rouse(this: &Arc<Self>, state: &mut State<Q>) {
        if state.stopped || state.queue.when(Instant::now()).is_none() {
            return;
        }
        if state.idle > 0 {
            this.wake.notify_one();
        } else if state.threads < this.most {
            let shared = Arc::clone(this);
            let thread = thread::Builder::new().name("cloudim-cloud".to_owned());
            match thread.spawn(move || Self::run(&shared)) {
                Ok(_) => state.threads = state.threads.saturating_add(1),
                Err(cause) => log::warn!("cannot start a thread: {cause}"),
            }
        }
    }

    fn run(this: &Arc<Self>) {
        let mut state = this.lock();
        let mut rested = false;
        while !state.stopped {
            match state.queue.take(Instant::now()) {
                Next::Job(job) => {
                    Self::rouse(this, &mut state);
                    drop(state);
                    let done = (this.work)(job);
                    state = this.lock();
                    state.queue.done(done, Instant::now());
                    rested = false;
                }
                // One stays for what is to be done later.
                Next::Wait(until) if rested && (until.is_none() || state.idle > 0) => break,
                Next::Wait(until) => (state, rested) = this.rest(state, until),
            }
        }
        state.threads = state.threads.saturating_sub(1);
    }

    /// Waits for work; also returns whether none came.
    fn rest<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<Q>>,
        until: Option<Instant>,
    ) -> (MutexGuard<'a, State<Q>>, bool) {
        let pause = until.map_or(REST, |until| until.saturating_duration_since(Instant::now()));
        state.idle = state.idle.saturating_add(1);
        let (mut state, rested) =
            self.wake.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
        state.idle = state.idle.saturating_sub(1);
        (state, rested.timed_out())
    }
}
