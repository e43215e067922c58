//! Contacts keep their values from format to format.

use clarion_batch::{CampaignHeader, Conversion, Converted, Format, Output};

use crate::open;

fn convert(file: &[u8], format: Format) -> (String, Converted) {
    let mut text = Vec::new();
    let converted = Conversion::new(Output::new(&mut text, format))
        .run(open(file))
        .unwrap();
    (String::from_utf8(text).unwrap(), converted)
}

const CSV: &str = "\
phoneNumber,name,custom1,custom2,contactGroupId,timeZone
not a number,\"Zoë \"\"Z\"\"
x\",,\"a,b\",g,Asia/Tokyo
07700 900001,,,,,
";

#[test]
fn there_and_back_again() {
    for format in [Format::Ndjson, Format::Json] {
        let (converted, counts) = convert(CSV.as_bytes(), format);
        assert_eq!(counts.contacts, 2);
        let (back, _) = convert(converted.as_bytes(), Format::Csv);
        assert_eq!(back, CSV);
    }
}

#[test]
fn a_campaign_is_written_around_the_contacts() {
    let mut text = Vec::new();
    Conversion::new(Output::new(&mut text, Format::Json))
        .campaign(CampaignHeader {
            sender: Some("ACME".to_owned()),
            message: Some("Hi".to_owned()),
            ..CampaignHeader::default()
        })
        .run(open(b"phone\n1\n"))
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let wanted =
        serde_json::json!({"sender": "ACME", "message": "Hi", "contacts": [{"phoneNumber": "1"}]});
    assert_eq!(body, wanted);
}

#[test]
fn a_campaign_without_contacts_is_json_too() {
    let (text, counts) = convert(br#"{"sender":"A","contacts":[]}"#, Format::Json);
    assert_eq!(counts.contacts, 0);
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body, serde_json::json!({"sender": "A", "contacts": []}));
}

#[test]
fn unreadable_lines_are_left_out_and_told() {
    let file = b"{\"phoneNumber\":\"1\"}\n{oops}\n{\"phoneNumber\":2}\n[]\n{\"phoneNumber\":\"3\"}";
    let (text, converted) = convert(file, Format::Ndjson);
    assert_eq!(text, "{\"phoneNumber\":\"1\"}\n{\"phoneNumber\":\"3\"}\n");
    assert_eq!((converted.contacts, converted.unreadable), (2, 3));
    let told: Vec<_> = converted
        .faults
        .iter()
        .map(|(line, fault)| (*line, fault.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "the line is no JSON: key must be a string"),
            (3, "phoneNumber must be a string"),
            (4, "must be an object"),
        ]
    );
}

#[test]
fn a_place_in_the_outcome_leads_back_to_its_line() {
    let file = "phone,name\n1,a\n2,b,too many\n\"3\",\"c\nc\"\n4,d\n";
    let (_, converted) = convert(file.as_bytes(), Format::Json);
    assert_eq!((converted.contacts, converted.unreadable), (3, 1));
    let lines = open(file.as_bytes()).lines_of(&[1, 2, 9]).unwrap();
    assert_eq!(lines.into_iter().collect::<Vec<_>>(), [(1, 4), (2, 6)]);
}
