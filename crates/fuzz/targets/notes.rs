//! See [`aftercall_fuzz::notes`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::notes(data));
