//! Any text of a receipt is read without a panic, and says nothing that does not stand in it.

#![no_main]

use clarion_domain::receipt::{ReceiptText, id_candidates};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = ReceiptText::read(text);
    for value in [&read.provider_id, &read.state, &read.error].into_iter().flatten() {
        assert!(text.contains(value.as_str()));
    }
    if let Some(id) = &read.provider_id {
        assert!(!id_candidates(id).is_empty());
    }
});
