//! Date-times as the contract writes them: ISO 8601 with or without an offset in requests, UTC with milliseconds and `Z` in
//! answers.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Without an offset; seconds and their fraction may be missing.
const LOCAL_FORMS: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

/// With an offset, with or without a colon in it.
const OFFSET_FORMS: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];

/// As answers show a moment.
pub(crate) fn show(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a moment; without an offset it is UTC, a date alone is its midnight. `None`: it is none, or of a year that cannot
/// be written with four digits.
pub(crate) fn read(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let text = match text.as_bytes().get(10) {
        Some(b't' | b' ') => format!("{}T{}", text.get(..10)?, text.get(11..)?),
        _ => text.to_owned(),
    };
    let utc = text.strip_suffix(['Z', 'z']).unwrap_or(&text);
    read_local(utc)
        .map(|local| local.and_utc())
        .or_else(|| read_with_offset(&text))
        .filter(|at| (1..=9999).contains(&at.year()))
}

fn read_local(text: &str) -> Option<NaiveDateTime> {
    LOCAL_FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        })
}

fn read_with_offset(text: &str) -> Option<DateTime<Utc>> {
    OFFSET_FORMS
        .iter()
        .find_map(|form| DateTime::parse_from_str(text, form).ok())
        .map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_means_the_same_moment() {
        for text in [
            "2023-06-27T03:04:01.374Z",
            "2023-06-27t03:04:01.374z",
            "2023-06-27 03:04:01.374",
            "2023-06-27T03:04:01.374000000",
            "2023-06-27T04:04:01.374+01:00",
            "2023-06-27T04:04:01.374+0100",
            "2023-06-27T04:04:01.374+01",
            "2023-06-26T22:34:01.374-04:30",
            " 2023-06-27T03:04:01.374Z ",
        ] {
            let at = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(show(at), "2023-06-27T03:04:01.374Z", "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_zero() {
        for (text, shown) in [
            ("2023-06-27T03:04:01Z", "2023-06-27T03:04:01.000Z"),
            ("2023-06-27T03:04", "2023-06-27T03:04:00.000Z"),
            ("2023-06-27T03:04+02:00", "2023-06-27T01:04:00.000Z"),
            ("2023-06-27", "2023-06-27T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).map(show).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_moments() {
        for text in [
            "",
            "tomorrow",
            "27/06/2023",
            "2023-13-01",
            "2023-02-29",
            "2023-06-27T25:00:00Z",
            "2023-06-27T03:04:01ZZ",
            "+12023-06-27T03:04:01Z",
            "0000-06-27",
            "1687835041",
            "2023-06-2ä 03:04",
            "2023-06-27T",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
