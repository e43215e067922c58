//! How fast phone numbers are read, and what the numbering plans cost: `cargo bench -p clarion-domain --bench phone`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark speaks to a person, and shows nothing where its numbers are missing"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use clarion_domain::phone::{PhoneRules, Region};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

/// What a British list holds.
const LIST: [&str; 12] = [
    "07722 123456",
    "07722123456",
    "7722123456",
    "447722123456",
    "+447722123456",
    "+44 (0)7722 123456",
    "0044 7722 123456",
    "(07722) 123-456",
    "+33 6 12 34 56 78",
    "+49 151 23456789",
    "020 7946 0018",
    "07722 12345",
];

fn main() {
    time_the_plans();
    divan::main();
}

fn rules(home: &str) -> PhoneRules {
    PhoneRules::new(Region::new(home).expect("a region"), false)
}

/// The plans are built once in a process, so this cannot be sampled.
fn time_the_plans() {
    let start = Instant::now();
    let gb = rules("GB");
    println!("metadata, and the plan of GB: {:?}", start.elapsed());
    let codes: Vec<String> = (1..1000).map(|code| format!("+{code}2345678")).collect();
    let (start, mut slowest) = (Instant::now(), Default::default());
    for number in &codes {
        let one = Instant::now();
        let _ = black_box(gb.parse(number));
        slowest = one.elapsed().max(slowest);
    }
    println!("all plans: {:?}, the slowest {slowest:?}", start.elapsed());
}

#[divan::bench]
fn a_british_list(bencher: Bencher<'_, '_>) {
    let gb = rules("GB");
    bencher
        .counter(ItemsCount::new(LIST.len()))
        .bench_local(|| LIST.map(|written| gb.parse(black_box(written)).is_ok()));
}

#[divan::bench]
fn numbers_of_the_world(bencher: Bencher<'_, '_>) {
    let corpus = include_str!("../tests/it/phone_corpus.tsv");
    let mut homes = BTreeMap::new();
    let rows: Vec<(&str, &str)> = corpus
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(home, rest)| Some((home, rest.split_once('\t')?.0)))
        .collect();
    for (home, _) in &rows {
        homes.entry(*home).or_insert_with(|| rules(home));
    }
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench_local(|| {
            let read = rows.iter().map(|(home, written)| {
                let rules = homes.get(home)?;
                rules.parse(black_box(written)).ok()
            });
            read.flatten().count()
        });
}
