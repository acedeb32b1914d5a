//! A cloud, or who speaks to us as to a cloud.

mod amplifying;
