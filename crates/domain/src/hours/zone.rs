//! Which zones a number may be in, by its beginning: libphonenumber's table. That people travel, and take their numbers with
//! them, no table knows; a contact's own zone, where it is given, does.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono_tz::Tz;

use crate::phone::PhoneNumber;

const WRITTEN: &str = include_str!("../../data/time_zones.txt");

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(WRITTEN));

struct Table {
    /// Where the zones of a beginning stand among `zones`.
    beginnings: HashMap<u64, (usize, usize)>,
    zones: Vec<Tz>,
}

/// The zone of this name in the IANA database, as in `Europe/London`.
#[must_use]
pub fn named(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The zones of a number, by the longest beginning that the table knows. None where it knows none: such numbers belong to no
/// country.
#[must_use]
pub fn zones_of(phone: PhoneNumber) -> &'static [Tz] {
    TABLE.zones_of(phone.digits())
}

impl Table {
    fn read(written: &str) -> Self {
        let mut table = Self {
            beginnings: HashMap::new(),
            zones: Vec::new(),
        };
        let mut known: HashMap<&str, (usize, usize)> = HashMap::new();
        for line in written.lines() {
            let Some((beginning, names)) = line.split_once('|') else {
                continue;
            };
            let Ok(beginning) = beginning.parse() else {
                continue;
            };
            let place = *known.entry(names).or_insert_with(|| {
                let from = table.zones.len();
                table.zones.extend(names.split('&').filter_map(named));
                (from, table.zones.len())
            });
            table.beginnings.insert(beginning, place);
        }
        table
    }

    fn zones_of(&self, digits: u64) -> &[Tz] {
        let mut beginning = digits;
        while beginning > 0 {
            if let Some((from, to)) = self.beginnings.get(&beginning) {
                return self.zones.get(*from..*to).unwrap_or_default();
            }
            beginning /= 10;
        }
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(digits: u64) -> Vec<&'static str> {
        TABLE
            .zones_of(digits)
            .iter()
            .map(|zone| zone.name())
            .collect()
    }

    #[test]
    fn every_line_of_the_table_is_read_and_every_zone_known() {
        let lines = WRITTEN.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            let (beginning, names) = line.split_once('|').unwrap();
            for name in names.split('&') {
                assert!(named(name).is_some(), "{name}");
            }
            let place = TABLE.beginnings.get(&beginning.parse().unwrap()).unwrap();
            assert_eq!(place.1 - place.0, names.split('&').count(), "{line}");
            count += 1;
        }
        assert_eq!((count, TABLE.beginnings.len()), (3_240, 3_240));
    }

    #[test]
    fn the_longest_beginning_counts() {
        assert_eq!(zones(12_025_550_100), ["America/New_York"]);
        assert_eq!(zones(18_765_550_100), ["America/Jamaica"]);
        assert_eq!(zones(9_779_812_345_678), ["Asia/Katmandu"]);
        assert_eq!(zones(919_812_345_678), ["Asia/Calcutta"]);
        assert_eq!(
            zones(447_700_900_001),
            ["Europe/Guernsey", "Europe/Isle_of_Man", "Europe/London"]
        );
        assert_eq!(zones(19_075_550_100), ["America/Adak", "America/Anchorage"]);
        assert_eq!(zones(999), [""; 0]);
    }
}
