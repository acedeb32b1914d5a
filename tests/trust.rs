//! Keys and trust in real life: comparing, policies, and the bad days.

mod common;

mod trust {
    mod policy;
    mod verify;
}
