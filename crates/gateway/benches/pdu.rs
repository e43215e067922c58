//! How fast a PDU is written and read by the codec: `cargo bench -p clarion-gateway --bench pdu`.

#![expect(
    clippy::expect_used,
    reason = "a benchmark shows nothing where what it measures is missing"
)]

use bytes::BytesMut;
use divan::{Bencher, black_box};
use rusmpp::encode::owned::Encode;
use rusmpp::pdus::SubmitSm;
use rusmpp::types::OctetString;
use rusmpp::{Command, CommandStatus};

const TEXT: &[u8] =
    b"Hello Ann Carter, your order A-0000017 is ready. Pick it up at the desk. See you soon!";

fn main() {
    divan::main();
}

fn submit() -> SubmitSm {
    SubmitSm::builder()
        .destination_addr("447700900001".parse().expect("an address"))
        .short_message(OctetString::from_static_slice(TEXT).expect("a text"))
        .build()
}

#[divan::bench]
fn submit_sm_built(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| black_box(submit()));
}

#[divan::bench]
fn submit_sm_written(bencher: Bencher<'_, '_>) {
    let command = Command::new(CommandStatus::EsmeRok, 1, submit());
    let mut octets = BytesMut::with_capacity(512);
    bencher.bench_local(|| {
        octets.clear();
        black_box(&command).encode(&mut octets);
        octets.len()
    });
}
