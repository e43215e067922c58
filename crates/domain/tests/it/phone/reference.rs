//! Agreement with the reference, Google's libphonenumber, over a frozen corpus that `phone_corpus.py` made with the very
//! version of the metadata that is compiled in.

use std::collections::BTreeMap;

use clarion_domain::phone::{NumberKind, PhoneNumber, PhoneRefusal, PhoneRules};

use super::rules;

/// What the reference says of a number: its type, and where valid its region and E.164 form.
#[derive(Debug)]
struct Row<'a> {
    home: &'a str,
    written: &'a str,
    kind: &'a str,
    region: &'a str,
    e164: &'a str,
}

/// Why ours differs from the reference where it does so on purpose.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deliberate {
    /// It reads letters as a keypad's digits, drops words before the number, and keeps extensions. A word is rather a
    /// slipped column, and no text message reaches an extension.
    Letters,
    /// It stumbles over some white space and characters without width, as mail and chat programs leave them.
    Blanks,
    /// It understands `00` only where people dial it to reach other countries.
    DoubleZero,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    include_str!("../phone_corpus.tsv").lines().map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().expect("five columns");
        let (home, written, kind, region, e164) = (next(), next(), next(), next(), next());
        Row {
            home,
            written,
            kind,
            region,
            e164,
        }
    })
}

/// The reference's name of a kind.
fn name(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Premium => "PREMIUM_RATE",
        NumberKind::Freephone => "TOLL_FREE",
        NumberKind::SharedCost => "SHARED_COST",
        NumberKind::Voip => "VOIP",
        NumberKind::Personal => "PERSONAL_NUMBER",
        NumberKind::Pager => "PAGER",
        NumberKind::Company => "UAN",
        NumberKind::Voicemail => "VOICEMAIL",
        NumberKind::Landline => "FIXED_LINE",
        NumberKind::Mobile => "MOBILE",
        NumberKind::LandlineOrMobile => "FIXED_LINE_OR_MOBILE",
    }
}

fn agrees(row: &Row<'_>, ours: Result<PhoneNumber, PhoneRefusal>) -> bool {
    match ours {
        Ok(number) => {
            let mobile = matches!(row.kind, "MOBILE" | "FIXED_LINE_OR_MOBILE");
            mobile && number.to_string() == row.e164 && number.region().as_str() == row.region
        }
        Err(PhoneRefusal::NotMobile { kind }) => name(kind) == row.kind,
        Err(_) => row.kind == "-",
    }
}

fn deliberate(row: &Row<'_>, ours: Result<PhoneNumber, PhoneRefusal>) -> Option<Deliberate> {
    let refused_there = row.kind == "-";
    let wordy = |sign: char| sign.is_ascii_alphabetic() || ";*#".contains(sign);
    match ours {
        Err(PhoneRefusal::Letters | PhoneRefusal::Sign) if row.written.contains(wordy) => {
            Some(Deliberate::Letters)
        }
        Ok(_) if refused_there && row.written.contains(['\u{2003}', '\u{202F}']) => {
            Some(Deliberate::Blanks)
        }
        Ok(_) if refused_there && row.written.starts_with("00") => Some(Deliberate::DoubleZero),
        _ => None,
    }
}

#[test]
fn nothing_differs_but_what_is_meant_to() {
    let mut homes: BTreeMap<&str, PhoneRules> = BTreeMap::new();
    let (mut deliberately, mut wrongly, mut all) = (BTreeMap::new(), Vec::new(), 0);
    for row in rows() {
        let ours = homes
            .entry(row.home)
            .or_insert_with(|| rules(row.home))
            .parse(row.written);
        all += 1;
        if agrees(&row, ours) {
            continue;
        }
        match deliberate(&row, ours) {
            Some(reason) => *deliberately.entry(reason).or_insert(0) += 1,
            None => wrongly.push(format!("{row:?}: {ours:?}")),
        }
    }
    assert!(
        wrongly.is_empty(),
        "{} of {all}:\n{}",
        wrongly.len(),
        wrongly.join("\n")
    );
    assert!(deliberately.len() == 3 && all > 15_000, "{deliberately:?}");
}

#[test]
fn every_accepted_number_reads_as_itself_elsewhere() {
    let elsewhere = rules("IT");
    let accepted = rows().filter(|row| matches!(row.kind, "MOBILE" | "FIXED_LINE_OR_MOBILE"));
    let numbers = accepted.map(|row| (row.e164, elsewhere.parse(row.e164)));
    for (e164, again) in numbers {
        assert_eq!(again.map(|number| number.to_string()), Ok(e164.to_owned()));
    }
}
