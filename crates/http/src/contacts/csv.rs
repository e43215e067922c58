//! Contacts, or what else there is many of, as CSV (RFC 4180): a line of names in any order and case, then one a line. An empty cell is a missing
//! value, an unknown column is read over.
//!
//! Unlike the file jobs, which make the best of whatever a spreadsheet has left, this guesses nothing: a program wrote the
//! body, and wants to know where it is wrong.

mod records;

use super::format::Take;
use super::row::{Form, Row};
use crate::body::{Gauge, Meter, Unreadable};
use records::{Record, Records};

/// Passes everything in the body on.
pub(super) fn read(body: Meter, form: &'static Form, take: Take<'_>) -> Result<(), Unreadable> {
    let gauge = body.gauge();
    let mut records = Records::new(body);
    let mut record = Record::default();
    records.next(&mut record)?;
    let columns = Columns::of(&record, form).map_err(|fault| Unreadable::text(fault, &gauge))?;
    let mut row = Row::of(form);
    let mut index = 0;
    loop {
        gauge.element(form.array, index);
        if !records.next(&mut record)? {
            return Ok(());
        }
        if record.is_empty() {
            continue;
        }
        columns.fill(&mut row, &record, &gauge)?;
        take(&mut row).map_err(|stopped| Unreadable::text(stopped, &gauge))?;
        index += 1;
    }
}

/// Which property stands in which column.
struct Columns(Vec<Option<usize>>);

impl Columns {
    fn of(header: &Record, form: &Form) -> Result<Self, String> {
        let mut columns = Self(Vec::new());
        for (place, name) in header.cells().enumerate() {
            let name = std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")?;
            let name = match place {
                0 => name.trim_start_matches('\u{feff}'),
                _ => name,
            };
            let name = name.trim();
            let property = form
                .properties
                .iter()
                .position(|property| property.eq_ignore_ascii_case(name));
            if property.is_some() && columns.0.contains(&property) {
                return Err(format!("the first line names {name} twice"));
            }
            columns.0.push(property);
        }
        if columns.0.contains(&Some(0)) {
            return Ok(columns);
        }
        Err(format!(
            "the first line names no column {}",
            form.properties[0]
        ))
    }

    /// Missing cells at the end are missing values: spreadsheets leave them out. What is too much was a comma without
    /// quotes, so that no cell can be trusted.
    fn fill(&self, row: &mut Row, record: &Record, gauge: &Gauge) -> Result<(), Unreadable> {
        row.clear();
        for (place, cell) in record.cells().enumerate() {
            if cell.is_empty() {
                continue;
            }
            let Some(property) = self.0.get(place) else {
                let message = format!("there are more cells than the {} columns", self.0.len());
                return Err(Unreadable::text(message, gauge));
            };
            let text = std::str::from_utf8(cell)
                .map_err(|_| Unreadable::text("a cell is not UTF-8", gauge))?;
            if let Some(property) = property {
                row.set(*property, text);
            }
        }
        Ok(())
    }
}
