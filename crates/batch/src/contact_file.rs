//! Contacts in a CSV file: a header line that names the columns as the API names the properties, then one contact a line.
//!
//! Whether a contact is valid is the domain's to say; here only the file is read.

use std::borrow::Cow;
use std::io::Read;

use clarion_domain::contact::ContactDraft;
use csv::StringRecord;

const NAMES: [&str; 5] = [
    "phoneNumber",
    "name",
    "custom1",
    "custom2",
    "contactGroupId",
];

/// Why a file cannot be read as contacts.
#[derive(Debug, thiserror::Error)]
pub enum ContactFileError {
    /// The header names no column of numbers.
    #[error("the header line has no column phoneNumber; it has: {found}")]
    NoNumbers {
        /// The columns it has.
        found: String,
    },
    /// The header names a column twice.
    #[error("the header line has the column {0} twice")]
    Twice(&'static str),
    /// No CSV, no UTF-8, or the file could not be read.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// A CSV file of contacts, read one contact at a time.
#[derive(Debug)]
pub struct ContactFile<R> {
    reader: csv::Reader<R>,
    columns: Columns,
    line: StringRecord,
}

/// Where in a line each of [`NAMES`] stands.
#[derive(Debug, Clone, Copy)]
struct Columns([Option<usize>; NAMES.len()]);

impl<R: Read> ContactFile<R> {
    /// Reads the header line. Names are matched without regard to case; columns of other names are ignored, as the API
    /// ignores unknown properties.
    ///
    /// # Errors
    /// A header that names no or several columns of numbers, or cannot be read.
    pub fn open(source: R) -> Result<Self, ContactFileError> {
        let mut reader = csv::ReaderBuilder::new().from_reader(source);
        let columns = Columns::of(reader.headers()?)?;
        Ok(Self {
            reader,
            columns,
            line: StringRecord::new(),
        })
    }

    /// The next contact; `None` at the end. An empty cell is a missing value.
    ///
    /// # Errors
    /// A line with more or fewer cells than the header, or that cannot be read.
    pub fn next_contact(&mut self) -> Result<Option<ContactDraft<'_>>, ContactFileError> {
        if !self.reader.read_record(&mut self.line)? {
            return Ok(None);
        }
        let [phone_number, name, custom1, custom2, contact_group_id] =
            self.columns.0.map(|column| cell(&self.line, column));
        Ok(Some(ContactDraft {
            phone_number,
            name,
            custom1,
            custom2,
            contact_group_id,
        }))
    }
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, ContactFileError> {
        let mut columns = [None; NAMES.len()];
        for (index, title) in header.iter().enumerate() {
            let known = NAMES
                .iter()
                .position(|name| name.eq_ignore_ascii_case(title.trim()));
            let Some(known) = known else { continue };
            if columns[known].replace(index).is_some() {
                return Err(ContactFileError::Twice(NAMES[known]));
            }
        }
        if columns[0].is_none() {
            let found = header.iter().collect::<Vec<_>>().join(", ");
            return Err(ContactFileError::NoNumbers { found });
        }
        Ok(Self(columns))
    }
}

fn cell(line: &StringRecord, column: Option<usize>) -> Option<Cow<'_, str>> {
    column
        .and_then(|column| line.get(column))
        .filter(|text| !text.is_empty())
        .map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(file: &str) -> Result<Vec<Option<String>>, ContactFileError> {
        let mut file = ContactFile::open(file.as_bytes())?;
        let mut numbers = Vec::new();
        while let Some(contact) = file.next_contact()? {
            numbers.push(contact.phone_number.map(Cow::into_owned));
        }
        Ok(numbers)
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_case() {
        let text = "\u{feff}Custom2,shoe size,PHONENUMBER,name\nb,42,07700 900001,\"Núñez, Ana\"\n";
        let mut file = ContactFile::open(text.as_bytes()).unwrap();
        let contact = file.next_contact().unwrap().unwrap();
        assert_eq!(
            contact,
            ContactDraft {
                phone_number: Some("07700 900001".into()),
                name: Some("Núñez, Ana".into()),
                custom2: Some("b".into()),
                ..ContactDraft::default()
            }
        );
        assert!(file.next_contact().unwrap().is_none());
    }

    #[test]
    fn an_empty_cell_is_a_missing_value_and_a_blank_one_is_kept() {
        let read = numbers("name,phoneNumber\nAnn,\nBob, \n").unwrap();
        assert_eq!(read, [None, Some(" ".to_owned())]);
    }

    #[test]
    fn a_header_without_numbers_is_refused_with_what_it_has() {
        let error = numbers("phone,name\n1,2\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the header line has no column phoneNumber; it has: phone, name"
        );
    }

    #[test]
    fn a_column_named_twice_is_refused() {
        let error = numbers("phoneNumber,name,Name\n1,2,3\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the header line has the column name twice"
        );
    }

    #[test]
    fn a_line_of_another_length_is_refused_with_its_place() {
        let error = numbers("phoneNumber,name\n1,2\n1,2,3\n").unwrap_err();
        assert!(error.to_string().contains("line: 3"), "{error}");
    }
}
