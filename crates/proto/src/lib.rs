//! The wire: messages, clients and servers generated from `proto/`, and every conversion between
//! them and the domain's types.

/// The generated code, one module for each proto package.
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::too_many_lines,
    rustdoc::all,
    reason = "generated; the protos carry the documentation"
)]
pub mod generated {
    macro_rules! package {
        ($name:ident, $package:literal) => {
            /// One version of the package.
            pub mod $name {
                /// Version 1.
                pub mod v1 {
                    tonic::include_proto!($package);
                    include!(concat!(env!("OUT_DIR"), "/", $package, ".serde.rs"));
                }
            }
        };
    }
    /// All packages; the paths between them are relative to this module.
    pub mod aftercall {
        package!(alerts, "aftercall.alerts.v1");
        package!(event, "aftercall.event.v1");
        package!(followups, "aftercall.followups.v1");
        package!(history, "aftercall.history.v1");
        package!(insight, "aftercall.insight.v1");
        package!(knowledge, "aftercall.knowledge.v1");
        package!(model, "aftercall.model.v1");
        package!(notify, "aftercall.notify.v1");
        package!(operations, "aftercall.operations.v1");
        package!(recorder, "aftercall.recorder.v1");
        package!(settings, "aftercall.settings.v1");
    }
    /// What Google's protos give everybody.
    pub mod google {
        /// A failed call's status, as a message carries it.
        pub mod rpc {
            tonic::include_proto!("google.rpc");
            include!(concat!(env!("OUT_DIR"), "/google.rpc.serde.rs"));
        }
    }
}

mod asked;
pub mod cloud_event;
pub mod convert;
pub mod elements;
pub mod encoded;
pub mod envelope;
pub mod personal;
pub mod status;
pub mod texts;

pub use generated::aftercall::{
    alerts, event, followups, history, insight, knowledge, model, notify, operations, recorder,
    settings,
};
pub use generated::google;

/// The descriptors of all packages, encoded: for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
