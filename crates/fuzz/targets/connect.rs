//! See [`aftercall_fuzz::connect`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::connect(data));
