#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| adapters::zitadel::fuzz::metadata(bytes));
