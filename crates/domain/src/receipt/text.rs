//! The text of a receipt: `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, or what is left of it.

/// What a receipt's text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptText {
    /// `id:`
    pub provider_id: Option<String>,
    /// `stat:` as written
    pub state: Option<String>,
    /// `err:`
    pub error: Option<String>,
}

/// A field's name, in any case before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    State,
    Error,
    /// One of those that nothing is taken from, but that mark a receipt.
    Other,
    /// The beginning of the message itself.
    Text,
}

const FIELDS: [(&str, Field); 10] = [
    ("id", Field::Id),
    ("stat", Field::State),
    ("err", Field::Error),
    ("text", Field::Text),
    ("sub", Field::Other),
    ("dlvrd", Field::Other),
    ("submit date", Field::Other),
    ("submitdate", Field::Other),
    ("done date", Field::Other),
    ("donedate", Field::Other),
];

/// How many fields make a text a receipt that nothing else marks as one: a person may well write "id: 5".
const TELLING_FIELDS: usize = 2;

impl ReceiptText {
    /// Reads the text of what may be a receipt, any fields missing or reordered; `None` where it looks like none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (receipt, fields) = Self::read_fields(text);
        (fields >= TELLING_FIELDS).then_some(receipt)
    }

    /// Reads the text of what is known to be a receipt, be there ever so little in it.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::read_fields(text).0
    }

    /// The message's own text comes last, and may hold anything, even what looks like fields: it is looked into only
    /// where nothing stood before it, for providers that put it first.
    fn read_fields(text: &str) -> (Self, usize) {
        let (receipt, fields, message) = Self::scan(text);
        if fields > 0 {
            return (receipt, fields);
        }
        let (receipt, fields, _) = Self::scan(message);
        (receipt, fields)
    }

    /// Reads fields as far as `text:`; gives what was read, of how many fields, and what comes after `text:`.
    fn scan(text: &str) -> (Self, usize, &str) {
        let mut receipt = Self::default();
        let mut fields = 0;
        let mut rest = text.trim_start_matches(is_gap);
        while !rest.is_empty() {
            let Some((field, after)) = field(rest) else {
                rest = word(rest).1;
                continue;
            };
            if field == Field::Text {
                return (receipt, fields, after);
            }
            let (value, after) = value(after);
            rest = after;
            if value.is_empty() {
                continue;
            }
            fields += 1;
            match field {
                Field::Id => receipt.provider_id = Some(value.to_owned()),
                Field::State => receipt.state = Some(value.to_owned()),
                Field::Error => receipt.error = Some(value.to_owned()),
                Field::Other | Field::Text => {}
            }
        }
        (receipt, fields, "")
    }
}

/// The field that a text begins with, and what comes after its colon.
fn field(text: &str) -> Option<(Field, &str)> {
    FIELDS.into_iter().find_map(|(name, field)| {
        let beginning = text.get(..name.len())?;
        let after = text[name.len()..].strip_prefix(':')?;
        beginning
            .eq_ignore_ascii_case(name)
            .then(|| (field, after.trim_start_matches(is_gap)))
    })
}

/// The value that a text begins with, empty where the next field begins at once; and what comes after it.
fn value(text: &str) -> (&str, &str) {
    match field(text) {
        Some(_) => ("", text),
        None => word(text),
    }
}

fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_at(text.find(is_gap).unwrap_or(text.len()));
    (word, rest.trim_start_matches(is_gap))
}

/// Some providers end the text with a NUL, as C does.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receipt(id: &str, state: &str, error: &str) -> ReceiptText {
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        ReceiptText {
            provider_id: some(id),
            state: some(state),
            error: some(error),
        }
    }

    fn check(text: &str, id: &str, state: &str, error: &str) {
        assert_eq!(
            ReceiptText::parse(text),
            Some(receipt(id, state, error)),
            "{text}"
        );
    }

    #[test]
    fn the_usual_text() {
        check(
            "id:0123456789 sub:001 dlvrd:001 submit date:2306270304 done date:2306270305 stat:DELIVRD err:000 text:Hi there",
            "0123456789",
            "DELIVRD",
            "000",
        );
    }

    #[test]
    fn fields_may_be_missing_or_reordered() {
        check("id:1 stat:DELIVRD", "1", "DELIVRD", "");
        check("stat:UNDELIV err:0A1 id:1", "1", "UNDELIV", "0A1");
        check("sub:001 dlvrd:000 stat:EXPIRED", "", "EXPIRED", "");
        check("id:1 done date:2306270305", "1", "", "");
        check("text:Hi id:1 stat:DELIVRD err:7", "1", "DELIVRD", "7");
    }

    #[test]
    fn names_are_written_in_many_ways() {
        check("ID:1 STAT:REJECTED ERR:x9 TEXT:a", "1", "REJECTED", "x9");
        check(
            "id:1 submitdate:230627030401 donedate:20230627030401 stat:FAILED err:1 Text:",
            "1",
            "FAILED",
            "1",
        );
        check(
            "id:1\r\nsubmit date:0000000000\tdone date:0 stat:DELIVERED err:EC_UNKNOWN\0",
            "1",
            "DELIVERED",
            "EC_UNKNOWN",
        );
        check("\0id: 1  stat: DELIVRD  err: 0", "1", "DELIVRD", "0");
    }

    #[test]
    fn an_id_is_whatever_stands_there() {
        let long = "a".repeat(65);
        for id in [
            "0af-3-B",
            "c0ffee00-0000-4000-8000-000000000001",
            "a:b",
            &long,
        ] {
            check(&format!("id:{id} stat:DELIVRD"), id, "DELIVRD", "");
        }
    }

    #[test]
    fn a_field_without_a_value_is_missing() {
        check("id: sub:001 stat:DELIVRD err:", "", "DELIVRD", "");
    }

    #[test]
    fn the_message_s_own_text_says_nothing() {
        check(
            "id:1 sub:001 stat:DELIVRD text:stat:FAILED err:9 id:2",
            "1",
            "DELIVRD",
            "",
        );
        check("id:1 sub:001 Text: id:2 stat:DELIVRD", "1", "", "");
    }

    #[test]
    fn what_a_person_writes_is_no_receipt() {
        for text in [
            "",
            "STOP",
            "id:5 please",
            "my status: fine, err: none, paid:12 valid:34",
            "text: me",
            "done date",
            "stat DELIVRD id 1",
            "\u{fffd}:ü",
        ] {
            assert_eq!(ReceiptText::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_known_to_be_a_receipt_may_say_little() {
        assert_eq!(ReceiptText::read(""), ReceiptText::default());
        assert_eq!(
            ReceiptText::read("stat:DELIVRD"),
            receipt("", "DELIVRD", "")
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(id|stat|err|text|done date|ſtat|é|:| |\0|[a-z0-9]){0,30}") {
            let read = ReceiptText::read(&text);
            for value in [read.provider_id, read.state, read.error].into_iter().flatten() {
                prop_assert!(!value.is_empty() && !value.contains(is_gap));
                prop_assert!(text.contains(&value));
            }
        }

        #[test]
        fn every_order_of_the_fields_says_the_same(
            fields in Just(vec!["id:7-a", "sub:001", "submit date:2306270304", "stat:DELIVRD", "err:012"]).prop_shuffle(),
        ) {
            prop_assert_eq!(
                ReceiptText::parse(&fields.join(" ")),
                Some(receipt("7-a", "DELIVRD", "012"))
            );
        }
    }
}
