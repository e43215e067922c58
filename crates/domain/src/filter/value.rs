//! The values of filters: how each kind of property reads them.

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Timelike, Utc};
use uuid::Uuid;

use super::PropertyKind;

/// Decimal places of a [`Decimal`].
const PLACES: usize = 6;

/// A value of a property. Values of one kind are ordered as lists sort them: text by code points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// A moment.
    DateTime(DateTime<Utc>),
    /// True or false.
    Boolean(bool),
    /// A UUID.
    Uuid(Uuid),
}

/// A number with six decimal places, counted in millionths: exact, in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    /// The number times a million.
    pub millionths: i64,
}

impl Value {
    /// Reads a value of a kind; `None` where it is none.
    pub(super) fn read(text: String, kind: PropertyKind) -> Option<Self> {
        match kind {
            PropertyKind::Text => Some(Self::Text(text)),
            PropertyKind::Integer => integer(&text).map(Self::Integer),
            PropertyKind::Decimal => decimal(&text).map(Self::Decimal),
            PropertyKind::DateTime => date_time(&text).map(to_the_millisecond).map(Self::DateTime),
            PropertyKind::Boolean => boolean(&text).map(Self::Boolean),
            PropertyKind::Uuid => Uuid::parse_str(&text).ok().map(Self::Uuid),
        }
    }
}

/// Moments are kept and shown to the millisecond.
fn to_the_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(3)
}

/// Decimal digits with an optional minus: `parse` alone would take a plus as well, which a query string turns into a
/// space.
fn integer(text: &str) -> Option<i64> {
    is_digits(text.strip_prefix('-').unwrap_or(text)).then(|| text.parse().ok())?
}

fn decimal(text: &str) -> Option<Decimal> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(places) || places.len() > PLACES {
        return None;
    }
    integer(whole)?;
    let millionths = format!("{whole}{places:0<PLACES$}").parse().ok()?;
    Some(Decimal { millionths })
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, value)| value)
}

/// Reads an ISO 8601 date-time; without an offset it is UTC, and a date alone is its midnight.
#[must_use]
pub fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = text.split_at_checked("2023-06-27".len())?;
    let date = date_of(date)?;
    if rest.is_empty() {
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    let local = date.and_time(time_of(time)?).and_utc();
    local.checked_sub_signed(offset_of(offset)?)
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let (year, month_and_day) = text.split_once('-')?;
    let (month, day) = month_and_day.split_once('-')?;
    let widths = (year.len(), month.len(), day.len()) == (4, 2, 2);
    if !widths || ![year, month, day].into_iter().all(is_digits) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A leap second is refused: neither database can hold it.
fn time_of(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"]
        .into_iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
        .filter(|time| time.nanosecond() < 1_000_000_000)
}

/// `Z`, nothing, `+02:00`, `+0200` or `+02`.
fn offset_of(text: &str) -> Option<TimeDelta> {
    if matches!(text, "" | "Z" | "z") {
        return Some(TimeDelta::zero());
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = digits
        .split_once(':')
        .or_else(|| digits.split_at_checked(2))?;
    let minutes = if minutes.is_empty() && digits.len() == 2 {
        "00"
    } else {
        minutes
    };
    if hours.len() != 2 || minutes.len() != 2 || !is_digits(hours) || !is_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset = TimeDelta::minutes(hours * 60 + minutes);
    let within_a_day = hours < 24 && minutes < 60;
    within_a_day.then(|| if sign == "-" { -offset } else { offset })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_are_decimal_digits() {
        for (text, value) in [
            ("0", Some(0)),
            ("-042", Some(-42)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("+1", None),
            ("--1", None),
            ("-", None),
            ("", None),
            ("1.0", None),
            ("1e3", None),
            ("0x10", None),
            ("1 000", None),
            ("٣", None),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
    }

    #[test]
    fn decimals_have_at_most_six_places() {
        for (text, millionths) in [
            ("1", Some(1_000_000)),
            ("0.045", Some(45_000)),
            ("-0.000001", Some(-1)),
            ("9223372036854.775807", Some(i64::MAX)),
            ("9223372036854.775808", None),
            ("0.0000001", None),
            (".5", None),
            ("5.", None),
            ("1.-5", None),
            ("1,5", None),
            ("NaN", None),
            ("", None),
        ] {
            let read = decimal(text).map(|decimal| decimal.millionths);
            assert_eq!(read, millionths, "{text}");
        }
    }

    #[test]
    fn date_times_are_iso_8601() {
        let second = 1_687_835_041;
        for (text, millis) in [
            ("2023-06-27", Some(1_687_824_000_000)),
            ("2023-06-27T03:04:01.374Z", Some(second * 1_000 + 374)),
            ("2023-06-27t03:04:01z", Some(second * 1_000)),
            ("2023-06-27 03:04:01", Some(second * 1_000)),
            ("2023-06-27T03:04", Some((second - 1) * 1_000)),
            ("2023-06-27T05:04:01+02:00", Some(second * 1_000)),
            ("2023-06-27T05:04:01+0200", Some(second * 1_000)),
            ("2023-06-27T01:04:01-02", Some(second * 1_000)),
            ("2023-06-27T00:34:01-02:30", Some(second * 1_000)),
            ("2023-02-29", None),
            ("2023-6-27", None),
            ("23-06-2027", None),
            ("+023-06-27", None),
            ("2023-06-27T", None),
            ("2023-06-27T24:00", None),
            ("2023-06-27T23:59:60Z", None),
            ("2023-06-27T03:04:01+24:00", None),
            ("2023-06-27T03:04:01+02:60", None),
            ("2023-06-27T03:04:01+2", None),
            ("2023-06-27T03:04:01+02:", None),
            ("2023-06-27T03:04:01+", None),
            ("2023-06-27T03:04:01Zx", None),
            ("2023-06-2é", None),
            ("1687834641", None),
            ("today", None),
        ] {
            let read = date_time(text).map(|moment| moment.timestamp_millis());
            assert_eq!(read, millis, "{text}");
        }
    }

    #[test]
    fn booleans_are_words() {
        assert_eq!(boolean("TRUE"), Some(true));
        assert_eq!(boolean("false"), Some(false));
        assert_eq!(boolean("1"), None);
    }

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_was_written(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
            let moment = DateTime::from_timestamp_millis(millis).unwrap();
            prop_assert_eq!(date_time(&moment.to_rfc3339()), Some(moment));
        }

        #[test]
        fn any_text_can_be_tried(text in "[0-9]{0,4}[-0-9é]{0,6}[T ]?[0-9:.]{0,8}[-+Z0-9:é]{0,6}") {
            if let Some(moment) = date_time(&text) {
                prop_assert_eq!(date_time(&moment.to_rfc3339()), Some(moment));
            }
        }
    }
}
