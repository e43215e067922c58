//! Phone numbers: the forms that are accepted, the refusals, and what holds for any input.

mod reference;

use clarion_domain::phone::{NumberKind, PhoneNumber, PhoneRules, Region};
use proptest::prelude::*;

fn region(code: &str) -> Region {
    Region::new(code).expect("a region of libphonenumber")
}

fn rules(code: &str) -> PhoneRules {
    PhoneRules::new(region(code), false)
}

/// The E.164 number, or the refusal's message.
fn parse(home: &str, written: &str) -> Result<String, String> {
    let parsed = rules(home).parse(written);
    parsed
        .map(|number| number.to_string())
        .map_err(|refusal| refusal.to_string())
}

#[track_caller]
fn check_accepted(home: &str, written: &str, e164: &str, of: &str) {
    let number = rules(home).parse(written);
    let found = number.map(|number| (number.to_string(), number.region()));
    assert_eq!(
        found,
        Ok((e164.to_owned(), region(of))),
        "{home} {written:?}"
    );
}

#[test]
fn a_number_knows_its_kind() {
    for (e164, of, kind) in [
        ("+447722123456", "GB", Some(NumberKind::Mobile)),
        ("+14155552671", "US", Some(NumberKind::LandlineOrMobile)),
        ("+390236618300", "IT", Some(NumberKind::Landline)),
        ("+447700900001", "GB", None),
        ("+999", "GB", None),
    ] {
        let number = PhoneNumber::from_stored(e164, region(of)).expect("a number");
        assert_eq!(number.kind(), kind, "{e164}");
    }
}

#[test]
fn every_written_form_of_a_british_mobile() {
    for written in [
        "07722 123456",
        "07722123456",
        "(07722) 123-456",
        "07722.123.456",
        "07722/123456",
        "[07722] 123456",
        "7722123456",
        "447722123456",
        "+44 7722 123456",
        "+44 (0)7722 123456",
        "(+44) 7722 123456",
        "+44(0) 7722-123-456",
        "00447722123456",
        "0044 (0) 7722 123456",
        "+00447722123456",
        "tel:+447722123456",
        "TEL: +44 7722 123456",
        "tel:07722-123456",
        "07722\u{A0}123\u{202F}456",
        "\u{200B}0772\u{200D}2123456\u{FEFF}",
        "\u{202A}+44 7722 123456\u{202C}",
        "０７７２２１２３４５６",
        "＋４４　７７２２　１２３４５６",
        "٠٧٧٢٢١٢٣٤٥٦",
        "०७७२२ १२३४५६",
        "𝟎𝟕𝟕𝟐𝟐𝟏𝟐𝟑𝟒𝟓𝟔",
        "'07722123456",
        "’07722 123456",
        "'+447722123456",
        "\"07722 123456\"",
        "07722 – 123456",
        "\t07722 123456\r\n",
    ] {
        check_accepted("GB", written, "+447722123456", "GB");
    }
}

#[test]
fn numbers_of_other_countries() {
    for (home, written, e164, of) in [
        // Leading zeros belong to the number where there is no trunk prefix.
        ("GB", "+225 07 01 02 03 04", "+2250701020304", "CI"),
        ("CI", "07 01 02 03 04", "+2250701020304", "CI"),
        ("GB", "+241 06 03 12 34", "+24106031234", "GA"),
        ("IT", "312 345 6789", "+393123456789", "IT"),
        // Argentina's mobiles are written with 15 at home and with 9 abroad.
        ("AR", "011 15 2345 6789", "+5491123456789", "AR"),
        ("GB", "+54 9 11 2345 6789", "+5491123456789", "AR"),
        // A carrier's code before the number.
        ("BR", "0 15 11 96123 4567", "+5511961234567", "BR"),
        ("MX", "222 123 4567", "+522221234567", "MX"),
        ("US", "(201) 555-0123", "+12015550123", "US"),
        ("US", "011 44 7722 123456", "+447722123456", "GB"),
        ("US", "00 44 7722 123456", "+447722123456", "GB"),
        ("DE", "0151 23456789", "+4915123456789", "DE"),
        ("FR", "06 12 34 56 78", "+33612345678", "FR"),
        ("RU", "8 (912) 345-67-89", "+79123456789", "RU"),
        // Regions that share a country code.
        ("GB", "+44 7781 123456", "+447781123456", "GG"),
        ("GB", "07797 712345", "+447797712345", "JE"),
        ("GB", "07624 123456", "+447624123456", "IM"),
        ("GB", "+1 416 234 5678", "+14162345678", "CA"),
        ("GB", "+1 876 210 1234", "+18762101234", "JM"),
        ("GB", "+7 771 000 9998", "+77710009998", "KZ"),
        ("001", "+447722123456", "+447722123456", "GB"),
    ] {
        check_accepted(home, written, e164, of);
    }
}

#[test]
fn each_refusal_says_why() {
    const SCIENTIFIC: &str = "a spreadsheet has turned this number into scientific notation";
    const SIGN: &str = "contains a sign that does not belong there";
    const CODE: &str = "unknown country code";
    const SHORT: &str = "emergency and short numbers cannot be written to";
    const TEST: &str = "test numbers (Ofcom's drama range) are not allowed";
    for (home, written, reason) in [
        ("GB", "hello", "contains letters"),
        ("GB", "0800 FLOWERS", "contains letters"),
        ("GB", "07722 123456 ext. 7", "contains letters"),
        ("GB", "абв 0772", "contains letters"),
        ("GB", "4.47722E+11", SCIENTIFIC),
        ("GB", "4,47722e11", SCIENTIFIC),
        ("GB", "'4E+11", SCIENTIFIC),
        ("GB", "07722#123456", SIGN),
        ("GB", "07722+123456", SIGN),
        ("GB", "+ - ()", "contains no digits"),
        ("GB", "07722 12345", "too short for GB"),
        ("GB", "07000 00000", "too short for GB"),
        ("GB", "0772", "too short for GB"),
        ("GB", "12", "too short for GB"),
        ("GB", "+44", "too short for GB"),
        ("GB", "+33 6 12 34 56 7", "too short for FR"),
        ("GB", "07722 1234567", "too long for GB"),
        ("GB", "+33 6 12 34 56 789", "too long for FR"),
        (
            "GB",
            "+447722123456447722123456447722123456",
            "too long for GB",
        ),
        ("GB", "+999 7722 123456", CODE),
        ("GB", "+0 7722 123456", CODE),
        ("001", "07722 123456", CODE),
        ("GB", "999", SHORT),
        ("GB", "112", SHORT),
        ("US", "911", SHORT),
        ("AU", "000", SHORT),
        ("GB", "60000", SHORT),
        ("GB", "118118", SHORT),
        ("GB", "07700 900123", TEST),
        ("GB", "+44 (0)7700 900999", TEST),
        (
            "GB",
            "+387 61 123 4567",
            "no such range in the numbering plan of BA",
        ),
    ] {
        let message = format!("is not a valid phone number: {reason}");
        assert_eq!(parse(home, written), Err(message), "{home} {written:?}");
    }
    for blank in ["", " \u{A0}\u{200B}", "'"] {
        assert_eq!(parse("GB", blank), Err("is required".to_owned()));
    }
}

#[test]
fn numbers_that_receive_no_texts_are_called_by_their_kind() {
    for (home, written, kind) in [
        ("GB", "020 7946 0018", "a landline"),
        ("GB", "0909 8790000", "a premium rate number"),
        ("GB", "070 1234 5678", "a personal number"),
        ("GB", "07640 123456", "a pager"),
        ("GB", "0800 123 4567", "a freephone number"),
        ("GB", "056 1234 5678", "a VoIP number"),
        ("GB", "055 1234 5678", "a company number (UAN)"),
        ("FR", "0884 01 23 45", "a shared cost number"),
        ("DE", "0177 991234567", "a voicemail number"),
    ] {
        let message = format!("is not a mobile number but {kind}");
        assert_eq!(parse(home, written), Err(message), "{home} {written:?}");
    }
}

#[test]
fn the_drama_range_passes_where_it_is_allowed() {
    let rules = PhoneRules::new(region("US"), true);
    for last in ["000", "123", "999"] {
        let number = rules.parse(&format!("+44 7700 900{last}"));
        let found = number.map(|number| (number.to_string(), number.region()));
        assert_eq!(found, Ok((format!("+447700900{last}"), region("GB"))));
    }
    let landline = rules.parse("020 7946 0018");
    assert!(landline.is_err(), "only the mobile range is meant");
}

#[test]
fn regions_are_those_of_libphonenumber() {
    assert_eq!(
        Region::new("gb").map(|gb| gb.to_string()),
        Some("GB".into())
    );
    assert_eq!(region("001").as_str(), "001");
    for unknown in ["", "G", "XX", "UK", "GBR", "ÄB", "GB\0", "G B"] {
        assert_eq!(Region::new(unknown), None, "{unknown:?}");
    }
    assert_eq!(rules("FR").default_region(), region("FR"));
}

#[test]
fn stored_numbers_come_back_as_they_were() {
    let gb = region("GB");
    let number = rules("GB").parse("07722 123456").expect("a mobile");
    assert_eq!(PhoneNumber::from_stored("+447722123456", gb), Some(number));
    assert_eq!(number.digits(), 447_722_123_456);
    for broken in ["", "+", "447722123456", "++447722123456", "+44 77", "+4a"] {
        assert_eq!(PhoneNumber::from_stored(broken, gb), None, "{broken:?}");
    }
}

/// Texts out of the signs that matter, so that many get far.
fn written() -> impl Strategy<Value = String> {
    "['+0-9 ().\\-/a-eEx#\u{A0}\u{200B}０-９٠-٩]{0,24}|[+]?[0-9]{1,20}"
}

fn home() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GB", "US", "IT", "CI", "AR", "BR", "JP", "GG", "001"])
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(home in home(), text in any::<String>()) {
        let _ = rules(home).parse(&text);
    }

    #[test]
    fn e164_reads_as_itself(home in home(), other in home(), text in written()) {
        if let Ok(number) = rules(home).parse(&text) {
            prop_assert_eq!(rules(other).parse(&number.to_string()), Ok(number));
        }
    }

    #[test]
    fn spacing_changes_nothing(
        home in home(),
        digits in "[+]?[0-9]{1,16}",
        at in any::<prop::sample::Index>(),
        sign in prop::sample::select(vec![" ", "-", ".", "\u{A0}", "\u{200B}", ")", " - "]),
    ) {
        let mut spaced = digits.clone();
        spaced.insert_str(at.index(digits.len() + 1), sign);
        prop_assert_eq!(rules(home).parse(&spaced), rules(home).parse(&digits));
    }
}
