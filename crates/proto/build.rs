//! Generates the messages, the gRPC clients and servers, and their proto3 JSON, from `proto/`.

use std::path::PathBuf;
use std::{env, error::Error, fs};

use prost_types::{FileDescriptorSet, ServiceDescriptorProto};
use tonic_prost_build::Config;

const FILES: [&str; 50] = [
    "aftercall/alerts/v1/alerts.proto",
    "aftercall/event/v1/calls.proto",
    "aftercall/event/v1/candidates.proto",
    "aftercall/event/v1/concerns.proto",
    "aftercall/event/v1/event.proto",
    "aftercall/event/v1/problems.proto",
    "aftercall/event/v1/solutions.proto",
    "aftercall/followups/v1/calendar_feeds.proto",
    "aftercall/followups/v1/calls.proto",
    "aftercall/followups/v1/followups.proto",
    "aftercall/history/v1/exports.proto",
    "aftercall/history/v1/history.proto",
    "aftercall/insight/v1/clocks.proto",
    "aftercall/insight/v1/insight.proto",
    "aftercall/insight/v1/measures.proto",
    "aftercall/insight/v1/problems.proto",
    "aftercall/knowledge/v1/evidence.proto",
    "aftercall/knowledge/v1/knowledge.proto",
    "aftercall/knowledge/v1/search.proto",
    "aftercall/knowledge/v1/solutions.proto",
    "aftercall/model/v1/alert.proto",
    "aftercall/model/v1/calendar_feed.proto",
    "aftercall/model/v1/call.proto",
    "aftercall/model/v1/commitment.proto",
    "aftercall/model/v1/due.proto",
    "aftercall/model/v1/escalation.proto",
    "aftercall/model/v1/evidence.proto",
    "aftercall/model/v1/handle.proto",
    "aftercall/model/v1/interaction.proto",
    "aftercall/model/v1/mail.proto",
    "aftercall/model/v1/notification.proto",
    "aftercall/model/v1/policy.proto",
    "aftercall/model/v1/problem.proto",
    "aftercall/model/v1/recall.proto",
    "aftercall/model/v1/search.proto",
    "aftercall/model/v1/setting.proto",
    "aftercall/model/v1/silence.proto",
    "aftercall/model/v1/solution.proto",
    "aftercall/model/v1/synonyms.proto",
    "aftercall/model/v1/taxonomy.proto",
    "aftercall/model/v1/warning.proto",
    "aftercall/model/v1/webhook.proto",
    "aftercall/notify/v1/events.proto",
    "aftercall/notify/v1/mail.proto",
    "aftercall/notify/v1/webhooks.proto",
    "aftercall/operations/v1/operations.proto",
    "aftercall/recorder/v1/calls.proto",
    "aftercall/recorder/v1/recorder.proto",
    "aftercall/settings/v1/settings.proto",
    "google/rpc/status.proto",
];

/// Messages whose maps are in order, so that the same message has the same bytes.
const MAPS: [&str; 2] = [
    ".aftercall.model.v1.Alert",
    ".aftercall.alerts.v1.TestRouteRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;
    let descriptors = compiler.file_descriptor_set();
    // Encoded by the compiler itself, which keeps the options of our own.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin"),
        &encoded,
    )?;

    let mut prost = config();
    prost.bytes([
        ".aftercall.event.v1.Event",
        ".aftercall.history.v1.ExportInteractionsResponse",
        ".aftercall.operations.v1",
    ]);
    tonic_prost_build::configure().compile_fds_with_config(descriptors.clone(), prost)?;
    encoded_history(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .btree_map(MAPS)
        .build(&[".aftercall", ".google.rpc"])?;
    Ok(())
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .btree_map(MAPS)
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types");
    config
}

/// The history service once more, for a server whose timelines are put together from encoded
/// entries. All other messages are those of the first generation.
fn encoded_history(mut descriptors: FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    for file in &mut descriptors.file {
        let is_history = file.package() == "aftercall.history.v1";
        let is_encoded =
            |service: &ServiceDescriptorProto| is_history && service.name() == "HistoryService";
        file.service.retain(is_encoded);
    }
    let mut prost = config();
    prost
        .extern_path(".aftercall", "crate::generated::aftercall")
        .extern_path(".google.rpc", "crate::generated::google::rpc")
        .extern_path(
            ".aftercall.history.v1.ListTimelineResponse",
            "crate::encoded::ListTimelineResponse",
        );
    let out = PathBuf::from(env::var("OUT_DIR")?).join("encoded");
    fs::create_dir_all(&out)?;
    tonic_prost_build::configure()
        .build_client(false)
        .out_dir(out)
        .compile_fds_with_config(descriptors, prost)?;
    Ok(())
}
