//! Which faults strike which world how often.

use std::path::Path;
use std::time::{Duration, Instant};

use clarion_rig::say;

use crate::chance::Chance;
use crate::faults::{Fault, Policy};
use crate::table::Row;
use crate::world::{Kind, World};

/// The most writes of one thread that the sweep counts to: beyond, a campaign of the harness is over.
const SWEPT: u64 = 80;

/// Points of a row in a full run.
const FULL_OTHERS: u64 = 10;

/// How much is run.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) points: Points,
    /// Words that a row has to have in its name; empty: all rows.
    pub(crate) only: String,
    /// No point begins after so many minutes.
    pub(crate) minutes: Option<u64>,
}

/// Points of each row.
#[derive(Clone, Copy)]
pub(crate) struct Points {
    sweep: u64,
    kills: u64,
    others: u64,
}

impl Plan {
    /// A few minutes.
    pub(crate) fn short() -> Self {
        Self {
            seed: 1,
            points: Points {
                sweep: 6,
                kills: 4,
                others: 1,
            },
            only: String::new(),
            minutes: None,
        }
    }

    /// More than three hundred points at which a process is killed.
    pub(crate) fn full() -> Self {
        Self {
            points: Points {
                sweep: 80,
                kills: 40,
                others: FULL_OTHERS,
            },
            ..Self::short()
        }
    }

    /// The rows of each world: a fault, and how often it strikes.
    fn of(&self, kind: Kind) -> Vec<(Fault, Policy, u64)> {
        let Points {
            sweep,
            kills,
            others,
        } = self.points;
        let each = |faults: &[Fault]| faults.iter().map(|fault| (*fault, others)).collect();
        let rows: Vec<_> = match kind {
            Kind::SmallDisk => each(&[Fault::DiskFull, Fault::ReadOnly]),
            Kind::SmallJournal => each(&[Fault::DiskFull]),
            // Not for every change as long as the service does not keep what is promised there.
            Kind::Network | Kind::Clock | Kind::Asynchronous if others < FULL_OTHERS => Vec::new(),
            Kind::Network => each(&[Fault::Partition, Fault::Reset]),
            Kind::Clock => each(&Fault::CLOCKS),
            Kind::CutOff => each(&[Fault::DatabasePartition]),
            Kind::Synchronous => each(&[Fault::Failover]),
            Kind::Asynchronous => each(&[Fault::LossyFailover]),
            Kind::Sqlite | Kind::Postgres | Kind::ThreeNodes => {
                let mut rows: Vec<_> = vec![(Fault::Kill, kills)];
                if kind != Kind::ThreeNodes {
                    rows.push((Fault::KillAtWrite(0), sweep));
                    rows.extend::<Vec<_>>(each(&Fault::KILLS_AND_RECEIPTS));
                    rows.extend::<Vec<_>>(each(&Fault::KILL_POINTS));
                }
                if kind == Kind::ThreeNodes {
                    rows.extend::<Vec<_>>(each(&[Fault::NodeLoss, Fault::RollingRestart]));
                }
                rows.extend::<Vec<_>>(each(&Fault::EVERYWHERE));
                if kind != Kind::Sqlite {
                    rows.extend::<Vec<_>>(each(&Fault::OF_THE_SERVER));
                }
                rows
            }
        };
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|(fault, points)| (fault, Policy::Hold, points))
            .collect();
        if matches!(kind, Kind::Sqlite | Kind::Postgres | Kind::ThreeNodes) {
            let doubtful = Fault::DOUBTFUL.map(|fault| (fault, Policy::Resend, others));
            rows.extend(doubtful);
        }
        rows.retain(|(fault, _, _)| fault.name().contains(&self.only));
        rows
    }
}

/// Runs all of it, the worlds side by side.
pub(crate) fn run(plan: &Plan, clarion: &Path) -> anyhow::Result<Vec<Row>> {
    let kinds = [
        Kind::Sqlite,
        Kind::Postgres,
        Kind::ThreeNodes,
        Kind::SmallDisk,
        Kind::SmallJournal,
        Kind::Network,
        Kind::Clock,
        Kind::CutOff,
        Kind::Synchronous,
        Kind::Asynchronous,
    ];
    let rows: Vec<_> = std::thread::scope(|scope| {
        let running = kinds.map(|kind| scope.spawn(move || run_in(kind, plan, clarion)));
        let rows = running.into_iter().map(|world| world.join());
        rows.collect()
    });
    let mut all = Vec::new();
    for rows in rows {
        all.extend(rows.map_err(|_| anyhow::anyhow!("a world has panicked"))??);
    }
    Ok(all)
}

/// Runs the rows of one world.
fn run_in(kind: Kind, plan: &Plan, clarion: &Path) -> anyhow::Result<Vec<Row>> {
    let end = plan
        .minutes
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let is_over = || end.is_some_and(|end| Instant::now() >= end);
    let wanted = plan.of(kind);
    let mut rows = Vec::new();
    if wanted.is_empty() {
        return Ok(rows);
    }
    let mut world = World::new(kind, clarion.to_owned());
    for (fault, policy, points) in wanted {
        let seeds = format!("{}–{}", plan.seed, plan.seed + points - 1);
        let mut row = Row::new(fault.name(), kind.name(), policy, seeds);
        match &mut world {
            Err(error) => row = row.not_run(format!("{error:#}")),
            Ok(_) if is_over() => row = row.not_run("the time was over"),
            Ok(world) => {
                for index in (0..points).take_while(|_| !is_over()) {
                    strike(
                        world,
                        (fault, policy),
                        (plan.seed + index, index, points),
                        &mut row,
                    )?;
                }
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Strikes once, and shows what came of it.
fn strike(
    world: &mut World,
    (fault, policy): (Fault, Policy),
    (seed, index, points): (u64, u64, u64),
    row: &mut Row,
) -> anyhow::Result<()> {
    let fault = match fault {
        Fault::KillAtWrite(_) => Fault::KillAtWrite(1 + index * SWEPT / points),
        other => other,
    };
    let begin = Instant::now();
    let before = row.breaches.len();
    match fault.strike(policy, world, &mut Chance::new(seed)) {
        Ok(point) => {
            row.add(fault, &point, seed);
            say(&format!(
                "{:5.1} s  {fault:?}, {policy:?}, on {}, seed {seed}: {:?}, {} receipts given again, resumed within {:?}",
                begin.elapsed().as_secs_f64(),
                world.kind.name(),
                point.counts,
                world.oracle.reminders(),
                point.resumed
            ))?;
        }
        Err(error) => {
            row.failed(seed, &error);
            // What is left of it would stand in the way of the next.
            world.nodes.clear();
        }
    }
    for breach in row.breaches.iter().skip(before) {
        say(&format!("BREACH {breach}"))?;
        std::fs::write(format!("target/faults-{seed}.log"), world.log())?;
    }
    Ok(())
}
