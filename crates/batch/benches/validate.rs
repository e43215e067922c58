//! How fast a large file is checked, beside reading it with the csv crate alone, and how much memory that takes:
//! `cargo bench -p clarion-batch --bench validate -- 10000000`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark speaks to a person, and shows nothing where its figures are missing"
)]

#[path = "../examples/make_campaign/random.rs"]
#[expect(dead_code, reason = "the example campaign needs more chance than this")]
mod random;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use clarion_batch::{ContactFile, Format, Output, ReadOptions, Validation};
use clarion_domain::phone::{PhoneRules, Region};
use random::Random;

const DEFAULT_ROWS: usize = 1_000_000;

fn main() {
    let rows = std::env::args().find_map(|argument| argument.parse().ok());
    let rows = rows.unwrap_or(DEFAULT_ROWS);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contacts.csv");
    write_contacts(&path, rows).expect("a file");
    let size = path.metadata().expect("a file").len();
    println!("{rows} rows, {} MB", size / 1_000_000);
    let phones = PhoneRules::new(Region::new("GB").expect("a region"), false);

    let alone = timed("the csv crate alone", rows, || read_alone(&path));
    let ratio = |seconds: f64| println!("{:>42.2} times as long", seconds / alone);
    ratio(timed("checked", rows, || {
        validate(Validation::new(&phones), &path)
    }));
    ratio(timed("checked, duplicates left out", rows, || {
        validate(Validation::new(&phones).dedupe(true), &path)
    }));
    ratio(timed("the same, and all written", rows, || {
        let output = Output::new(io::sink(), Format::Csv);
        let validation = Validation::new(&phones).dedupe(true);
        validate(
            validation.write_accepted(output).write_refused(io::sink()),
            &path,
        )
    }));
    println!("peak memory: {}", peak_memory().unwrap_or_default());
}

/// British mobiles in the ways people write them; one in ten is French, some are in no range, one in a hundred is no
/// number.
fn write_contacts(path: &Path, rows: usize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let random = &mut Random::seeded(2_026);
    writeln!(file, "phoneNumber,name,custom1,custom2")?;
    for row in 0..rows {
        let (range, rest) = (7_400 + random.below(600), random.below(1_000_000));
        match random.below(100) {
            0 => write!(file, "n/a")?,
            1..11 => write!(file, "+33 6{:08}", random.below(100_000_000))?,
            11..40 => write!(file, "0{range} {rest:06}")?,
            40..60 => write!(file, "+44 {range} {rest:06}")?,
            60..80 => write!(file, "+44{range}{rest:06}")?,
            _ => write!(file, "{range}{rest:06}")?,
        }
        writeln!(file, ",\"Carter, Bob\",A-{row:05},Pick it up at the desk.")?;
    }
    file.flush()
}

fn read_alone(path: &Path) -> u64 {
    let mut reader = csv::Reader::from_path(path).expect("a file");
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    while reader.read_byte_record(&mut record).expect("a line") {
        count += 1;
    }
    count
}

fn validate(validation: Validation<'_>, path: &Path) -> u64 {
    let file = File::open(path).expect("a file");
    let file = ContactFile::open(file, &ReadOptions::default()).expect("contacts");
    validation.run(file).expect("a summary").contacts
}

/// Seconds that a reading takes.
fn timed(what: &str, rows: usize, read: impl FnOnce() -> u64) -> f64 {
    let (start, worked) = (Instant::now(), processor_seconds());
    assert_eq!(read(), rows as u64);
    let seconds = start.elapsed().as_secs_f64();
    let worked = processor_seconds()
        .zip(worked)
        .map(|(end, start)| end - start);
    println!(
        "{what:<30} {seconds:>7.2} s {:>12.0} rows/s {:>7.2} s of all processors",
        rows as f64 / seconds,
        worked.unwrap_or_default()
    );
    seconds
}

/// What all threads have worked so far, in seconds: on a busy machine this says more than the clock.
fn processor_seconds() -> Option<f64> {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ').skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_A_SECOND)
}

fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
