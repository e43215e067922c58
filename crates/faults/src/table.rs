//! What came of each fault, as a table and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::{Fault, Policy};
use crate::ledger::Counts;
use crate::point::Point;
use crate::world::{BINDS, WINDOW};

/// A row: a fault on a database, over all its points.
pub(crate) struct Row {
    pub(crate) fault: &'static str,
    pub(crate) database: &'static str,
    policy: Policy,
    seeds: String,
    points: usize,
    sum: Counts,
    /// The most of one point.
    most_unknown: usize,
    /// Points at which more messages were of unknown outcome than there is room for in all windows.
    beyond_windows: usize,
    over_rate: usize,
    over_binds: usize,
    leaks: usize,
    resumed: Duration,
    /// Each with the seed that brings it about again.
    pub(crate) breaches: Vec<String>,
    not_run: Option<String>,
}

impl Row {
    pub(crate) fn new(
        fault: &'static str,
        database: &'static str,
        policy: Policy,
        seeds: String,
    ) -> Self {
        Self {
            fault,
            database,
            policy,
            seeds,
            points: 0,
            sum: Counts::default(),
            most_unknown: 0,
            beyond_windows: 0,
            over_rate: 0,
            over_binds: 0,
            leaks: 0,
            resumed: Duration::ZERO,
            breaches: Vec::new(),
            not_run: None,
        }
    }

    /// What could not be run is shown, and is no success.
    pub(crate) fn not_run(mut self, reason: impl Into<String>) -> Self {
        self.not_run = Some(reason.into());
        self
    }

    pub(crate) fn add(&mut self, fault: Fault, point: &Point, seed: u64) {
        let (sum, counts) = (&mut self.sum, &point.counts);
        sum.lost += counts.lost;
        sum.duplicates += counts.duplicates;
        sum.unexplained += counts.unexplained;
        sum.unknown += counts.unknown;
        sum.answered += counts.answered;
        sum.lies += counts.lies;
        sum.stuck += counts.stuck;
        sum.unmatched += counts.unmatched;
        sum.counter_errors += counts.counter_errors;
        self.points += 1;
        self.most_unknown = self.most_unknown.max(counts.unknown);
        self.beyond_windows += usize::from(counts.unknown > WINDOW * BINDS);
        self.over_rate = self.over_rate.max(point.over_rate);
        self.over_binds = self.over_binds.max(point.over_binds);
        self.leaks += point.leaks;
        self.resumed = self.resumed.max(point.resumed.unwrap_or_default());
        let breaches = point.breaches(fault);
        let told = breaches
            .iter()
            .map(|breach| format!("seed {seed}: {breach}"));
        self.breaches.extend(told);
    }

    /// A point that could not be brought to its end is a breach.
    pub(crate) fn failed(&mut self, seed: u64, error: &anyhow::Error) {
        self.points += 1;
        self.breaches.push(format!("seed {seed}: {error:#}"));
    }

    fn verdict(&self) -> String {
        match (&self.not_run, self.breaches.len()) {
            (Some(reason), _) => format!("not run: {reason}"),
            (None, 0) => "kept".to_owned(),
            (None, 1) => "1 breach".to_owned(),
            (None, breaches) => format!("{breaches} breaches"),
        }
    }

    fn json(&self) -> Value {
        let sum = &self.sum;
        json!({
            "fault": self.fault, "database": self.database, "policy": self.policy.name(), "seeds": self.seeds, "points": self.points,
            "lost": sum.lost, "duplicates": sum.duplicates, "unexplainedDuplicates": sum.unexplained, "unknown": sum.unknown, "answeredUnknown": sum.answered,
            "mostUnknown": self.most_unknown, "pointsBeyondWindows": self.beyond_windows, "lies": sum.lies, "stuck": sum.stuck, "receiptsUnmatched": sum.unmatched,
            "counterErrors": sum.counter_errors, "rateExceeded": self.over_rate, "bindsExceeded": self.over_binds, "optOutLeaks": self.leaks, "resumeSeconds": self.resumed.as_secs_f64(),
            "breaches": self.breaches, "verdict": self.verdict(),
        })
    }
}

/// The rows in Markdown.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| fault | database | policy | seeds | points | lost | duplicates | lies | stuck | receipts unmatched | counter errors | unknown | of these answered | most unknown at once | points beyond window × binds | rate exceeded | binds exceeded | opt-out leaks | resumed within | verdict |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let sum = &row.sum;
        let numbers = [
            row.points,
            sum.lost,
            sum.duplicates,
            sum.lies,
            sum.stuck,
            sum.unmatched,
            sum.counter_errors,
            sum.unknown,
            sum.answered,
            row.most_unknown,
            row.beyond_windows,
            row.over_rate,
            row.over_binds,
            row.leaks,
        ];
        let numbers = numbers.map(|number| number.to_string()).join(" | ");
        let resumed = row.resumed.as_secs_f64();
        let verdict = row.verdict();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {numbers} | {resumed:.1} s | {verdict} |",
            row.fault,
            row.database,
            row.policy.name(),
            row.seeds
        );
    }
    text
}

/// The rows as JSON.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(Row::json).collect();
    format!("{:#}\n", Value::Array(rows))
}
