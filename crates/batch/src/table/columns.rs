//! Which column holds which property: as the caller says, or by what the header line's names resemble.

use std::str::FromStr;

use csv::ByteRecord;

use super::likeness::likeness;
use crate::contact_file::ReadOptions;
use crate::error::FileError;
use crate::field::Field;

/// A column as the caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its name in the header line, without regard to case.
    Named(String),
    /// By its number, from 1.
    Numbered(usize),
}

/// A number is a column's number, anything else its name.
impl FromStr for Column {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            Ok(number) if number > 0 => Self::Numbered(number),
            _ => Self::Named(text.to_owned()),
        })
    }
}

/// The columns of a file.
pub(super) struct Columns {
    titles: Option<Vec<String>>,
    width: usize,
    places: Vec<(Field, usize)>,
}

/// A number has at least so many digits.
const FEWEST_DIGITS: usize = 7;

impl Columns {
    /// Reads the first line of a file.
    pub(super) fn of(
        first: &ByteRecord,
        options: &ReadOptions,
        line: u64,
    ) -> Result<Self, FileError> {
        let cells: Vec<String> = first
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
            .collect();
        let search = Search {
            cells: &cells,
            line,
        };
        let mut places = Vec::new();
        for (field, column) in &options.columns {
            places.push((*field, search.asked(column)?));
        }
        if !options.no_header {
            search.by_likeness(&mut places)?;
        }
        let is_named = !options.no_header && !search.is_data(&places);
        if !places.iter().any(|(field, _)| *field == Field::PhoneNumber) {
            places.push((Field::PhoneNumber, search.only_number(is_named)?));
        }
        Ok(Self {
            width: cells.len(),
            titles: is_named.then_some(cells),
            places,
        })
    }

    pub(super) fn has_header(&self) -> bool {
        self.titles.is_some()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn places(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        self.places.iter().copied()
    }

    /// Field, number from 1, and name of each column in use.
    pub(super) fn found(&self) -> impl Iterator<Item = (Field, usize, Option<&str>)> {
        self.places.iter().map(|(field, column)| {
            let title = self.titles.as_ref().and_then(|titles| titles.get(*column));
            (*field, column + 1, title.map(String::as_str))
        })
    }
}

/// The first line, searched.
struct Search<'c> {
    cells: &'c [String],
    line: u64,
}

impl Search<'_> {
    fn asked(&self, column: &Column) -> Result<usize, FileError> {
        let (found, asked) = match column {
            Column::Numbered(number) => {
                let place = number - 1;
                (
                    (place < self.cells.len()).then_some(place),
                    number.to_string(),
                )
            }
            Column::Named(name) => {
                let wanted = name.trim().to_lowercase();
                let place = self
                    .cells
                    .iter()
                    .position(|cell| cell.to_lowercase() == wanted);
                (place, name.clone())
            }
        };
        found.ok_or_else(|| FileError::NoColumn {
            line: self.line,
            asked,
            columns: self.cells.join(", "),
        })
    }

    /// Adds the fields that a name in the line resembles.
    fn by_likeness(&self, places: &mut Vec<(Field, usize)>) -> Result<(), FileError> {
        for field in Field::ALL {
            if places.iter().any(|(known, _)| *known == field) {
                continue;
            }
            let free =
                (0..self.cells.len()).filter(|at| !places.iter().any(|(_, taken)| taken == at));
            let alike: Vec<(usize, usize)> = free
                .filter_map(|at| Some((likeness(field, &self.cells[at])?, at)))
                .collect();
            let Some(&(nearest, at)) = alike.iter().min() else {
                continue;
            };
            let equal: Vec<_> = alike.iter().filter(|(rank, _)| *rank == nearest).collect();
            if equal.len() > 1 {
                let columns: Vec<_> = equal
                    .iter()
                    .map(|(_, at)| self.cells[*at].as_str())
                    .collect();
                return Err(FileError::Ambiguous {
                    line: self.line,
                    field,
                    columns: columns.join(", "),
                });
            }
            places.push((field, at));
        }
        Ok(())
    }

    /// Whether the line holds a contact rather than names.
    fn is_data(&self, places: &[(Field, usize)]) -> bool {
        let number = places
            .iter()
            .find(|(field, _)| *field == Field::PhoneNumber);
        match number {
            Some((_, column)) => is_number(&self.cells[*column]),
            None => self.cells.iter().any(|cell| is_number(cell)),
        }
    }

    /// The column of numbers in a file without names: a list of numbers is the simplest file there is.
    fn only_number(&self, is_named: bool) -> Result<usize, FileError> {
        let mut numbers = (0..self.cells.len()).filter(|at| is_number(&self.cells[*at]));
        match (numbers.next(), numbers.next()) {
            (Some(only), None) if !is_named => Ok(only),
            _ => Err(FileError::NoNumbers {
                line: self.line,
                columns: self.cells.join(", "),
            }),
        }
    }
}

fn is_number(cell: &str) -> bool {
    let cell = cell.strip_prefix("tel:").unwrap_or(cell);
    !cell.contains(char::is_alphabetic)
        && cell.chars().filter(char::is_ascii_digit).count() >= FEWEST_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, options: &ReadOptions) -> Result<Vec<(Field, usize)>, String> {
        let record = ByteRecord::from(line.split(',').collect::<Vec<_>>());
        let mut places = Columns::of(&record, options, 1)
            .map_err(|e| e.to_string())?
            .places;
        places.sort_by_key(|(_, at)| *at);
        Ok(places)
    }

    fn by_likeness(line: &str) -> Result<Vec<(Field, usize)>, String> {
        found(line, &ReadOptions::default())
    }

    #[test]
    fn columns_are_found_by_what_their_names_resemble() {
        use Field::{ContactGroupId, Custom1, Custom2, Name, PhoneNumber};
        for (line, places) in [
            ("phoneNumber", vec![(PhoneNumber, 0)]),
            (
                "Custom2,shoe size,PHONE_NUMBER,name",
                vec![(Custom2, 0), (PhoneNumber, 2), (Name, 3)],
            ),
            (
                "First name,Phone,Mobile Number,Custom 1",
                vec![(Name, 0), (PhoneNumber, 2), (Custom1, 3)],
            ),
            ("Telephon,id", vec![(PhoneNumber, 0)]),
            ("phonenumebr", vec![(PhoneNumber, 0)]),
            (
                "Téléphone portable,Tel.,group-id",
                vec![(PhoneNumber, 1), (ContactGroupId, 2)],
            ),
            (
                "msisdn,custom3,custom2",
                vec![(PhoneNumber, 0), (Custom2, 2)],
            ),
        ] {
            assert_eq!(by_likeness(line), Ok(places), "{line}");
        }
    }

    #[test]
    fn the_caller_s_choice_goes_before_likeness() {
        let options = ReadOptions {
            columns: vec![
                (Field::PhoneNumber, "other Phone".parse().unwrap()),
                (Field::Custom1, "3".parse().unwrap()),
            ],
            ..ReadOptions::default()
        };
        assert_eq!(
            found("Mobile,Other phone,City,name", &options),
            Ok(vec![
                (Field::PhoneNumber, 1),
                (Field::Custom1, 2),
                (Field::Name, 3)
            ])
        );
        assert_eq!(
            found("Mobile,City", &options),
            Err("line 1 has no column \"other Phone\"; its columns are: Mobile, City".to_owned())
        );
    }

    #[test]
    fn a_list_of_numbers_needs_no_names() {
        assert_eq!(
            by_likeness("07700 900001"),
            Ok(vec![(Field::PhoneNumber, 0)])
        );
        assert_eq!(
            by_likeness("Ann,tel:+447700900001"),
            Ok(vec![(Field::PhoneNumber, 1)])
        );
        assert!(by_likeness("07700 900001,07700 900002").is_err());
    }

    #[test]
    fn a_line_that_names_no_or_several_columns_of_numbers_is_refused() {
        assert_eq!(
            by_likeness("shoe size,name"),
            Err(
                "line 1 names no column of phone numbers; its columns are: shoe size, name"
                    .to_owned()
            )
        );
        assert_eq!(
            by_likeness("phone,name,Name"),
            Err("line 1 names several columns that could be name: name, Name".to_owned())
        );
    }
}
