//! See [`aftercall_fuzz::elements`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::elements(data));
