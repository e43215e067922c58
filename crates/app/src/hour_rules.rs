//! The file of the hours that countries allow.

use std::path::Path;

use anyhow::Context as _;
use clarion_domain::hours::HourRules;

/// Where it is looked for.
const USUAL: &str = "config/rules/hours.toml";

/// As it ships: a service that is started elsewhere keeps to the law as well.
const SHIPPED: &str = include_str!("../../../config/rules/hours.toml");

/// The rules of the file; where there is none, those that ship.
pub(crate) fn read() -> anyhow::Result<HourRules> {
    let path = Path::new(USUAL);
    let text = match path.is_file() {
        true => std::fs::read_to_string(path).with_context(|| format!("{USUAL} cannot be read"))?,
        false => SHIPPED.to_owned(),
    };
    toml::from_str(&text).with_context(|| format!("{USUAL} holds no hours"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, Utc};
    use clarion_domain::campaign::Timing;
    use clarion_domain::hours::{Planner, Verdict};
    use clarion_domain::phone::{PhoneNumber, Region};

    use super::*;

    #[track_caller]
    fn check(e164: &str, region: &str, now: &str, until: Option<&str>) {
        let rules: Arc<HourRules> = Arc::new(toml::from_str(SHIPPED).unwrap());
        let now: DateTime<Utc> = now.parse().unwrap();
        let phone = PhoneNumber::from_stored(e164, Region::new(region).unwrap()).unwrap();
        let mut planner = Planner::new(&Timing::default(), Some(&rules), now).unwrap();
        let until = until.map(|until| until.parse::<DateTime<Utc>>().unwrap());
        match (planner.verdict(phone, None), until) {
            (Verdict::Send(end), until) => assert_eq!(end, until, "{e164} at {now}"),
            (Verdict::Hold(begin), None) => assert!(begin > now),
            (verdict, _) => panic!("{e164} at {now}: {verdict:?}"),
        }
    }

    #[test]
    fn the_shipped_hours_are_those_of_the_law() {
        // 2026-01-04 is a Sunday.
        check(
            "+447700900001",
            "GB",
            "2026-01-04T20:59:00Z",
            Some("2026-01-04T21:00:00Z"),
        );
        check("+447700900001", "GB", "2026-01-04T21:00:00Z", None);
        check(
            "+12125550100",
            "US",
            "2026-01-05T01:30:00Z",
            Some("2026-01-05T02:00:00Z"),
        );
        // Florida ends at 20:00.
        check(
            "+13055550100",
            "US",
            "2026-01-05T00:30:00Z",
            Some("2026-01-05T01:00:00Z"),
        );
        check("+13055550100", "US", "2026-01-05T01:30:00Z", None);
        // Texas begins at noon on Sundays, and Louisiana does not begin at all.
        check("+12145550100", "US", "2026-01-04T17:59:00Z", None);
        check(
            "+12145550100",
            "US",
            "2026-01-04T18:00:00Z",
            Some("2026-01-05T03:00:00Z"),
        );
        check("+15045550100", "US", "2026-01-04T18:00:00Z", None);
    }
}
