//! `kill -9` while calls come.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use cloudim::protocol::feed::channel::Channel;

use super::beside::{Beside, form, named};
use crate::common::host::PATIENCE;

const KILLS: usize = 20;

#[test]
fn who_was_thanked_is_kept_and_the_feed_is_always_whole() {
    let beside = Beside::new();
    let thanked = Mutex::new(Vec::new());
    let mut url = None;
    for kill in 0..KILLS {
        let server = beside.start();
        let known = url.get_or_insert_with(|| server.inbox.clone());
        assert_eq!(*known, server.inbox);
        let (sender, answered) = channel();
        thread::scope(|scope| {
            for number in [3 * kill, 3 * kill + 1, 3 * kill + 2] {
                let (beside, thanked, sender) = (&beside, &thanked, sender.clone());
                scope.spawn(move || {
                    let answer = beside.call(&form(number), "198.51.100.1");
                    if answer.is_some_and(|answer| answer.contains("success=\"true\"")) {
                        thanked.lock().unwrap().push(named(number));
                        let _ = sender.send(());
                    }
                });
            }
            if kill % 2 == 0 {
                answered.recv_timeout(PATIENCE).expect("thanks");
            }
            thread::sleep(Duration::from_millis(3 * kill as u64));
            assert_eq!(server.end("-KILL"), None);
        });
        assert!(Channel::parse(&beside.feed()).is_ok());
    }
    let calls = beside.calls();
    let thanked = thanked.into_inner().unwrap();
    assert!(thanked.iter().all(|named| calls.contains(named)), "{thanked:?} {calls:?}");
    let _server = beside.start();
    beside.call(&form(1_000), "198.51.100.1").unwrap();
    assert!(beside.calls().contains(&named(1_000)));
}
