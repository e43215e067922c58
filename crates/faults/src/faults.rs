//! The faults, and what the service promises under each.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clarion_rig::wait;

use crate::chance::Chance;
use crate::database::Database;
use crate::oracle::{Behaviour, Receipts};
use crate::point::Point;
use crate::tracer::Tracer;
use crate::world::{BINDS, LEASE, Place, WINDOW, World};

/// Contacts of a campaign.
const CONTACTS: u32 = 400;
/// A campaign that does not get so far in time is looked at all the same.
const UNDER_WAY: Duration = Duration::from_secs(20);
/// What is amiss for longer stays amiss.
const TO_BE_MENDED: Duration = Duration::from_secs(10);
/// How long a database stays away.
const OUTAGE: Duration = Duration::from_millis(1_500);
/// How long everything is refused while contacts opt out.
const OPTING_OUT: Duration = Duration::from_secs(4);

/// A way to break things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL at the so manieth write of a thread, counted from before the campaign is posted.
    KillAtWrite(u64),
    /// SIGKILL at any moment from the posting of a campaign to its end.
    Kill,
    /// SIGKILL while receipts are held back until the service is there again.
    KillBeforeReceipts,
    /// SIGKILL while receipts come before the responses.
    KillAfterReceipts,
    /// SIGTERM at any moment.
    Stop,
    /// Stopped for longer than the lease, and woken again.
    Freeze,
    /// The process ends when it comes to a point of this name.
    KillPoint(&'static str),
    /// One answer in twenty is never given.
    Swallow,
    /// Connections break in the middle of an answer.
    Cut,
    /// Everything is refused for now, for a while.
    Throttle,
    /// Everything is refused for now, and meanwhile some of those who wait opt out.
    OptOuts,
    /// PostgreSQL's first process is killed.
    DatabaseKill,
    /// PostgreSQL ends without a good-bye.
    DatabaseStop,
    /// One of the nodes is killed, and none is started in its place.
    NodeLoss,
    /// What goes between the service and PostgreSQL vanishes, for longer than the lease.
    DatabasePartition,
    /// PostgreSQL ends without a good-bye, and its standby, which has every commit, takes its place.
    Failover,
    /// The same where the last commits may not have got to the standby: what was lost there may be sent again.
    LossyFailover,
    /// PostgreSQL is away for longer than the lease. A campaign must not seem to have ended before those who held its units have
    /// told what they know.
    LongOutage,
    /// Nothing fits on the disk any more, for a while.
    DiskFull,
    /// The database's file system takes no writes, for a while.
    ReadOnly,
    /// All nodes are stopped and started again one by one, while a campaign is sent.
    RollingRestart,
    /// What goes between the service and the SMSC vanishes, for longer than an answer is waited for.
    Partition,
    /// Connections to the SMSC are reset, for a while.
    Reset,
    /// The clock jumps by so many seconds.
    ClockJump(&'static str),
}

/// What becomes of messages of unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Hold,
    Resend,
}

impl Policy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resend => "resend",
        }
    }
}

impl Fault {
    pub(crate) const KILLS_AND_RECEIPTS: [Self; 2] =
        [Self::KillBeforeReceipts, Self::KillAfterReceipts];
    /// Those that leave messages of unknown outcome.
    pub(crate) const DOUBTFUL: [Self; 4] = [
        Self::KillBeforeReceipts,
        Self::Freeze,
        Self::Swallow,
        Self::Cut,
    ];
    pub(crate) const KILL_POINTS: [Self; 6] = [
        Self::KillPoint("staging"),
        Self::KillPoint("made"),
        Self::KillPoint("marked"),
        Self::KillPoint("answered"),
        Self::KillPoint("settling"),
        Self::KillPoint("received"),
    ];
    pub(crate) const EVERYWHERE: [Self; 6] = [
        Self::Stop,
        Self::Freeze,
        Self::Swallow,
        Self::Cut,
        Self::Throttle,
        Self::OptOuts,
    ];
    pub(crate) const OF_THE_SERVER: [Self; 3] =
        [Self::DatabaseKill, Self::DatabaseStop, Self::LongOutage];
    pub(crate) const CLOCKS: [Self; 4] = [
        Self::ClockJump("+3600"),
        Self::ClockJump("-3600"),
        Self::ClockJump("+86400"),
        Self::ClockJump("-86400"),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KillAtWrite(_) => "SIGKILL at the nth write",
            Self::KillPoint("staging") => "killed with a campaign staged, before the commit",
            Self::KillPoint("made") => "killed with a campaign made, before the answer",
            Self::KillPoint("marked") => "killed with messages marked, before the write",
            Self::KillPoint("answered") => "killed with a response read, before the journal",
            Self::KillPoint("settling") => "killed with outcomes written, before the commit",
            Self::KillPoint(_) => "killed with receipts stored, before the acknowledgement",
            Self::Kill => "SIGKILL at a random moment",
            Self::KillBeforeReceipts => "SIGKILL, receipts after the restart",
            Self::KillAfterReceipts => "SIGKILL, receipts before responses",
            Self::Stop => "graceful stop at a random moment",
            Self::Freeze => "SIGSTOP beyond the lease, SIGCONT",
            Self::Swallow => "responses swallowed",
            Self::Cut => "disconnect in the middle of a PDU",
            Self::Throttle => "throttling storm",
            Self::OptOuts => "opt-outs in a throttling storm",
            Self::DatabaseKill => "SIGKILL of PostgreSQL",
            Self::DatabaseStop => "immediate stop of PostgreSQL",
            Self::LongOutage => "PostgreSQL away beyond the lease",
            Self::NodeLoss => "SIGKILL of one node, not replaced",
            Self::DatabasePartition => "silent partition from PostgreSQL",
            Self::Failover | Self::LossyFailover => "failover to the standby",
            Self::DiskFull => "disk full for a while",
            Self::ReadOnly => "read-only file system for a while",
            Self::RollingRestart => "rolling restart",
            Self::Partition => "silent network partition",
            Self::Reset => "connections reset",
            Self::ClockJump("+3600") => "clock an hour ahead",
            Self::ClockJump("-3600") => "clock an hour back",
            Self::ClockJump("+86400") => "clock a day ahead",
            Self::ClockJump(_) => "clock a day back",
        }
    }

    /// The SMSC has connections that the service no longer has: who is frozen does not unbind though its lease is another's, and that a
    /// connection was broken on the way is seen later at its other end.
    pub(crate) fn leaves_connections_behind(self) -> bool {
        matches!(self, Self::Freeze | Self::Partition | Self::Reset)
    }

    /// Breaks the world once.
    pub(crate) fn strike(
        self,
        policy: Policy,
        world: &mut World,
        chance: &mut Chance,
    ) -> anyhow::Result<Point> {
        world.repair()?;
        world.populate()?;
        let (body, tag) = self.campaign(policy, world)?;
        world.oracle.begin(self.behaviour(chance));
        let posted = match self {
            Self::KillAtWrite(nth) => killed_at_write(world, &body, nth)?,
            Self::KillPoint(point) => killed_at_point(world, &body, point, chance)?,
            _ => {
                let id = world.try_post(&body)?;
                self.break_under_way(world, chance)?;
                Some(id)
            }
        };
        let since = Instant::now();
        let died = if self.kills() {
            0
        } else {
            world.remove_ended()
        };
        if self != Self::NodeLoss {
            world.populate()?;
        }
        world
            .oracle
            .change(|rules| rules.receipts = Receipts::After(Duration::ZERO));
        let campaign = match posted {
            Some(id) => id,
            None => world.post_unless_there(&body, &tag)?,
        };
        let point = self.settled(policy, world, &campaign, since);
        if let Place::Clock(clock) = &world.place {
            clock.set("+0")?;
        }
        Ok(Point { died, ..point? })
    }

    /// The campaign that is to be sent; where its contacts opt out, each has a message already that it can answer, with a link.
    fn campaign(self, policy: Policy, world: &mut World) -> anyhow::Result<(String, String)> {
        if self != Self::OptOuts {
            return Ok(world.new_campaign(CONTACTS, policy));
        }
        let (first, _) = world.new_campaign_with_pages(CONTACTS, policy)?;
        world.oracle.begin(Behaviour::default());
        let id = world.try_post(&first)?;
        anyhow::ensure!(world.quiet(&id), "the campaign before did not end");
        world.note_pages();
        Ok(world.campaign_to_the_same(CONTACTS, policy))
    }

    fn kills(self) -> bool {
        matches!(
            self,
            Self::KillAtWrite(_)
                | Self::KillPoint(_)
                | Self::Kill
                | Self::KillBeforeReceipts
                | Self::KillAfterReceipts
        )
    }

    /// Waits for quiet and counts. What is amiss has to stay so: a node that lost its unit to another while the database was
    /// away writes down what it knows some time after its campaign has ended.
    fn settled(
        self,
        policy: Policy,
        world: &World,
        campaign: &str,
        since: Instant,
    ) -> anyhow::Result<Point> {
        let completed = world.quiet(campaign);
        let end = Instant::now() + TO_BE_MENDED;
        loop {
            let point = Point::count(world, (campaign, policy), completed, since)?;
            let is_final = self == Self::LongOutage || Instant::now() >= end;
            if is_final || point.breaches(self).is_empty() {
                return Ok(point);
            }
            wait::pass(Duration::from_millis(500));
        }
    }

    fn behaviour(self, chance: &mut Chance) -> Behaviour {
        let usual = Behaviour {
            delay: Duration::from_millis(chance.one_of(&[0, 2, 10, 30, 60], 10)),
            ..Behaviour::default()
        };
        match self {
            Self::KillBeforeReceipts => Behaviour {
                receipts: Receipts::Held,
                ..usual
            },
            Self::KillAfterReceipts => Behaviour {
                receipts: Receipts::After(Duration::ZERO),
                delay: Duration::from_millis(40),
                ..usual
            },
            Self::Swallow => Behaviour {
                swallow_every: 20,
                ..usual
            },
            _ => usual,
        }
    }

    /// Lets the campaign get somewhere, and breaks something then.
    fn break_under_way(self, world: &mut World, chance: &mut Chance) -> anyhow::Result<()> {
        let some = usize::try_from(chance.below(u64::from(CONTACTS)))?;
        wait::until(UNDER_WAY, || world.oracle.seen() >= some);
        wait::pass(Duration::from_micros(chance.below(60_000)));
        let victim = usize::try_from(chance.below(world.nodes.len().try_into()?))?;
        match self {
            Self::KillAtWrite(_) | Self::KillPoint(_) | Self::Swallow => {}
            Self::Kill | Self::KillBeforeReceipts | Self::KillAfterReceipts => {
                world.nodes.get_mut(victim).context("no node")?.kill()?;
            }
            Self::NodeLoss => world.nodes.remove(victim).kill()?,
            Self::Stop => world.nodes.remove(victim).stop()?,
            Self::RollingRestart => world.restart_one_by_one()?,
            Self::Freeze => {
                let node = world.nodes.get(victim).context("no node")?;
                node.signal("STOP")?;
                wait::pass(LEASE * 2);
                node.signal("CONT")?;
            }
            Self::Cut => world.oracle.change(|rules| rules.cut_after = Some(some)),
            Self::Throttle => {
                let until = Instant::now() + Duration::from_millis(500 + chance.below(1_500));
                world
                    .oracle
                    .change(|rules| rules.throttle_until = Some(until));
                wait::until(UNDER_WAY, || Instant::now() >= until);
            }
            Self::OptOuts => {
                let until = Instant::now() + OPTING_OUT;
                world
                    .oracle
                    .change(|rules| rules.throttle_until = Some(until));
                wait::pass(Duration::from_millis(chance.below(500)));
                world.opt_out(CONTACTS, 2 * BINDS * WINDOW)?;
                wait::until(UNDER_WAY, || Instant::now() >= until);
            }
            Self::DatabaseKill | Self::DatabaseStop | Self::LongOutage => {
                self.break_database(world)?;
            }
            Self::Failover | Self::LossyFailover => {
                let Database::Pair(pair) = &mut world.database else {
                    anyhow::bail!("there is no standby");
                };
                pair.fail_over()?;
            }
            Self::DatabasePartition
            | Self::DiskFull
            | Self::ReadOnly
            | Self::Partition
            | Self::Reset
            | Self::ClockJump(_) => {
                self.break_place(world)?;
            }
        }
        Ok(())
    }

    fn break_place(self, world: &World) -> anyhow::Result<()> {
        match (self, &world.place) {
            (Self::ReadOnly, _) => {
                let Database::Sqlite(path) = &world.database else {
                    anyhow::bail!("there is no file");
                };
                let node = world.nodes.first().context("no node")?;
                let tracer = Tracer::refuse_writes(node, path)?;
                wait::pass(OUTAGE);
                drop(tracer);
                Ok(())
            }
            (Self::DiskFull, Place::Disk(disk)) => {
                disk.fill()?;
                wait::pass(OUTAGE);
                disk.make_room()
            }
            (Self::Partition | Self::Reset, Place::Network(network)) => {
                let (verdict, time) = match self {
                    Self::Reset => ("reject with tcp reset", OUTAGE),
                    _ => ("drop", OUTAGE * 2),
                };
                network.cut(world.oracle.port(), verdict)?;
                wait::pass(time);
                network.heal()
            }
            (Self::DatabasePartition, Place::Network(network)) => {
                let Database::Postgres(cluster) = &world.database else {
                    anyhow::bail!("there is no server to be cut off from");
                };
                network.cut(cluster.port(), "drop")?;
                wait::pass(LEASE * 2);
                network.heal()
            }
            (Self::ClockJump(by), Place::Clock(clock)) => clock.set(by),
            _ => anyhow::bail!("this world cannot be broken in this way"),
        }
    }

    fn break_database(self, world: &World) -> anyhow::Result<()> {
        let Database::Postgres(cluster) = &world.database else {
            anyhow::bail!("there is no server to break");
        };
        match self {
            Self::DatabaseKill => cluster.kill()?,
            _ => cluster.stop_immediately()?,
        }
        wait::pass(match self {
            Self::LongOutage => LEASE * 2,
            _ => OUTAGE,
        });
        cluster.go_up()
    }
}

/// Posts a campaign to a node that is killed at one of its writes; the campaign's id, if it was told.
fn killed_at_write(world: &mut World, body: &str, nth: u64) -> anyhow::Result<Option<String>> {
    let node = world.nodes.first().context("no node")?;
    let tracer = Tracer::kill_at_write(node, nth)?;
    let posted = world.try_post(body).ok();
    wait_for_death(world);
    drop(tracer);
    Ok(posted)
}

/// Posts a campaign to a node that ends when it comes to this point, the first time or some times later; the campaign's id, if
/// it was told.
fn killed_at_point(
    world: &mut World,
    body: &str,
    point: &str,
    chance: &mut Chance,
) -> anyhow::Result<Option<String>> {
    let most = match point {
        // There is one campaign.
        "staging" | "made" => 1,
        // Of each message, not of each batch.
        "answered" => u64::from(CONTACTS),
        _ => 6,
    };
    world.doom(point, 1 + chance.below(most))?;
    let posted = world.try_post(body).ok();
    wait_for_death(world);
    Ok(posted)
}

/// Waits until the first node has ended; one that has not come to its end by then is killed where it stands.
fn wait_for_death(world: &mut World) {
    let died = || world.nodes.first_mut().is_none_or(|node| !node.runs());
    wait::until(Duration::from_secs(6), died);
    if let Some(node) = world.nodes.first_mut() {
        drop(node.kill());
    }
}
