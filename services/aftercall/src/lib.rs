//! The one binary of aftercall: server, command-line client, import.
//!
//! | module      | owns                                                          |
//! |-------------|---------------------------------------------------------------|
//! | [`cli`]     | the command line: what is asked for, exit codes               |
//! | [`app`]     | the composition root: log, services, server, shutdown         |
//! | [`config`]  | the configuration of the whole                                |
//! | [`command`] | the commands that ask a server, and why they failed            |
//! | [`connect`] | connectors: what telephone systems say of calls, as it happens   |
//! | [`demo`]    | the demonstration: a month of made-up calls, and a tour            |
//! | [`import`]  | bulk import of JSON Lines                                     |
//! | `operations` | the service for those who run the server: copies of the log   |
//! | `json`      | requests from JSON, however they are laid out                 |
//! | [`log`]     | the log on the engine that the configuration names            |
//! | [`output`]  | JSON lines, tables and cards                                  |
//!
//! It knows no rules of the domain: those are the services'.

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod connect;
pub mod demo;
pub mod import;
mod json;
pub mod log;
mod operations;
pub mod output;
