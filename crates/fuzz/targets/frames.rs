//! See [`aftercall_fuzz::frames`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::frames(data));
