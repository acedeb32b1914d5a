//! What is offered to one contact: the items as `octets`, the `outbox` of those that are sealed and
//! not shown, the `attachments`, the `feeds`, and the removal of what was `published`.

pub mod attachments;
pub mod feeds;
pub mod octets;
pub mod outbox;
pub mod published;
