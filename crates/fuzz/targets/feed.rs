//! See [`aftercall_fuzz::feed`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::feed(data));
