//! What will go when: how a campaign's messages would leave if all went as planned, by its window, the hours of the countries,
//! its pace and the rate of the gateways. A forecast promises nothing; each message is judged again when its turn comes.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::plan::{Kind, Planner, Verdict};
use super::rules::HourRules;
use crate::campaign::Timing;
use crate::phone::PhoneNumber;

/// Steps that are looked ahead; messages that would leave later than that are not told apart.
const MOST_STEPS: usize = 2_000;

/// Counts messages, and tells when they would leave.
#[derive(Debug)]
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
    /// The last of them; `None`: as soon as the gateways take it, and they have no limit to reckon with.
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

    /// When all of them would leave, beginning then. `parts_per_second`: of all gateways; `None`: no limit.
    #[must_use]
    pub fn outlook(&self, begin: DateTime<Utc>, parts_per_second: Option<u32>) -> Outlook {
        let mut waiting: Vec<Group> = self.groups.values().copied().collect();
        // The order of a map is another in each run.
        waiting.sort_by_key(|group| group.phone.digits());
        let mut run = Run {
            forecast: self,
            gateways: parts_per_second,
            at: begin,
            waiting,
            outlook: Outlook::default(),
        };
        for _ in 0..MOST_STEPS {
            if !run.step() {
                break;
            }
        }
        run.outlook.later = messages_of(&run.waiting);
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

struct Run<'f> {
    forecast: &'f Forecast,
    gateways: Option<u32>,
    at: DateTime<Utc>,
    waiting: Vec<Group>,
    outlook: Outlook,
}

impl Run<'_> {
    /// Goes on to the next moment at which something changes; whether there is one.
    fn step(&mut self) -> bool {
        let (open, changes) = self.judge();
        if open.is_empty() {
            return match changes {
                Some(next) => {
                    self.at = next;
                    true
                }
                None => false,
            };
        }
        match self.rate() {
            None => self.send_all(&open, None),
            Some(rate) => {
                let messages: u64 = open.iter().map(|place| self.waiting[*place].messages).sum();
                let done = after(self.at, seconds(messages, rate));
                let spread_until = self.forecast.timing.pace.spread_until;
                let spread_until = spread_until.filter(|end| *end > self.at);
                let next = changes.into_iter().chain(spread_until).min();
                match next.filter(|next| done.is_none_or(|done| *next < done)) {
                    Some(next) => self.send_some(&open, rate, next),
                    None => {
                        self.send_all(&open, done);
                        self.at = done.unwrap_or(self.at);
                    }
                }
            }
        }
        !self.waiting.is_empty()
    }

    /// Which groups may be sent now, and when that changes; leaves out those that never will.
    fn judge(&mut self) -> (Vec<usize>, Option<DateTime<Utc>>) {
        let forecast = self.forecast;
        let rules = forecast.rules.as_ref();
        let mut planner = Planner::new(&forecast.timing, rules, self.at);
        let (mut open, mut changes) = (Vec::new(), Vec::new());
        let mut kept = Vec::with_capacity(self.waiting.len());
        for group in self.waiting.drain(..) {
            let verdict = match &mut planner {
                Some(planner) => planner.verdict(group.phone, group.zone),
                None => Verdict::Send(None),
            };
            match verdict {
                Verdict::Send(until) => {
                    open.push(kept.len());
                    changes.extend(until);
                }
                Verdict::Hold(until) => changes.push(until),
                Verdict::Drop => {
                    self.outlook.dropped += group.messages;
                    continue;
                }
                Verdict::Expire => {
                    self.outlook.expired += group.messages;
                    continue;
                }
            }
            kept.push(group);
        }
        self.waiting = kept;
        (open, changes.into_iter().min())
    }

    /// Messages per second now; `None`: there is no limit.
    fn rate(&self) -> Option<f64> {
        let pace = &self.forecast.timing.pace;
        let parts = [self.gateways, pace.max_per_second];
        let parts = parts.into_iter().flatten().min();
        let left = messages_of(&self.waiting);
        let all_parts: u64 = self.waiting.iter().map(|group| group.parts).sum();
        let by_parts = parts.map(|rate| f64::from(rate) * float(left) / float(all_parts.max(1)));
        match (by_parts, pace.even(left, self.at)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn send_all(&mut self, open: &[usize], until: Option<DateTime<Utc>>) {
        let messages = open.iter().map(|place| self.waiting[*place].messages).sum();
        self.outlook.add(self.at, until, messages);
        let mut place = 0;
        self.waiting.retain(|_| {
            place += 1;
            !open.contains(&(place - 1))
        });
    }

    /// What leaves until then, of each open group in proportion to its size.
    fn send_some(&mut self, open: &[usize], rate: f64, until: DateTime<Utc>) {
        let all: u64 = open.iter().map(|place| self.waiting[*place].messages).sum();
        let share = rate * (until - self.at).as_seconds_f64() / float(all.max(1));
        let mut sent = 0;
        for place in open {
            let group = &mut self.waiting[*place];
            let goes = whole(float(group.messages) * share).min(group.messages);
            group.parts -= group.parts * goes / group.messages.max(1);
            group.messages -= goes;
            sent += goes;
        }
        self.waiting.retain(|group| group.messages > 0);
        self.outlook.add(self.at, Some(until), sent);
        self.at = until;
    }
}

impl Outlook {
    fn add(&mut self, from: DateTime<Utc>, until: Option<DateTime<Utc>>, messages: u64) {
        if messages > 0 {
            self.slots.push(Slot {
                from,
                until,
                messages,
            });
        }
    }
}

fn messages_of(groups: &[Group]) -> u64 {
    groups.iter().map(|group| group.messages).sum()
}

/// From the first of so many messages to the last.
fn seconds(messages: u64, rate: f64) -> f64 {
    float(messages.saturating_sub(1)) / rate
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
    count.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Pace;
    use crate::fault::Faults;
    use crate::hours::{OutsideWindow, WindowDraft};
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
        assert_eq!(slots(&outlook), [slot("05 02:00:00", "05 02:59:59", 3_600)]);
        // Too many for the limit: the rest goes behind the end.
        let outlook = forecast(&timing, 400_000, 0).outlook(at(NIGHT), None);
        assert_eq!(outlook.slots.len(), 2);
        assert_eq!(outlook.slots[0].messages, 360_000);
        assert_eq!(outlook.slots[1].messages, 40_000);
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
        let outlook = forecast(&timing, 200_000, 0).outlook(at(NIGHT), None);
        let sent: u64 = outlook.slots.iter().map(|slot| slot.messages).sum();
        assert_eq!(sent + outlook.later, 200_000);
        assert!(outlook.later > 0);
        assert_eq!(outlook.last(), None);
    }

    #[test]
    fn of_nothing_nothing_leaves() {
        let outlook = Forecast::new(&Timing::default(), None).outlook(at(NIGHT), Some(1));
        assert_eq!(outlook, Outlook::default());
    }
}
