//! What a preview shows and counts.

use clarion_batch::{Previewed, Previewing};
use clarion_domain::phone::Region;
use clarion_domain::sender_policy::SenderBreaches;
use clarion_domain::tariff::{Price, Tariffs};
use clarion_domain::template::Template;
use clarion_domain::text::{Reference, SegmentLimit};

use crate::{open, phones};

const FILE: &str = "phone,name\n07700 900001,Ann\n07700 900002,Siân\n07700 900001,Zoë again\n020 7946 0018,Bob\n+1 415 555 2671,\n";

fn preview(message: &str, file: &str) -> Previewed {
    preview_in(message, file, false)
}

fn preview_in(message: &str, file: &str, smart: bool) -> Previewed {
    let price = Price { millionths: 30_000 };
    let tariffs = Tariffs {
        countries: [(Region::new("GB").unwrap(), price)].into(),
        ..Tariffs::default()
    };
    let previewing = Previewing {
        phones: &phones(),
        message: &Template::parse(message).unwrap().with_links(true, None),
        opt_out: Some("https://c.example/o/12345678"),
        track_link: None,
        smart,
        limit: SegmentLimit {
            max: 2,
            reference: Reference::EightBit,
        },
        tariffs: &tariffs,
        sender_breaches: &SenderBreaches::new(),
        samples: 2,
    };
    previewing.run(open(file.as_bytes())).unwrap()
}

#[test]
fn messages_are_put_into_words_once_for_each_number() {
    let previewed = preview("Hi {Name|there}.", FILE);
    let texts: Vec<_> = previewed
        .samples
        .first
        .iter()
        .map(|sample| (sample.place, sample.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (2, "Hi Ann. https://c.example/o/12345678"),
            (3, "Hi Siân. https://c.example/o/12345678"),
        ]
    );
    let contacts = &previewed.contacts;
    assert_eq!(
        (contacts.accepted, contacts.duplicates, contacts.refused),
        (3, 1, 1)
    );
    let messages = &previewed.messages;
    assert_eq!(
        (messages.messages, messages.parts, messages.ucs2),
        (3, 3, 1)
    );
    assert_eq!(messages.forced_by, [('â', 1)].into());
    assert_eq!(messages.cost().to_string(), "0.06");
}

#[test]
fn the_longest_message_is_the_one_of_most_parts() {
    let file = format!(
        "phone,name\n07700 900001,{}\n07700 900002,{}\n",
        "a".repeat(150),
        "ŵ".repeat(110)
    );
    let previewed = preview("{Name}", &file);
    let longest = previewed.samples.longest.unwrap();
    assert_eq!((longest.place, longest.measured.segments.count), (3, 3));
    assert_eq!(longest.measured.forced_by, Some('ŵ'));
    assert_eq!(previewed.messages.by_parts, [(2, 1), (3, 1)].into());
    assert_eq!(previewed.messages.too_long, 1);
}

#[test]
fn messages_of_too_many_parts_are_counted() {
    let previewed = preview(&"{Name} ".repeat(100), FILE);
    assert_eq!(previewed.messages.too_long, 2);
}

#[test]
fn a_file_without_valid_contacts_has_no_messages() {
    let previewed = preview("Hi", "phone\n1\n");
    assert_eq!(previewed.samples.longest, None);
    assert_eq!(previewed.messages.messages, 0);
}

#[test]
fn look_alikes_stand_where_they_spare_a_message_the_larger_alphabet() {
    let file = "phone,name\n07700 900001,Siân\n07700 900002,王\n";
    let previewed = preview_in("“Hi” {Name}", file, true);
    let texts: Vec<_> = previewed
        .samples
        .first
        .iter()
        .map(|sample| &sample.text[..sample.text.find(" https").unwrap()])
        .collect();
    assert_eq!(texts, ["\"Hi\" Sian", "“Hi” 王"]);
    assert_eq!(
        (previewed.messages.messages, previewed.messages.ucs2),
        (2, 1)
    );
}
