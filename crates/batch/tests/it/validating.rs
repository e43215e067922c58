//! What a validation counts and writes.

use clarion_batch::{FileError, Format};

use crate::{open, phones, validate};

const FILE: &str = "\
phone,name,custom1,shoe size
07700 900001,\"Zoë
the second\",x,7
+44 7700 900 002,,,
020 7946 0018,\"Smith, Jo\",,
0044 7700 900001,again,,
,nobody,,
07700 900003,a,b,c,d
";

#[test]
fn accepted_contacts_are_written_in_canonical_form() {
    let validated = validate(FILE.as_bytes(), true, Format::Csv);
    assert_eq!(
        validated.accepted,
        "phoneNumber,name,custom1,custom2,contactGroupId,timeZone\n\
         +447700900001,\"Zoë\nthe second\",x,,,\n\
         +447700900002,,,,,\n"
    );
    let validated = validate(FILE.as_bytes(), false, Format::Ndjson);
    assert_eq!(
        validated.accepted,
        "{\"phoneNumber\":\"+447700900001\",\"name\":\"Zoë\\nthe second\",\"custom1\":\"x\"}\n\
         {\"phoneNumber\":\"+447700900002\"}\n\
         {\"phoneNumber\":\"+447700900001\",\"name\":\"again\"}\n"
    );
}

#[test]
fn the_others_are_written_with_their_line_and_reason() {
    for format in [Format::Csv, Format::Ndjson] {
        let validated = validate(FILE.as_bytes(), true, format);
        assert_eq!(
            validated.refused,
            "line,index,property,reason,phoneNumber,name,custom1,custom2,contactGroupId,timeZone\n\
             5,2,phoneNumber,is not a mobile number but a landline,020 7946 0018,\"Smith, Jo\",,,,\n\
             6,3,phoneNumber,stands in the file before,+447700900001,again,,,,\n\
             7,4,phoneNumber,is required,,nobody,,,,\n\
             8,5,,the line has 5 values for 4 columns; is a value with a delimiter not in quotes?,07700 900003,a,b,,,\n"
        );
    }
}

#[test]
fn what_was_refused_can_be_mended_and_read_again() {
    let refused = validate(FILE.as_bytes(), false, Format::Csv).refused;
    let mended = refused.replace("020 7946 0018", "07700 900004");
    let again = validate(mended.as_bytes(), false, Format::Csv);
    assert!(
        again.accepted.contains("+447700900004,\"Smith, Jo\",,,,\n"),
        "{}",
        again.accepted
    );
}

#[test]
fn the_summary_counts_reasons_countries_and_kinds() {
    let file = FILE.to_owned() + "+1 415 555 2671,,,\n+33 6 12 34 56 78,,,\n07722 123456,,,\n";
    let summary = validate(file.as_bytes(), true, Format::Csv).summary;
    assert_eq!(
        (
            summary.contacts,
            summary.accepted,
            summary.duplicates,
            summary.refused
        ),
        (9, 5, 1, 3)
    );
    let reasons: Vec<_> = summary
        .reasons
        .iter()
        .map(|(reason, count)| (reason.property, reason.message.as_str(), *count))
        .collect();
    assert_eq!(
        reasons,
        [
            (
                "",
                "the line has 5 values for 4 columns; is a value with a delimiter not in quotes?",
                1
            ),
            ("phoneNumber", "is not a mobile number but a landline", 1),
            ("phoneNumber", "is required", 1),
        ]
    );
    let countries = summary.countries_by_count();
    let countries: Vec<_> = countries
        .iter()
        .map(|(region, count)| (region.as_str(), *count))
        .collect();
    assert_eq!(countries, [("GB", 3), ("FR", 1), ("US", 1)]);
    let kinds = summary.kinds_by_count().into_iter();
    let kinds: Vec<_> = kinds
        .map(|(kind, count)| (kind.map(|kind| kind.to_string()), count))
        .collect();
    assert_eq!(
        kinds,
        [
            (None, 2),
            (Some("a mobile".to_owned()), 2),
            (Some("a landline or mobile".to_owned()), 1),
        ]
    );
}

#[test]
fn a_line_in_another_encoding_is_refused_by_itself() {
    let file = b"phone,name\n07700900001,Zo\xc3\xab \xc3\xa9\n07700900002,Zo\xeb\n";
    let validated = validate(file, false, Format::Csv);
    assert_eq!(validated.summary.accepted, 1);
    assert!(
        validated
            .refused
            .contains("3,1,name,is not UTF-8 like the rest of the file,07700900002,Zo\u{fffd},"),
        "{}",
        validated.refused
    );
}

#[test]
fn a_json_campaign_stays_one() {
    let file = br#"{"sender":"ACME","message":"Hi","contacts":[{"phoneNumber":"07700 900001"},{"phoneNumber":7}]}"#;
    let validated = validate(file, false, Format::Json);
    assert_eq!(
        validated.accepted,
        "{\"sender\":\"ACME\",\"message\":\"Hi\",\"contacts\":[\n{\"phoneNumber\":\"+447700900001\"}\n]}\n"
    );
    assert!(
        validated
            .refused
            .ends_with("\n1,1,phoneNumber,must be a string,,,,,,\n"),
        "{}",
        validated.refused
    );
}

/// Blocks are checked at the same time, some quickly and some slowly, and come out in their order with the lines counted on.
#[test]
fn order_and_lines_are_kept_in_a_large_file() {
    let count = 30_000;
    let mut file = "phone,name\r\n".to_owned();
    for index in 0..count {
        let number = if index % 3 == 0 { "0777" } else { "07700 900" };
        file += &format!("{number}{:03},\"{index}\n\"\r\n", index % 1000);
    }
    let validated = validate(file.as_bytes(), false, Format::Ndjson);
    let mut accepted = (0..count).filter(|index| index % 3 != 0);
    for line in validated.accepted.lines() {
        let name = format!("\"name\":\"{}\\n\"", accepted.next().unwrap());
        assert!(line.contains(&name), "{line} {name}");
    }
    assert_eq!(accepted.next(), None);
    let refused: Vec<_> = validated
        .refused
        .split("\r\n")
        .flat_map(|text| text.split("\n\",,,,\n"))
        .collect();
    for (place, index) in (0..count).filter(|index| index % 3 == 0).enumerate() {
        let begin = format!("{},{index},phoneNumber,", 2 + index * 2);
        let line = refused[place]
            .rsplit("contactGroupId,timeZone\n")
            .next()
            .unwrap();
        assert!(line.starts_with(&begin), "{line} {begin}");
    }
}

#[test]
fn a_sink_that_is_full_ends_the_work() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let file = "phone\n".to_owned() + &"07700900001\n".repeat(100_000);
    let outcome = clarion_batch::Validation::new(&phones())
        .write_refused(Full)
        .write_accepted(clarion_batch::Output::new(Full, Format::Csv))
        .run(open(file.as_bytes()));
    let error = outcome.unwrap_err();
    assert!(matches!(error, FileError::Write(_)), "{error}");
}
