//! From a body's contacts into the engine's intake, one by one, whatever the body's format.

use actix_web::http::header::HeaderName;
use clarion_engine::{IntakeRefusal, IntakeReport, Load};
use serde::de::{Error, SeqAccess};

use super::row::{CONTACT, Form, ReadRow, Row};
use crate::body::value::Any;
use crate::body::{Gauge, Unreadable};
use crate::problem::Problem;

/// What faults and reasons call the contacts, also where nothing in the body is called so.
pub(crate) const CONTACTS: &str = "contacts";

const X_INVALID_CONTACTS: HeaderName = HeaderName::from_static("x-invalid-contacts");
const X_DUPLICATE_CONTACTS: HeaderName = HeaderName::from_static("x-duplicate-contacts");

/// The reading was ended by the taker of the contacts, who knows why.
#[derive(Debug, thiserror::Error)]
#[error("no more contacts are taken")]
pub(crate) struct Stopped;

/// Passes contacts on to the engine's intake, and remembers why it wants no more.
pub(crate) struct Taker {
    pub(crate) load: Load,
    refusal: Option<IntakeRefusal>,
}

impl Taker {
    pub(crate) fn new(load: Load) -> Self {
        Self {
            load,
            refusal: None,
        }
    }

    /// Takes the contact in the row. `Err` ends the reading.
    pub(crate) fn take(&mut self, row: &mut Row) -> Result<(), Stopped> {
        let taken = match row.take() {
            Ok(contact) => self.load.contact(contact),
            Err(refusal) => self.load.unreadable_contact(&refusal),
        };
        taken.map_err(|refusal| {
            self.refusal = Some(refusal);
            Stopped
        })
    }

    /// The reason why reading ended early: the intake's, or the body's own. Nothing is left behind before it is told.
    pub(crate) fn stopped_by(self, unreadable: Unreadable) -> Problem {
        self.load.give_up();
        match self.refusal {
            Some(refusal) => refusal.into(),
            None => unreadable.into(),
        }
    }
}

/// The headers that tell how many contacts were left out.
pub(crate) fn counts(report: &IntakeReport) -> [(HeaderName, u64); 2] {
    [
        (X_INVALID_CONTACTS, report.invalid),
        (X_DUPLICATE_CONTACTS, report.duplicates),
    ]
}

/// Reads the elements of a JSON array as contacts. Without a taker they are read over.
pub(crate) fn read_elements<'de, A: SeqAccess<'de>>(
    array: A,
    gauge: &Gauge,
    take: impl FnMut(&mut Row) -> Result<(), Stopped>,
) -> Result<(), A::Error> {
    read_elements_of(&CONTACT, array, gauge, take)
}

/// [`read_elements`] of any form.
pub(super) fn read_elements_of<'de, A: SeqAccess<'de>>(
    form: &'static Form,
    mut array: A,
    gauge: &Gauge,
    mut take: impl FnMut(&mut Row) -> Result<(), Stopped>,
) -> Result<(), A::Error> {
    let mut row = Row::of(form);
    for index in 0.. {
        gauge.element(form.array, index);
        let Some(()) = array.next_element_seed(Any(ReadRow(&mut row)))? else {
            break;
        };
        take(&mut row).map_err(A::Error::custom)?;
    }
    gauge.outside();
    Ok(())
}
