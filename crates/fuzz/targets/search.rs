//! See [`aftercall_fuzz::search`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::search(data));
