//! Faults of a request, each with the JSON path of the offending property, as the contract's `errors` object shows them.

/// How many faults an answer lists by name; the rest is only counted.
pub const LISTED_FAULTS: usize = 1_000;

/// One fault: where it is and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON path of the property, as in `contacts[3].phoneNumber`.
    pub path: String,
    /// What is wrong, readable after the property's name: "is required".
    pub message: String,
}

/// The faults of one request: the first [`LISTED_FAULTS`] by name, and how many there were in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    count: u64,
}

impl Faults {
    /// Records a fault; beyond [`LISTED_FAULTS`] it is only counted.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < LISTED_FAULTS {
            self.listed.push(Fault {
                path: path.into(),
                message: message.into(),
            });
        }
    }

    /// Takes over what another check found.
    pub fn extend(&mut self, other: Self) {
        let room = LISTED_FAULTS - self.listed.len();
        self.count += other.count;
        self.listed.extend(other.listed.into_iter().take(room));
    }

    /// No fault at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there were, listed or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The listed ones, in the order they were found.
    #[must_use]
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }

    /// `Ok` where nothing was found, so that a check can end with `?`.
    ///
    /// # Errors
    /// The faults themselves, where there is at least one.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// What was found, for a message: the first `most` characters of it.
pub(crate) fn excerpt(found: &str, most: usize) -> String {
    match found.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &found[..end]),
        None => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: usize) -> Faults {
        let mut faults = Faults::default();
        for index in 0..count {
            faults.add(format!("contacts[{index}]"), "is wrong");
        }
        faults
    }

    #[test]
    fn the_first_thousand_are_listed_and_all_are_counted() {
        let faults = many(LISTED_FAULTS + 5);
        assert_eq!(faults.count(), 1_005);
        assert_eq!(faults.listed().len(), LISTED_FAULTS);
        assert_eq!(faults.listed()[999].path, "contacts[999]");
    }

    #[test]
    fn taking_over_keeps_the_limit_and_the_count() {
        let mut faults = many(LISTED_FAULTS - 1);
        faults.extend(many(3));
        faults.extend(many(LISTED_FAULTS + 1));
        assert_eq!(faults.count(), 999 + 3 + 1_001);
        assert_eq!(faults.listed().len(), LISTED_FAULTS);
        assert_eq!(faults.listed()[999].path, "contacts[0]");
    }

    #[test]
    fn an_excerpt_is_cut_off_between_characters() {
        assert_eq!(excerpt("éé", 2), "éé");
        assert_eq!(excerpt("ééé", 2), "éé…");
        assert_eq!(excerpt("", 0), "");
    }

    #[test]
    fn no_fault_is_a_pass() {
        assert_eq!(Faults::default().into_result(), Ok(()));
        assert_eq!(many(2).into_result(), Err(many(2)));
    }
}
