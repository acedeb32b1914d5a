//! Hosting: files of `public/` are served, with ranges, conditions and tags that change with the
//! content.

pub mod conditions;
pub mod etags;
pub mod locate;
pub mod public;
pub mod range;
