//! The console: pages for people, and the door through which browsers reach the services.
//!
//! It answers on the port where gRPC is served whatever gRPC's own clients don't ask: it gives out the pages, which
//! are part of the program, passes on what they ask as gRPC-Web, and keeps the sessions of those who signed in. It
//! knows no rule and reads no view: whoever is behind a session is checked at the gate of the services, with the same
//! limits and the same errors as any other caller. Where services run in other processes, what has passed the gate is
//! passed on to them. `docs/console.md` says what it holds to.

mod answer;
mod api;
mod config;
mod console;
mod cookie;
mod gateway;
mod guard;
mod oidc;
mod origin;
mod pages;
mod sessions;

pub use config::{ConsoleConfig, ServicesConfig};
pub use console::{Console, ConsoleError, Place};
pub use cookie::KeyError;
pub use gateway::{Gateway, GatewayError, Role};
pub use oidc::{OidcConfig, OidcError};
pub use sessions::SessionsError;
