//! The app and the command, as a user meets them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod amending;
mod app;
mod backup;
mod calls;
mod cases;
mod client;
mod command;
mod connect;
mod console;
mod copies;
mod credentials;
mod drilling;
mod export;
mod feeds;
mod flags;
mod gateway;
mod help;
mod hotel;
mod ids;
mod import;
mod json;
mod kafka;
mod log;
mod model;
mod oidc;
mod on_kafka;
mod permissions;
mod retargeting;
mod roles;
mod said;
mod scopes;
mod serve;
mod settings;
mod telling;
mod tls;
mod webhooks;
