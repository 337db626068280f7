//! Asterisk: events of its manager interface, its channel event log, and its call detail records.

pub(super) mod cdr;
pub(super) mod cel;
pub(super) mod manager;
mod step;
pub(super) mod switch;
#[cfg(test)]
mod tests;
mod time;
