//! The answers, one module for each question.

pub(crate) mod amendments;
mod causes;
pub(crate) mod context;
pub(crate) mod customers;
pub(crate) mod interaction;
pub(crate) mod search;
pub(crate) mod timeline;
mod warnings;
