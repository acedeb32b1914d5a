use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// Jobs that begin not before their time, in this order.
#[derive(Default)]
struct Times(VecDeque<Instant>);

impl Queue for Times {
    type Job = Instant;
    type Done = ();

    fn take(&mut self, now: Instant) -> Next<Instant> {
        match self.0.front().copied() {
            Some(time) if time <= now => {
                self.0.pop_front();
                Next::Job(time)
            }
            later => Next::Wait(later),
        }
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        self.0.front().map(|time| now.max(*time))
    }

    fn done(&mut self, (): (), _: Instant) {}
}

/// Two threads whose jobs tell that they began, and go on when they are let.
fn two() -> (Pool<Times>, Receiver<Instant>, Sender<()>) {
    let ((began, begun), (go, wait)) = (channel(), channel());
    let (began, wait) = (Mutex::new(began), Mutex::new(wait));
    let work = move |_| {
        began.lock().unwrap().send(Instant::now()).unwrap();
        // A test that ends lets all go.
        let _ = wait.lock().unwrap().recv();
    };
    (Pool::on_demand("test", 2, Times::default(), work), begun, go)
}

fn push(workers: &Pool<Times>, times: &[Instant]) {
    workers.change(|queue| queue.0.extend(times));
}

fn is_quiet(begun: &Receiver<Instant>) -> bool {
    begun.recv_timeout(Duration::from_millis(100)).is_err()
}

#[test]
fn no_thread_is_started_in_vain_and_never_too_many() {
    let (workers, begun, go) = two();
    assert_eq!(workers.0.lock().threads, 0);
    push(&workers, &[Instant::now(); 3]);
    for _ in 0..2 {
        begun.recv_timeout(PATIENCE).unwrap();
    }
    assert!(is_quiet(&begun));
    assert_eq!(workers.0.lock().threads, 2);
    go.send(()).unwrap();
    begun.recv_timeout(PATIENCE).unwrap();
    for _ in 0..2 {
        go.send(()).unwrap();
    }
    push(&workers, &[Instant::now()]);
    begun.recv_timeout(PATIENCE).unwrap();
    assert_eq!(workers.0.lock().threads, 2, "who rests is woken");
}

#[test]
fn what_is_for_later_begins_then() {
    let (workers, begun, go) = two();
    let later = Instant::now() + Duration::from_millis(300);
    push(&workers, &[Instant::now(), later]);
    begun.recv_timeout(PATIENCE).unwrap();
    go.send(()).unwrap();
    assert!(begun.recv_timeout(PATIENCE).unwrap() >= later);
}

#[test]
fn what_is_for_later_begins_then_though_another_job_hangs() {
    let (workers, begun, _go) = two();
    let later = Instant::now() + Duration::from_millis(100);
    push(&workers, &[Instant::now(), later]);
    for _ in ["the one that hangs", "the other"] {
        begun.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn after_a_stop_nothing_begins() {
    let (workers, begun, go) = two();
    push(&workers, &[Instant::now(); 4]);
    for _ in 0..2 {
        begun.recv_timeout(PATIENCE).unwrap();
    }
    workers.stop();
    drop(go);
    push(&workers, &[Instant::now()]);
    assert!(is_quiet(&begun));
    let start = Instant::now();
    while workers.0.lock().threads > 0 {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_thread_that_attends_stays_though_nothing_comes_in_time() {
    let pool = Arc::new(Pool::new(Times::default()));
    let (attended, (done, is_done)) = (Arc::clone(&pool), channel());
    let thread = thread::spawn(move || attended.attend(|time| done.send(time).unwrap()));
    for _ in 0..3 {
        let soon = Instant::now() + Duration::from_millis(20);
        push(&pool, &[soon]);
        assert_eq!(is_done.recv_timeout(PATIENCE), Ok(soon));
    }
    pool.stop();
    thread.join().unwrap();
}
