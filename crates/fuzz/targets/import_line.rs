//! See [`aftercall_fuzz::import_line`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::import_line(data));
