//! How fast a message is made, found again and asked for: templates, segments, links' codes, receipts, filters:
//! `cargo bench -p clarion-domain --bench message`.

#![expect(
    clippy::expect_used,
    reason = "a benchmark shows nothing where what it measures is missing"
)]

use clarion_domain::filter::{Filter, Property, PropertyKind};
use clarion_domain::link::{LinkKind, LinkSecret, Links};
use clarion_domain::receipt::ReceiptText;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::template::{Template, Values};
use clarion_domain::text::{self, Encoding, Reference};
use divan::{Bencher, black_box};

const SOURCE: &str = "Hello {Name|there}, your order {Custom1} is ready. {Custom2} See you soon!";
/// One part; two parts; two parts of UCS-2.
const TEXTS: [&str; 3] = [
    "Hello Ann Carter, your order A-0000017 is ready. Pick it up at the desk. See you soon!",
    "Hello Ann Carter, your order A-0000017 is ready. Pick it up at the desk. See you soon! We are open from nine to \
     five on weekdays, and from ten to one on Saturdays; bring this message.",
    "Hello Արամ, your order A-0000017 is ready. Pick it up at the desk. See you soon!",
];
const RECEIPT: &str = "id:0123456789 sub:001 dlvrd:001 submit date:2306270304 done date:2306270304 stat:DELIVRD err:000 text:Hello Ann Carter, yo";
const FILTER: &str = "recipientCount>10,message@=sale|offer,(sender|message)_=*acme";
const PROPERTIES: [Property<&str>; 3] = [
    property("recipientCount", PropertyKind::Integer),
    property("message", PropertyKind::Text),
    property("sender", PropertyKind::Text),
];

const fn property(name: &'static str, kind: PropertyKind) -> Property<&'static str> {
    Property {
        name,
        kind,
        nullable: false,
        column: name,
    }
}

fn main() {
    divan::main();
}

#[divan::bench]
fn template_parsed() -> bool {
    Template::parse(black_box(SOURCE)).is_ok()
}

#[divan::bench]
fn template_rendered(bencher: Bencher<'_, '_>) {
    let template = Template::parse(SOURCE).expect("a template");
    let values = Values {
        name: Some("Ann Carter"),
        custom1: Some("A-0000017"),
        custom2: Some("Pick it up at the desk."),
        ..Values::default()
    };
    bencher.bench_local(|| template.render(black_box(&values)));
}

#[divan::bench(args = TEXTS)]
fn segments(text: &str) -> u32 {
    text::segments(black_box(text), Reference::EightBit).count
}

#[divan::bench(args = TEXTS)]
fn split(text: &str) -> usize {
    text::split(black_box(text), Reference::EightBit).len()
}

#[divan::bench]
fn encoded_in_gsm7() -> Option<Vec<u8>> {
    text::encode(black_box(TEXTS[0]), Encoding::Gsm7)
}

#[divan::bench]
fn code_written(bencher: Bencher<'_, '_>) {
    let (links, recipient) = links();
    bencher.bench_local(|| links.code(LinkKind::Track, black_box(recipient)));
}

#[divan::bench]
fn code_read(bencher: Bencher<'_, '_>) {
    let (links, recipient) = links();
    let code = links.code(LinkKind::Track, recipient);
    bencher.bench_local(|| links.read(LinkKind::Track, black_box(&code)));
}

fn links() -> (Links, RecipientKey) {
    let secret = LinkSecret {
        version: 1,
        bytes: [7; 32],
    };
    let recipient = RecipientKey {
        campaign: CampaignKey(123_456),
        seq: 654_321,
    };
    (Links::new("https://c.example", &secret, None), recipient)
}

#[divan::bench]
fn receipt_read() -> ReceiptText {
    ReceiptText::read(black_box(RECEIPT))
}

#[divan::bench]
fn filter_parsed() -> bool {
    Filter::parse(black_box(FILTER), &PROPERTIES).is_ok()
}
