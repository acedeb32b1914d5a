//! This test program again, as a process of its own.

/// The arguments by which it runs one test and no other, and lets it speak. `test` is the whole path
/// of that, the crate included.
pub fn only(test: &str) -> [&str; 4] {
    let (_, name) = test.split_once("::").expect("a test of a crate");
    ["--exact", name, "--include-ignored", "--nocapture"]
}
