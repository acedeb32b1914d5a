//! Whom an `address` leads to, whether two share a card (`same_card`), and what a contact is called
//! (`naming`).

pub mod address;
pub mod claimed;
pub mod naming;
pub mod same_card;
