//! What a campaign's window, the recipient's country and the end of its validity make of a message at a moment.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::rules::HourRules;
use super::week::{Opening, WeekHours};
use super::window::{OutsideWindow, SendingWindow, WindowZone};
use super::zone::zones_of;
use crate::campaign::Timing;
use crate::phone::PhoneNumber;

/// Hours of several zones that do not meet within so long never will.
const HORIZON: TimeDelta = TimeDelta::days(15);

/// Whether a time is one at which all hours allow sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is, until then; `None`: always.
    Open(Option<DateTime<Utc>>),
    /// It will be from then on.
    Closed(DateTime<Utc>),
    /// It never is.
    Never,
}

/// What becomes of a message now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent until then; `None`: whenever.
    Send(Option<DateTime<Utc>>),
    /// It waits until then, to be judged again.
    Hold(DateTime<Utc>),
    /// It is not sent, since its time it is not.
    Drop,
    /// It is not sent, since the campaign's validity is over.
    Expire,
}

/// Judges messages of one campaign at one moment. Recipients of the same zones and rules are judged alike, so that a million
/// costs hardly more than one of each kind.
#[derive(Debug, Clone)]
pub struct Planner {
    window: Option<SendingWindow>,
    outside: OutsideWindow,
    expires_at: Option<DateTime<Utc>>,
    rules: Arc<HourRules>,
    now: DateTime<Utc>,
    known: HashMap<Kind, Standing>,
}

/// What two recipients must share to be judged alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    zones: Vec<Tz>,
    rules: Vec<usize>,
}

impl Planner {
    /// `None` where messages may be sent at any time: there is nothing to judge. The rules are those that bind this campaign.
    #[must_use]
    pub fn new(
        timing: &Timing,
        rules: Option<&Arc<HourRules>>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        if timing.window.is_none() && timing.expires_at.is_none() && rules.is_none() {
            return None;
        }
        Some(Self {
            window: timing.window,
            outside: timing.outside,
            expires_at: timing.expires_at,
            rules: rules.map(Arc::clone).unwrap_or_default(),
            now,
            known: HashMap::new(),
        })
    }

    /// What becomes of the message to a number whose owner may have told a zone.
    pub fn verdict(&mut self, phone: PhoneNumber, zone: Option<Tz>) -> Verdict {
        if self.expires_at.is_some_and(|end| end <= self.now) {
            return Verdict::Expire;
        }
        match (self.standing(phone, zone), self.outside) {
            (Standing::Open(until), _) => Verdict::Send(earlier(until, self.expires_at)),
            (Standing::Closed(opens), OutsideWindow::Hold) => {
                Verdict::Hold(self.expires_at.map_or(opens, |end| end.min(opens)))
            }
            (Standing::Closed(_), OutsideWindow::Drop) | (Standing::Never, _) => Verdict::Drop,
        }
    }

    /// Whether the hours allow it now, whatever becomes of it if not.
    pub fn standing(&mut self, phone: PhoneNumber, zone: Option<Tz>) -> Standing {
        let kind = self.kind(phone, zone);
        if let Some(known) = self.known.get(&kind) {
            return *known;
        }
        let standing = self.judge(&kind);
        self.known.insert(kind, standing);
        standing
    }

    pub(super) fn kind(&self, phone: PhoneNumber, zone: Option<Tz>) -> Kind {
        Kind {
            zones: zone.map_or_else(|| zones_of(phone).to_vec(), |zone| vec![zone]),
            rules: self.rules.binding(phone),
        }
    }

    fn judge(&self, kind: &Kind) -> Standing {
        let zones = match kind.zones.as_slice() {
            [] => &[Tz::UTC],
            zones => zones,
        };
        let mut limits: Vec<(Tz, WeekHours)> = Vec::new();
        for rule in kind.rules.iter().filter_map(|place| self.rules.get(*place)) {
            limits.extend(zones.iter().map(|zone| (*zone, rule.hours)));
        }
        if let Some(window) = &self.window {
            match window.zone() {
                WindowZone::Fixed(zone) => limits.push((zone, window.hours())),
                WindowZone::Recipient => {
                    limits.extend(zones.iter().map(|zone| (*zone, window.hours())));
                }
            }
        }
        limits.retain(|(_, hours)| *hours != WeekHours::ALWAYS);
        standing(&limits, self.now)
    }
}

/// When all limits allow it: from the moment at which the last of them opens, if none has closed by then.
fn standing(limits: &[(Tz, WeekHours)], now: DateTime<Utc>) -> Standing {
    let mut at = now;
    while at - now < HORIZON {
        let openings = limits.iter().map(|(zone, hours)| hours.next(*zone, at));
        let Some(openings) = openings.collect::<Option<Vec<Opening>>>() else {
            return Standing::Never;
        };
        let opens = openings.iter().map(|opening| opening.from).max();
        match opens.filter(|opens| *opens > at) {
            Some(opens) => at = opens,
            None if at > now => return Standing::Closed(at),
            None => return Standing::Open(openings.iter().map(|opening| opening.until).min()),
        }
    }
    Standing::Never
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::WindowDraft;
    use crate::phone::Region;

    fn phone(e164: &str, region: &str) -> PhoneNumber {
        PhoneNumber::from_stored(e164, Region::new(region).unwrap()).unwrap()
    }

    fn timing(from: &str, to: &str, zone: &str) -> Timing {
        let draft = WindowDraft {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            time_zone: Some(zone.to_owned()),
            ..WindowDraft::default()
        };
        Timing {
            window: draft.check(&mut crate::fault::Faults::default()),
            ..Timing::default()
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn verdict(timing: &Timing, phone: PhoneNumber, zone: Option<Tz>, now: &str) -> Verdict {
        let mut planner = Planner::new(timing, None, at(now)).unwrap();
        planner.verdict(phone, zone)
    }

    #[test]
    fn of_several_zones_all_must_allow_it() {
        // Alaska's numbers may be in Adak (UTC-10) or in Anchorage (UTC-9).
        let alaska = phone("+19075550100", "US");
        let timing = timing("08:00", "20:00", "recipient");
        let check = |now, expected| assert_eq!(verdict(&timing, alaska, None, now), expected);
        check(
            "2026-01-05T17:30:00Z",
            Verdict::Hold(at("2026-01-05T18:00:00Z")),
        );
        check(
            "2026-01-05T18:00:00Z",
            Verdict::Send(Some(at("2026-01-06T05:00:00Z"))),
        );
        check(
            "2026-01-06T05:00:00Z",
            Verdict::Hold(at("2026-01-06T18:00:00Z")),
        );
    }

    #[test]
    fn a_contact_s_own_zone_wins() {
        let timing = timing("08:00", "20:00", "recipient");
        let british = phone("+447700900001", "GB");
        let now = "2026-01-05T02:00:00Z";
        let held = Verdict::Hold(at("2026-01-05T08:00:00Z"));
        assert_eq!(verdict(&timing, british, None, now), held);
        let sent = Verdict::Send(Some(at("2026-01-05T11:00:00Z")));
        assert_eq!(verdict(&timing, british, Some(Tz::Asia__Tokyo), now), sent);
    }

    #[test]
    fn hours_that_never_meet_drop_the_message() {
        let timing = timing("11:00", "13:00", "recipient");
        // A number for persons, which may be anywhere in North America and the Caribbean.
        let anywhere = phone("+15005550100", "US");
        assert!(zones_of(anywhere).len() > 20);
        assert_eq!(
            verdict(&timing, anywhere, None, "2026-01-05T02:00:00Z"),
            Verdict::Drop
        );
    }

    #[test]
    fn what_would_be_held_beyond_the_campaign_s_end_expires_with_it() {
        let british = phone("+447700900001", "GB");
        let timing = Timing {
            expires_at: Some(at("2026-01-05T07:00:00Z")),
            ..timing("08:00", "20:00", "recipient")
        };
        let check = |now, expected| assert_eq!(verdict(&timing, british, None, now), expected);
        check(
            "2026-01-05T02:00:00Z",
            Verdict::Hold(at("2026-01-05T07:00:00Z")),
        );
        check("2026-01-05T07:00:00Z", Verdict::Expire);
        check(
            "2026-01-04T19:00:00Z",
            Verdict::Send(Some(at("2026-01-04T20:00:00Z"))),
        );
    }

    #[test]
    fn the_country_s_rules_and_the_window_must_both_allow_it() {
        let rules: HourRules = serde_json::from_value(serde_json::json!({"rules": [
            {"name": "US", "region": "US", "hours": [{"from": "08:00", "to": "21:00"}],
             "source": "a law", "date": "2026-01-01"},
            {"name": "Florida", "region": "US", "beginnings": [1305],
             "hours": [{"from": "08:00", "to": "20:00"}], "source": "a law", "date": "2026-01-01"},
        ]}))
        .unwrap();
        let rules = Arc::new(rules);
        let check = |number, now, expected| {
            let timing = Timing::default();
            let mut planner = Planner::new(&timing, Some(&rules), at(now)).unwrap();
            assert_eq!(
                planner.verdict(phone(number, "US"), None),
                expected,
                "{number}"
            );
        };
        let evening = "2026-01-06T01:30:00Z";
        check(
            "+12125550100",
            evening,
            Verdict::Send(Some(at("2026-01-06T02:00:00Z"))),
        );
        check(
            "+13055550100",
            evening,
            Verdict::Hold(at("2026-01-06T13:00:00Z")),
        );
        let mut planner = Planner::new(&timing("10:00", "12:00", "UTC"), Some(&rules), at(evening));
        let held = planner
            .as_mut()
            .unwrap()
            .verdict(phone("+12125550100", "US"), None);
        // 08:00 in New York is 13:00 in UTC: the two never meet.
        assert_eq!(held, Verdict::Drop);
    }

    #[test]
    fn a_campaign_without_limits_needs_no_planner() {
        assert!(Planner::new(&Timing::default(), None, at("2026-01-05T02:00:00Z")).is_none());
    }
}
