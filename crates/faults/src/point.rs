//! What came of one fault at one moment, held against what the service promises.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::faults::{Fault, Policy};
use crate::ledger::{self, Counts};
use crate::oracle::Submit;
use crate::world::{BINDS, WINDOW, World};

/// What came of one fault.
pub(crate) struct Point {
    pub(crate) counts: Counts,
    /// Parts of which the oracle wrote no answer.
    pub(crate) unanswered: usize,
    /// Nodes that were to live, and did not.
    pub(crate) died: usize,
    /// Parts beyond the limit in the second that had the most.
    pub(crate) over_rate: usize,
    /// Connections beyond the binds that there may be.
    pub(crate) over_binds: usize,
    /// Parts of messages to those who had opted out.
    pub(crate) leaks: usize,
    /// From the end of the fault to the first part that came after it.
    pub(crate) resumed: Option<Duration>,
}

/// How many parts too many came in the second that had the most. A quarter more than the limit is within what the harness
/// can tell: it takes the time when it gets to read.
fn over_rate(submits: &[Submit], per_second: usize) -> usize {
    if per_second == 0 {
        return 0;
    }
    let mut times: Vec<_> = submits.iter().map(|submit| submit.at).collect();
    times.sort_unstable();
    let until = |from: Instant| times.partition_point(|at| *at < from + Duration::from_secs(1));
    let counts = times
        .iter()
        .enumerate()
        .map(|(index, at)| until(*at) - index);
    let most = counts.max().unwrap_or_default();
    most.saturating_sub(per_second + per_second / 4)
}

/// How long what was marked before an opt-out may be on its way to the wire, and a little more for the oracle to read it.
const UNDER_WAY: Duration = Duration::from_millis(1_500);

/// How many parts of messages were written, taken or not, when their recipients had opted out; the rest of a message that was
/// begun before is none.
fn leaks(submits: &[Submit], opted_out: &[(String, Instant)]) -> usize {
    let opted_out: HashMap<_, _> = opted_out.iter().map(|(who, at)| (who, *at)).collect();
    let is_leak = |submit: &&Submit| {
        let since = opted_out.get(&submit.destination);
        submit.part == 1 && since.is_some_and(|since| submit.at > *since + UNDER_WAY)
    };
    submits.iter().filter(is_leak).count()
}

impl Point {
    pub(crate) fn count(
        world: &World,
        (campaign, policy): (&str, Policy),
        completed: bool,
        since: Instant,
    ) -> anyhow::Result<Self> {
        let submits = world.oracle.submits();
        let after = submits.iter().find(|submit| submit.at > since);
        Ok(Self {
            counts: ledger::count(&world.database, campaign, &submits, completed, policy)?,
            died: 0,
            over_rate: over_rate(&submits, world.parts_per_second()),
            over_binds: world.oracle.most_bound().saturating_sub(BINDS),
            leaks: leaks(&submits, &world.opted_out),
            unanswered: submits.iter().filter(|submit| !submit.answered).count(),
            resumed: after.map(|submit| submit.at - since),
        })
    }

    /// What the service promised and did not keep, in words; empty where it kept all.
    pub(crate) fn breaches(&self, fault: Fault) -> Vec<String> {
        let counts = &self.counts;
        let zeros = [
            ("lost", counts.lost),
            ("unexplained duplicates", counts.unexplained),
            ("lies", counts.lies),
            ("stuck", counts.stuck),
            ("receipts unmatched", counts.unmatched),
            ("counter errors", counts.counter_errors),
            ("services that died", self.died),
            ("rate exceeded", self.over_rate),
            ("opt-out leaks", self.leaks),
            (
                "binds exceeded",
                if fault.leaves_connections_behind() {
                    0
                } else {
                    self.over_binds
                },
            ),
        ];
        // A commit that the standby never got is one that nobody remembers.
        let lossy = [
            "unexplained duplicates",
            "lies",
            "receipts unmatched",
            "counter errors",
        ];
        let forgiven = |what: &str| fault == Fault::LossyFailover && lossy.contains(&what);
        let zeros = zeros
            .into_iter()
            .filter(|(what, count)| *count > 0 && !forgiven(what));
        let mut breaches: Vec<_> = zeros
            .map(|(what, count)| format!("{what} {count}"))
            .collect();
        let (unknown, bound) = self.unknown_and_bound(fault);
        if unknown > bound {
            breaches.push(format!("unknown {unknown}, and {bound} are allowed"));
        }
        breaches
    }

    /// Messages of unknown outcome, and how many there may be.
    fn unknown_and_bound(&self, fault: Fault) -> (usize, usize) {
        let unknown = self.counts.unknown;
        let in_flight = WINDOW * BINDS;
        match fault {
            Fault::KillAtWrite(_)
            | Fault::KillPoint(_)
            | Fault::Kill
            | Fault::KillBeforeReceipts
            | Fault::KillAfterReceipts
            | Fault::NodeLoss => (unknown, in_flight),
            Fault::Stop
            | Fault::RollingRestart
            | Fault::Throttle
            | Fault::OptOuts
            | Fault::LongOutage
            | Fault::DiskFull
            | Fault::ReadOnly => (unknown, 0),
            Fault::Swallow => (unknown, self.unanswered),
            // The standby may have the mark and not what was settled after it.
            Fault::LossyFailover => (unknown - self.counts.answered, in_flight),
            _ => (unknown, in_flight),
        }
    }
}
