//! The app and the command, as a user meets them.

mod app;
mod client;
mod command;
mod credentials;
mod help;
mod import;
mod log;
mod serve;
