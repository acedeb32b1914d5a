//! A list that several threads work off, so that what takes long does not make the rest wait.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The results of jobs that wait to be received, at most; the threads wait until they are.
const AHEAD: usize = 4;

/// Works off `jobs`, in their order, by `most` threads at once. What comes of them is received as it
/// comes, and there is an end of it when all is done; a thread that panics takes its job with it.
/// When the receiver is dropped, no further job begins.
///
/// Each thread does its jobs by what `worker` makes for it, which is gone at the end.
pub fn work_off<J, R, W>(jobs: Vec<J>, most: usize, worker: impl Fn() -> W) -> Receiver<R>
where
    J: Send + 'static,
    R: Send + 'static,
    W: FnMut(J) -> R + Send + 'static,
{
    let (sender, receiver) = sync_channel(AHEAD);
    let threads = most.min(jobs.len());
    let jobs = Arc::new(Mutex::new(jobs.into_iter()));
    for _ in 0..threads {
        let (jobs, sender, mut work) = (Arc::clone(&jobs), sender.clone(), worker());
        thread::spawn(move || {
            let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(job) = next() {
                if sender.send(work(job)).is_err() {
                    break;
                }
            }
            // In this order: whoever has received all finds nobody at work.
            drop(work);
            drop(sender);
        });
    }
    receiver
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_job_is_done_once_by_so_many_at_once_and_there_is_an_end() {
        let (meet, begun) = (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)));
        let results = work_off((0..60).collect(), 3, || {
            begun.fetch_add(1, Ordering::Relaxed);
            let meet = Arc::clone(&meet);
            move |job: usize| {
                // Nobody passes unless all three are at work.
                meet.wait();
                job
            }
        });
        let mut results: Vec<usize> = results.into_iter().collect();
        results.sort_unstable();
        assert_eq!(results, (0..60).collect::<Vec<_>>());
        assert_eq!((begun.load(Ordering::Relaxed), Arc::strong_count(&meet)), (3, 1));
    }

    #[test]
    fn no_thread_is_started_in_vain() {
        let worker = || -> fn(usize) -> usize { panic!("no thread is needed") };
        assert_eq!(work_off(Vec::new(), 16, worker).into_iter().count(), 0);
        let begun = AtomicUsize::new(0);
        let worker = || {
            begun.fetch_add(1, Ordering::Relaxed);
            |job: usize| job
        };
        assert_eq!(work_off(vec![7], 16, worker).into_iter().collect::<Vec<_>>(), [7]);
        assert_eq!(begun.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn when_nobody_receives_no_further_job_begins() {
        let done = Arc::new(AtomicUsize::new(0));
        let results = work_off((0..1_000).collect(), 2, || {
            let done = Arc::clone(&done);
            move |_: usize| done.fetch_add(1, Ordering::Relaxed)
        });
        results.recv().unwrap();
        drop(results);
        while Arc::strong_count(&done) > 1 {
            thread::yield_now();
        }
        // One was received, and each thread has one that nobody takes.
        assert!(done.load(Ordering::Relaxed) <= 1 + AHEAD + 2);
    }

    #[test]
    fn a_job_that_panics_takes_no_other_with_it() {
        let worker = || |job: usize| if job == 1 { panic!("as it is tested") } else { job };
        let mut results: Vec<usize> = work_off((0..9).collect(), 2, worker).into_iter().collect();
        results.sort_unstable();
        assert_eq!(results, [0, 2, 3, 4, 5, 6, 7, 8]);
    }
}
