//! The small tools, and that they do together what the large ones do.

mod carriers;
mod cloud;
mod cloud_command;
mod homes;
mod publish;
mod sealing;
