//! Generates the messages, the gRPC clients and servers, and their proto3 JSON, from `proto/`.

use std::path::PathBuf;
use std::{env, error::Error, fs};

use prost::Message;

const FILES: [&str; 9] = [
    "aftercall/event/v1/event.proto",
    "aftercall/followups/v1/followups.proto",
    "aftercall/history/v1/history.proto",
    "aftercall/knowledge/v1/knowledge.proto",
    "aftercall/model/v1/alert.proto",
    "aftercall/model/v1/commitment.proto",
    "aftercall/model/v1/interaction.proto",
    "aftercall/model/v1/solution.proto",
    "aftercall/recorder/v1/recorder.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let descriptors = protox::compile(FILES, [&root])?;
    let encoded = descriptors.encode_to_vec();
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin"),
        &encoded,
    )?;

    let mut prost = tonic_prost_build::Config::new();
    prost
        .bytes([".aftercall.event.v1.Event"])
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types");
    tonic_prost_build::configure().compile_fds_with_config(descriptors, prost)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .build(&[".aftercall"])?;
    Ok(())
}
