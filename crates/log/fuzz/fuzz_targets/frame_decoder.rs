//! Decodes arbitrary bytes as frames of the embedded log.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_log::fuzzing::frame_decoder(data));
