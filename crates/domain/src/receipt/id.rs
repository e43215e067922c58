//! The forms of a provider's message id. A receipt may write the id of its submit response in another base, in another
//! case, with or without leading zeros; messages are kept and found under the canonical form of the response's id.

/// How a route's receipts write the ids of its submit responses; case and leading zeros never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IdForm {
    /// Alike.
    #[default]
    Same,
    /// The response in hexadecimal, the receipt in decimal.
    DecimalOfHexadecimal,
    /// The response in decimal, the receipt in hexadecimal.
    HexadecimalOfDecimal,
}

impl IdForm {
    /// Every form there is.
    pub const ALL: [Self; 3] = [
        Self::Same,
        Self::DecimalOfHexadecimal,
        Self::HexadecimalOfDecimal,
    ];
}

/// The canonical form of an id as it came in a submit response: lower case, and no leading zeros where it is a number.
#[must_use]
pub fn canonical_id(raw: &str) -> String {
    let id = raw.trim().to_ascii_lowercase();
    if !is_number(&id) {
        return id;
    }
    match id.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

/// The canonical form of the submit response's id that an id in a receipt stands for; an id that is no number of the
/// expected base stands for itself.
#[must_use]
pub fn response_id(raw: &str, form: IdForm) -> String {
    converted(raw, form).unwrap_or_else(|| canonical_id(raw))
}

/// What an id in a receipt may stand for on a route whose form is not known, each once. Where more than one of them
/// finds a message, it is not known which is meant, and none may be taken.
#[must_use]
pub fn id_candidates(raw: &str) -> Vec<String> {
    let mut candidates = Vec::with_capacity(IdForm::ALL.len());
    for form in IdForm::ALL {
        let id = response_id(raw, form);
        if !candidates.contains(&id) {
            candidates.push(id);
        }
    }
    candidates
}

/// The one form by which an id in a receipt would stand for an id that a submit response gave: the hint what to set on a
/// route whose receipts do not match. `None` where no form does, or more than one.
pub fn fitting_form(raw: &str, was_given: impl Fn(&str) -> bool) -> Option<IdForm> {
    let candidates = id_candidates(raw);
    let mut given = candidates.iter().filter(|id| was_given(id));
    let (Some(id), None) = (given.next(), given.next()) else {
        return None;
    };
    IdForm::ALL
        .into_iter()
        .find(|form| response_id(raw, *form) == *id)
}

fn converted(raw: &str, form: IdForm) -> Option<String> {
    let id = raw.trim();
    if !is_number(id) {
        return None;
    }
    match form {
        IdForm::Same => None,
        IdForm::DecimalOfHexadecimal => id.parse::<u128>().ok().map(|id| format!("{id:x}")),
        IdForm::HexadecimalOfDecimal => u128::from_str_radix(id, 16).ok().map(|id| id.to_string()),
    }
}

/// Whether there is nothing but hexadecimal digits; `parse` alone would take a sign as well.
fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_leading_zeros_do_not_count() {
        for (raw, canonical) in [
            ("00AB12", "ab12"),
            (" 0123 ", "123"),
            ("0000", "0"),
            ("", ""),
            ("0-0A", "0-0a"),
            ("00msg7", "00msg7"),
        ] {
            assert_eq!(canonical_id(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn each_form_leads_to_the_response_s_id() {
        for (raw, form, id) in [
            ("0000ABC", IdForm::Same, "abc"),
            ("2748", IdForm::DecimalOfHexadecimal, "abc"),
            ("0002748", IdForm::DecimalOfHexadecimal, "abc"),
            ("00aBC", IdForm::HexadecimalOfDecimal, "2748"),
            // No number of that base.
            ("abc", IdForm::DecimalOfHexadecimal, "abc"),
            ("a-1", IdForm::HexadecimalOfDecimal, "a-1"),
            ("+12", IdForm::DecimalOfHexadecimal, "+12"),
        ] {
            assert_eq!(response_id(raw, form), id, "{raw} {form:?}");
        }
    }

    #[test]
    fn an_id_of_65_characters_stands_for_itself() {
        let raw = "F".repeat(65);
        assert_eq!(id_candidates(&raw), ["f".repeat(65)]);
    }

    #[test]
    fn an_unknown_form_leaves_several_candidates() {
        assert_eq!(id_candidates("0010"), ["10", "a", "16"]);
        assert_eq!(id_candidates("1F"), ["1f", "31"]);
        assert_eq!(id_candidates("7"), ["7"]);
        assert_eq!(id_candidates("c0-1"), ["c0-1"]);
    }

    #[test]
    fn the_form_that_fits_is_told_where_there_is_one() {
        let check = |raw: &str, given: &[&str], form| {
            assert_eq!(fitting_form(raw, |id| given.contains(&id)), form, "{raw}");
        };
        check("2748", &["abc"], Some(IdForm::DecimalOfHexadecimal));
        check("ABC", &["2748"], Some(IdForm::HexadecimalOfDecimal));
        check("00ABC", &["abc"], Some(IdForm::Same));
        check("10", &["10", "a"], None);
        check("10", &["11"], None);
    }

    proptest! {
        #[test]
        fn a_number_is_found_in_whatever_form_its_receipt_has(id: u128, zeros in 0_usize..5) {
            let zeros = "0".repeat(zeros);
            let (decimal, hexadecimal) = (format!("{zeros}{id}"), format!("{zeros}{id:X}"));
            for (response, receipt, form) in [
                (&decimal, &decimal, IdForm::Same),
                (&hexadecimal, &hexadecimal, IdForm::Same),
                (&hexadecimal, &decimal, IdForm::DecimalOfHexadecimal),
                (&decimal, &hexadecimal, IdForm::HexadecimalOfDecimal),
            ] {
                let stored = canonical_id(response);
                prop_assert_eq!(&response_id(receipt, form), &stored);
                prop_assert!(id_candidates(receipt).contains(&stored));
            }
        }

        #[test]
        fn a_canonical_form_is_its_own(raw in "\\PC{0,70}") {
            let canonical = canonical_id(&raw);
            prop_assert_eq!(canonical_id(&canonical), canonical);
        }
    }
}
