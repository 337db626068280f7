//! See [`aftercall_fuzz::handles`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::handles(data));
