//! Brokers and roles: the parts of aftercall as it runs on several machines.

pub(crate) mod brokers;
pub(crate) mod log;
pub(crate) mod newcomers;
pub(crate) mod roles;
mod user;

pub(crate) use brokers::Brokers;
pub(crate) use log::SharedLog;
pub(crate) use newcomers::Newcomers;
pub(crate) use roles::{Fleet, Replica};
