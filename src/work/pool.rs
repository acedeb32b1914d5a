//! Threads that work off a queue.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread that came for the work waits for more before it ends.
const REST: Duration = Duration::from_secs(20);

/// A queue: what is to be done, and in which order.
pub trait Queue: Send + 'static {
    /// A piece of work.
    type Job: Send;
    /// The result that is known after it.
    type Done;

    /// Takes the next job that may begin at `now`.
    fn take(&mut self, now: Instant) -> Next<Self::Job>;

    /// When the next job may begin, `now` or later; none if there will be none before one is added or
    /// finished.
    fn when(&self, now: Instant) -> Option<Instant>;

    /// Notes what became of a job that was taken.
    fn done(&mut self, done: Self::Done, now: Instant);
}

/// The next thing that a queue has at some time.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<J> {
    /// A job.
    Job(J),
    /// Nothing before that time, if no one adds or finishes any.
    Wait(Option<Instant>),
}

/// A queue, and the threads that work it off; they end when this is dropped.
///
/// A thread that takes a job sees to it that another one waits for the next. So a job for later
/// begins then, though this one hangs.
pub struct Pool<Q: Queue>(Arc<Shared<Q>>);

struct Shared<Q: Queue> {
    /// The threads that come and go with the work, if there are any.
    staff: Option<Staff<Q>>,
    state: Mutex<State<Q>>,
    wake: Condvar,
}

struct Staff<Q: Queue> {
    name: &'static str,
    most: usize,
    work: Box<dyn Fn(Q::Job) -> Q::Done + Send + Sync>,
}

struct State<Q> {
    queue: Q,
    /// The number of threads of the staff.
    threads: usize,
    /// The number of all threads that wait.
    idle: usize,
    stopped: bool,
}

impl<Q: Queue> Pool<Q> {
    /// A queue for threads that [`Pool::attend`] to it.
    pub fn new(queue: Q) -> Self {
        Self::with(queue, None)
    }

    /// A queue with threads of its own, called `name`, that do `work` with its jobs: none at first,
    /// `most` at most, and few again after a while without.
    pub fn on_demand(
        name: &'static str,
        most: usize,
        queue: Q,
        work: impl Fn(Q::Job) -> Q::Done + Send + Sync + 'static,
    ) -> Self {
        Self::with(queue, Some(Staff { name, most, work: Box::new(work) }))
    }

    fn with(queue: Q, staff: Option<Staff<Q>>) -> Self {
        let state = State { queue, threads: 0, idle: 0, stopped: false };
        Self(Arc::new(Shared { staff, state: Mutex::new(state), wake: Condvar::new() }))
    }

    /// Changes the queue, and sees to what is then to be done.
    pub fn change<T>(&self, change: impl FnOnce(&mut Q) -> T) -> T {
        let mut state = self.0.lock();
        let changed = change(&mut state.queue);
        Shared::rouse(&self.0, &mut state);
        changed
    }

    /// Does `work` with the jobs on this thread, and waits for more, until the end.
    pub fn attend(&self, work: impl FnMut(Q::Job) -> Q::Done) {
        drop(Shared::attend(&self.0, None, work));
    }

    /// Lets no further job begin; those under way are not waited for.
    pub fn stop(&self) {
        self.0.lock().stopped = true;
        self.0.wake.notify_all();
    }
}

impl<Q: Queue> Drop for Pool<Q> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<Q: Queue> fmt::Debug for Pool<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
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
        } else if let Some(staff) = this.staff.as_ref().filter(|staff| state.threads < staff.most) {
            let shared = Arc::clone(this);
            let thread = thread::Builder::new().name(staff.name.to_owned());
            match thread.spawn(move || Self::serve(&shared)) {
                Ok(_) => state.threads = state.threads.saturating_add(1),
                Err(cause) => log::warn!("cannot start a thread: {cause}"),
            }
        }
    }

    /// Does the work of a thread of the staff.
    fn serve(this: &Arc<Self>) {
        let Some(staff) = &this.staff else { return };
        let mut state = Self::attend(this, Some(REST), &staff.work);
        state.threads = state.threads.saturating_sub(1);
    }

    /// Does `work` with the jobs until the end, or until there was none for as long as `rest`.
    /// Nobody can have counted on this thread since it decided to go: the state is locked still.
    fn attend(
        this: &Arc<Self>,
        rest: Option<Duration>,
        mut work: impl FnMut(Q::Job) -> Q::Done,
    ) -> MutexGuard<'_, State<Q>> {
        let (mut state, mut rested) = (this.lock(), false);
        while !state.stopped {
            match state.queue.take(Instant::now()) {
                Next::Job(job) => {
                    Self::rouse(this, &mut state);
                    drop(state);
                    let done = work(job);
                    state = this.lock();
                    state.queue.done(done, Instant::now());
                    rested = false;
                }
                // One stays for what is to be done later.
                Next::Wait(until) if rested && (until.is_none() || state.idle > 0) => break,
                Next::Wait(until) => (state, rested) = this.wait(state, until, rest),
            }
        }
        state
    }

    /// Waits for work; also returns whether none came, for one who may `rest` so long and no longer.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<Q>>,
        until: Option<Instant>,
        rest: Option<Duration>,
    ) -> (MutexGuard<'a, State<Q>>, bool) {
        let pause = until.map(|until| until.saturating_duration_since(Instant::now())).or(rest);
        state.idle = state.idle.saturating_add(1);
        let (mut state, is_over) = match pause {
            Some(pause) => {
                let waited = self.wake.wait_timeout(state, pause);
                let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                (state, waited.timed_out())
            }
            None => (self.wake.wait(state).unwrap_or_else(PoisonError::into_inner), false),
        };
        state.idle = state.idle.saturating_sub(1);
        (state, is_over && rest.is_some())
    }
}
