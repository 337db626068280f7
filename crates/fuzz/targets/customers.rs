//! See [`aftercall_fuzz::customers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aftercall_fuzz::customers(data));
