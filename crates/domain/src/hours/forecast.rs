//! What will go when: how a campaign's messages would leave if all went as planned, by its window, the hours of the countries,
//! its pace and the rate of the gateways. A forecast promises nothing; each message is judged again when its turn comes.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::plan::{Kind, Planner, Standing};
use super::rules::HourRules;
use super::window::OutsideWindow;
use crate::campaign::{Pace, Timing};
use crate::phone::PhoneNumber;

/// Moments at which something changes that are looked at, and slots that are told; messages that would leave later than that are
/// not told apart.
const MOST_STEPS: usize = 20_000;
const MOST_SLOTS: usize = 2_000;

/// Counts messages, and tells when they would leave.
#[derive(Debug, Clone)]
pub struct Forecast {
    timing: Timing,
    rules: Option<Arc<HourRules>>,
    /// Tells which messages are judged alike; `None`: all are.
    kinds: Option<Planner>,
    groups: HashMap<Option<Kind>, Group>,
}

/// Messages that are judged alike.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// One that stands for all of them.
    phone: PhoneNumber,
    zone: Option<Tz>,
    messages: u64,
    parts: u64,
}

/// When a campaign's messages would leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlook {
    /// In order; none overlaps another.
    pub slots: Vec<Slot>,
    /// Not sent, since their hours would not allow it when their turn comes.
    pub dropped: u64,
    /// Not sent, since the campaign's validity would be over.
    pub expired: u64,
    /// Behind all that was looked at.
    pub later: u64,
}

/// Messages that leave one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The first of them.
    pub from: DateTime<Utc>,
    /// The last of them, or of those dropped among them; `None`: as soon as the gateways take it, and they have no limit to reckon with.
    pub until: Option<DateTime<Utc>>,
    /// How many.
    pub messages: u64,
}

impl Forecast {
    /// Of a campaign with this timing, which these rules bind.
    #[must_use]
    pub fn new(timing: &Timing, rules: Option<&Arc<HourRules>>) -> Self {
        Self {
            timing: *timing,
            rules: rules.map(Arc::clone),
            kinds: Planner::new(timing, rules, DateTime::UNIX_EPOCH),
            groups: HashMap::new(),
        }
    }

    /// Adds a message of so many parts to a number whose owner may have told a zone.
    pub fn add(&mut self, phone: PhoneNumber, zone: Option<Tz>, parts: u32) {
        let kind = self.kinds.as_ref().map(|planner| planner.kind(phone, zone));
        let group = self.groups.entry(kind).or_insert(Group {
            phone,
            zone,
            messages: 0,
            parts: 0,
        });
        group.messages += 1;
        group.parts += u64::from(parts);
    }

    /// When all of them would leave, beginning then. `parts_per_second`: of all gateways; `None`: no limit. It takes up to some tenths
    /// of a second where there are many zones and days.
    #[must_use]
    pub fn outlook(&self, begin: DateTime<Utc>, parts_per_second: Option<u32>) -> Outlook {
        let mut groups: Vec<Group> = self.groups.values().copied().collect();
        // The order of a map is another in each run.
        groups.sort_by_key(|group| group.phone.digits());
        let mut run = Run {
            forecast: self,
            gateways: parts_per_second,
            at: begin,
            waiting: groups.into_iter().map(Waiting::new).collect(),
            owed: 0.0,
            outlook: Outlook::default(),
        };
        for _ in 0..MOST_STEPS {
            if !run.step() || run.outlook.slots.len() >= MOST_SLOTS {
                break;
            }
        }
        run.outlook.later = run.left();
        run.outlook
    }
}

impl Outlook {
    /// The first message; `None`: none would leave.
    #[must_use]
    pub fn first(&self) -> Option<DateTime<Utc>> {
        self.slots.first().map(|slot| slot.from)
    }

    /// The last message, where that can be told.
    #[must_use]
    pub fn last(&self) -> Option<DateTime<Utc>> {
        let last = self.slots.last()?.until;
        last.filter(|_| self.later == 0)
    }
}

/// A group on its way.
struct Waiting {
    group: Group,
    turn: Turn,
    /// When it is to be judged again; `None`: that will not change.
    until: Option<DateTime<Utc>>,
    /// What of a message has left: groups are small, and steps short.
    owed: f64,
}

/// What becomes of a message when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It leaves.
    Goes,
    /// It has no turn.
    Waits,
    /// It is dropped.
    Falls,
}

impl Waiting {
    /// To be judged at once.
    fn new(group: Group) -> Self {
        Self {
            group,
            turn: Turn::Waits,
            until: Some(DateTime::<Utc>::MIN_UTC),
            owed: 0.0,
        }
    }

    fn has_turn(&self) -> bool {
        self.turn != Turn::Waits
    }

    /// Takes what is whole of this share of it away; how many messages that is.
    fn take(&mut self, share: f64) -> u64 {
        self.owed += float(self.group.messages) * share;
        self.give(whole(self.owed))
    }

    fn give(&mut self, messages: u64) -> u64 {
        let given = messages.min(self.group.messages);
        self.owed -= float(given);
        self.group.parts -= self.group.parts * given / self.group.messages.max(1);
        self.group.messages -= given;
        given
    }
}

struct Run<'f> {
    forecast: &'f Forecast,
    gateways: Option<u32>,
    at: DateTime<Utc>,
    waiting: Vec<Waiting>,
    /// What of a message all groups together have left.
    owed: f64,
    outlook: Outlook,
}

/// Messages per second.
#[derive(Clone, Copy)]
struct Rate {
    per_second: f64,
    /// The first of them leaves after this part of a second's share, at once or after an interval.
    first: f64,
}

impl Run<'_> {
    /// Goes on to the next moment at which something changes; whether there is one.
    fn step(&mut self) -> bool {
        self.judge();
        let changes = self
            .waiting
            .iter()
            .filter_map(|waiting| waiting.until)
            .min();
        let in_turn = self.waiting.iter().filter(|waiting| waiting.has_turn());
        let messages: u64 = in_turn.map(|waiting| waiting.group.messages).sum();
        match (messages, self.rate()) {
            (0, _) => match changes {
                Some(next) => self.at = next,
                None => return false,
            },
            (_, None) => self.pass(1.0, self.at, None),
            (_, Some(rate)) => self.pass_at(rate, messages, changes),
        }
        !self.waiting.is_empty()
    }

    /// Goes on at a rate until all that have a turn have had it, or something changes.
    fn pass_at(&mut self, rate: Rate, messages: u64, changes: Option<DateTime<Utc>>) {
        let seconds = (float(messages.saturating_sub(1)) + rate.first) / rate.per_second;
        let done = after(self.at, seconds);
        let spread_until = self.forecast.timing.pace.spread_until;
        let spread_until = spread_until.filter(|end| *end > self.at);
        let next = changes.into_iter().chain(spread_until).min();
        let next = next.filter(|next| done.is_none_or(|done| *next < done));
        let first = after(self.at, rate.first / rate.per_second).unwrap_or(self.at);
        match next {
            Some(next) => {
                let elapsed = (next - self.at).as_seconds_f64();
                let share = (rate.per_second * elapsed / float(messages)).min(1.0);
                self.pass(share, first.min(next), Some(next));
                self.at = next;
            }
            None => {
                self.pass(1.0, first, done);
                self.at = done.unwrap_or(self.at);
            }
        }
    }

    /// This share of what has a turn has had it.
    fn pass(&mut self, share: f64, from: DateTime<Utc>, until: Option<DateTime<Utc>>) {
        let in_turn = self.waiting.iter_mut().filter(|waiting| waiting.has_turn());
        let mut in_turn: Vec<_> = in_turn.collect();
        let all: u64 = in_turn.iter().map(|waiting| waiting.group.messages).sum();
        self.owed += float(all) * share;
        let mut left = whole(self.owed);
        self.owed -= float(left);
        let mut messages = 0;
        let mut pass = |turn, taken| match turn {
            Turn::Goes => messages += taken,
            Turn::Falls => self.outlook.dropped += taken,
            Turn::Waits => {}
        };
        for waiting in &mut in_turn {
            let taken = waiting.take(share);
            left = left.saturating_sub(taken);
            pass(waiting.turn, taken);
        }
        // Of small groups none has a whole message due: those go first that are owed the most.
        in_turn.sort_by(|one, other| other.owed.total_cmp(&one.owed));
        for waiting in &mut in_turn {
            let taken = waiting.give(left.min(1));
            left -= taken;
            pass(waiting.turn, taken);
        }
        self.waiting.retain(|waiting| waiting.group.messages > 0);
        if messages > 0 {
            self.outlook.slots.push(Slot {
                from,
                until,
                messages,
            });
        }
    }

    /// Judges those anew for whom something has changed.
    fn judge(&mut self) {
        let Forecast { timing, rules, .. } = self.forecast;
        let at = self.at;
        if timing.expires_at.is_some_and(|end| end <= at) {
            self.outlook.expired += self.left();
            return self.waiting.clear();
        }
        let mut planner = Planner::new(timing, rules.as_ref(), at);
        for waiting in &mut self.waiting {
            if waiting.until.is_none_or(|until| until > at) {
                continue;
            }
            let group = &waiting.group;
            let standing = match &mut planner {
                Some(planner) => planner.standing(group.phone, group.zone),
                None => Standing::Open(None),
            };
            let outside = match timing.outside {
                OutsideWindow::Hold => Turn::Waits,
                OutsideWindow::Drop => Turn::Falls,
            };
            let (turn, until) = match standing {
                Standing::Open(until) => (Turn::Goes, until),
                Standing::Closed(opens) => (outside, Some(opens)),
                Standing::Never => (Turn::Falls, None),
            };
            waiting.turn = turn;
            waiting.until = until.into_iter().chain(timing.expires_at).min();
        }
    }

    /// `None`: there is no limit.
    fn rate(&self) -> Option<Rate> {
        let pace = &self.forecast.timing.pace;
        let own = pace.max_per_second.map(Pace::within);
        let parts = own.into_iter().chain(self.gateways.map(f64::from));
        let left = self.left();
        let all_parts: u64 = self.waiting.iter().map(|waiting| waiting.group.parts).sum();
        let by_parts = parts.map(|rate| Rate {
            per_second: rate * float(left) / float(all_parts.max(1)),
            first: 0.0,
        });
        let even = pace.even(left, self.at);
        let even = even.map(|per_second| Rate {
            per_second,
            first: 1.0,
        });
        by_parts
            .chain(even)
            .min_by(|one, other| one.per_second.total_cmp(&other.per_second))
    }

    fn left(&self) -> u64 {
        self.waiting
            .iter()
            .map(|waiting| waiting.group.messages)
            .sum()
    }
}

/// `None` where the calendar does not reach so far.
fn after(at: DateTime<Utc>, seconds: f64) -> Option<DateTime<Utc>> {
    let span = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    at.checked_add_signed(TimeDelta::from_std(span).ok()?)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count between 0 and 2^32"
)]
fn whole(count: f64) -> u64 {
    (count + 1e-6).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;
    use crate::hours::WindowDraft;
    use crate::phone::Region;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn british() -> PhoneNumber {
        PhoneNumber::from_stored("+447700900001", Region::new("GB").unwrap()).unwrap()
    }

    fn windowed(from: &str, to: &str) -> Timing {
        let draft = WindowDraft {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            ..WindowDraft::default()
        };
        Timing {
            window: draft.check(&mut Faults::default()),
            ..Timing::default()
        }
    }

    /// So many messages to London, and so many to Tokyo.
    fn forecast(timing: &Timing, london: usize, tokyo: usize) -> Forecast {
        let mut forecast = Forecast::new(timing, None);
        for (zone, messages) in [(Tz::Europe__London, london), (Tz::Asia__Tokyo, tokyo)] {
            for _ in 0..messages {
                forecast.add(british(), Some(zone), 1);
            }
        }
        forecast
    }

    fn slots(outlook: &Outlook) -> Vec<(String, Option<String>, u64)> {
        let slots = outlook.slots.iter();
        let show = |at: DateTime<Utc>| at.format("%d %H:%M:%S").to_string();
        slots
            .map(|slot| (show(slot.from), slot.until.map(show), slot.messages))
            .collect()
    }

    fn slot(from: &str, until: &str, messages: u64) -> (String, Option<String>, u64) {
        let until = (!until.is_empty()).then(|| until.to_owned());
        (from.to_owned(), until, messages)
    }

    const NIGHT: &str = "2026-01-05T02:00:00Z";

    #[test]
    fn without_any_limit_all_goes_at_once() {
        let outlook = forecast(&Timing::default(), 2, 3).outlook(at(NIGHT), None);
        assert_eq!(slots(&outlook), [slot("05 02:00:00", "", 5)]);
        assert_eq!(outlook.first(), Some(at(NIGHT)));
        assert_eq!(outlook.last(), None);
    }

    #[test]
    fn each_zone_waits_for_its_hours() {
        let outlook = forecast(&windowed("09:00", "20:00"), 2, 3).outlook(at(NIGHT), None);
        let expected = [slot("05 02:00:00", "", 3), slot("05 09:00:00", "", 2)];
        assert_eq!(slots(&outlook), expected);
    }

    #[test]
    fn what_the_day_is_too_short_for_goes_on_the_next() {
        let outlook = forecast(&windowed("09:00", "10:00"), 5_000, 0).outlook(at(NIGHT), Some(1));
        assert_eq!(
            slots(&outlook),
            [
                slot("05 09:00:00", "05 10:00:00", 3_600),
                slot("06 09:00:00", "06 09:23:19", 1_400)
            ]
        );
        assert_eq!(outlook.last(), Some(at("2026-01-06T09:23:19Z")));
    }

    #[test]
    fn long_messages_take_longer() {
        let mut forecast = Forecast::new(&Timing::default(), None);
        for _ in 0..101 {
            forecast.add(british(), None, 3);
        }
        let outlook = forecast.outlook(at(NIGHT), Some(30));
        assert_eq!(slots(&outlook), [slot("05 02:00:00", "05 02:00:10", 101)]);
    }

    #[test]
    fn a_pace_spreads_what_there_is_until_its_end() {
        let timing = Timing {
            pace: Pace {
                max_per_second: Some(100),
                spread_until: Some(at("2026-01-05T03:00:00Z")),
            },
            ..Timing::default()
        };
        let outlook = forecast(&timing, 3_600, 0).outlook(at(NIGHT), Some(500));
        assert_eq!(slots(&outlook), [slot("05 02:00:01", "05 03:00:00", 3_600)]);
        // Too many for the limit: the rest goes behind the end.
        let outlook = forecast(&timing, 400_000, 0).outlook(at(NIGHT), None);
        assert_eq!(outlook.slots.len(), 2);
        assert_eq!(outlook.slots[0].messages, 342_857);
        assert_eq!(outlook.slots[1].messages, 57_143);
    }

    #[test]
    fn of_many_small_groups_each_is_spread_evenly() {
        let timing = Timing {
            pace: Pace {
                max_per_second: None,
                spread_until: Some(at("2026-01-15T02:00:00Z")),
            },
            ..windowed("08:00", "21:00")
        };
        let mut forecast = Forecast::new(&timing, None);
        for zone in chrono_tz::TZ_VARIANTS.iter().take(200) {
            forecast.add(british(), Some(*zone), 1);
        }
        let outlook = forecast.outlook(at(NIGHT), None);
        let until = |day| {
            let slots = outlook.slots.iter();
            let before = slots.filter(|slot| slot.until.is_some_and(|until| until < day));
            before.map(|slot| slot.messages).sum::<u64>()
        };
        let half = until(at("2026-01-10T02:00:00Z"));
        assert!((60..=140).contains(&half), "{half}");
        assert_eq!(outlook.later + outlook.dropped + outlook.expired, 0);
        let all: u64 = outlook.slots.iter().map(|slot| slot.messages).sum();
        assert_eq!(all, 200);
    }

    #[test]
    fn what_is_closed_is_dropped_when_its_turn_comes_and_no_sooner() {
        let timing = Timing {
            outside: OutsideWindow::Drop,
            pace: Pace {
                max_per_second: Some(1),
                spread_until: None,
            },
            ..windowed("09:00", "20:00")
        };
        // London opens after half of them have had their turn.
        let begin = at("2026-01-05T09:00:00Z") - TimeDelta::seconds(1_050);
        let outlook = forecast(&timing, 1_000, 1_000).outlook(begin, None);
        assert!((490..=510).contains(&outlook.dropped), "{outlook:?}");
    }

    #[test]
    fn what_is_outside_its_hours_is_dropped_and_what_comes_too_late_expires() {
        let timing = Timing {
            outside: OutsideWindow::Drop,
            ..windowed("09:00", "20:00")
        };
        let outlook = forecast(&timing, 2, 3).outlook(at(NIGHT), None);
        assert_eq!((outlook.dropped, outlook.slots.len()), (2, 1));
        let timing = Timing {
            expires_at: Some(at("2026-01-05T09:00:10Z")),
            ..windowed("09:00", "20:00")
        };
        let outlook = forecast(&timing, 25, 0).outlook(at(NIGHT), Some(1));
        assert_eq!(outlook.expired, 15);
        assert_eq!(slots(&outlook), [slot("05 09:00:00", "05 09:00:10", 10)]);
    }

    #[test]
    fn it_looks_ahead_so_far_and_no_further() {
        let timing = Timing {
            pace: Pace {
                max_per_second: Some(1),
                spread_until: None,
            },
            ..windowed("09:00", "09:01")
        };
        let outlook = forecast(&timing, 900_000, 0).outlook(at(NIGHT), None);
        let sent: u64 = outlook.slots.iter().map(|slot| slot.messages).sum();
        assert_eq!(sent + outlook.later, 900_000);
        assert!(outlook.later > 0);
        assert_eq!(outlook.last(), None);
    }

    #[test]
    fn of_nothing_nothing_leaves() {
        let outlook = Forecast::new(&Timing::default(), None).outlook(at(NIGHT), Some(1));
        assert_eq!(outlook, Outlook::default());
    }
}
