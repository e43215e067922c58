//! Contacts that wait outside of memory: a file without a name, which is gone with the process. Few of them do not leave
//! memory at all.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use clarion_domain::contact::Contact;
use clarion_domain::hours;
use clarion_domain::phone::{PhoneNumber, Region};
use tempfile::{SpooledTempFile, spooled_tempfile};
use uuid::Uuid;

/// What is kept in memory, in bytes.
const IN_MEMORY: usize = 1 << 20;
const BUFFER: usize = 64 << 10;

/// Ends every value; a contact's texts cannot have it.
const END: u8 = 0;

/// Contacts, to be read back once.
pub(super) struct Spool(BufWriter<SpooledTempFile>);

impl Spool {
    pub(super) fn new() -> Self {
        let file = spooled_tempfile(IN_MEMORY);
        Self(BufWriter::with_capacity(BUFFER, file))
    }

    /// Keeps what a message is made of, and its recipient's zone.
    pub(super) fn write(&mut self, contact: &Contact) -> io::Result<()> {
        let phone = contact.phone;
        write!(self.0, "{phone}\0{}\0", phone.region())?;
        if let Some(group) = contact.contact_group_id {
            write!(self.0, "{group}")?;
        }
        self.0.write_all(&[END])?;
        let zone = contact.time_zone.map_or("", |zone| zone.name());
        write!(self.0, "{zone}\0")?;
        for text in [&contact.name, &contact.custom1, &contact.custom2] {
            self.0
                .write_all(text.as_deref().unwrap_or_default().as_bytes())?;
            self.0.write_all(&[END])?;
        }
        Ok(())
    }

    /// The contacts in their order.
    pub(super) fn read_back(self) -> io::Result<impl Iterator<Item = io::Result<Contact>>> {
        let mut file = self
            .0
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut values = Values(BufReader::with_capacity(BUFFER, file));
        Ok(std::iter::from_fn(move || values.contact().transpose()))
    }
}

struct Values<R>(BufReader<R>);

impl<R: Read> Values<R> {
    fn contact(&mut self) -> io::Result<Option<Contact>> {
        let Some(e164) = self.next()? else {
            return Ok(None);
        };
        let region = Region::new(&self.text()?);
        let phone = region.and_then(|region| PhoneNumber::from_stored(&e164, region));
        let group = self.optional()?;
        let group = group.map(|id| Uuid::try_parse(&id)).transpose();
        let zone = self.optional()?;
        let zone = zone.map(|name| hours::named(&name).ok_or_else(broken));
        Ok(Some(Contact {
            phone: phone.ok_or_else(broken)?,
            contact_group_id: group.map_err(|_| broken())?,
            time_zone: zone.transpose()?,
            name: self.optional()?,
            custom1: self.optional()?,
            custom2: self.optional()?,
        }))
    }

    /// The next value; `None` at the end.
    fn next(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        self.0.read_until(END, &mut bytes)?;
        match bytes.pop() {
            None => Ok(None),
            Some(END) => String::from_utf8(bytes).map(Some).map_err(|_| broken()),
            Some(_) => Err(broken()),
        }
    }

    fn text(&mut self) -> io::Result<String> {
        self.next()?.ok_or_else(broken)
    }

    fn optional(&mut self) -> io::Result<Option<String>> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the spool is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_come_back_from_memory_and_from_the_file() {
        let gb = Region::new("GB").unwrap();
        let contact = |number: u64| Contact {
            phone: PhoneNumber::from_stored(&format!("+4477009{number:05}"), gb).unwrap(),
            name: number.is_multiple_of(2).then(|| "Zoë\n".to_owned()),
            custom1: None,
            custom2: Some("x".repeat(200)),
            time_zone: number
                .is_multiple_of(5)
                .then_some(hours::TimeZone::Asia__Tokyo),
            contact_group_id: number
                .is_multiple_of(3)
                .then(|| Uuid::from_u128(number.into())),
        };
        for count in [0, 3, 20_000] {
            let mut spool = Spool::new();
            for number in 0..count {
                spool.write(&contact(number)).unwrap();
            }
            let back: io::Result<Vec<_>> = spool.read_back().unwrap().collect();
            let there: Vec<_> = (0..count).map(contact).collect();
            assert_eq!(back.unwrap(), there);
        }
    }
}
