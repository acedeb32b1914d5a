//! Whoever stands between us and the others.
