//! Contacts written down in their canonical form: E.164 numbers, the API's names, UTF-8.

use std::io::{self, BufWriter, Write};

use clarion_domain::contact::{Contact, ContactDraft};

use crate::error::FileError;
use crate::field::Field;
use crate::format::Format;
use crate::json::CampaignHeader;

/// The values of a contact, in the order of [`Field::ALL`].
type Values<'a> = [Option<&'a str>; Field::ALL.len()];

/// A file of contacts that is being written.
pub struct Output<'w> {
    sink: BufWriter<Box<dyn Write + 'w>>,
    format: Format,
    count: u64,
}

impl<'w> Output<'w> {
    /// Contacts will be written to `sink`.
    pub fn new(sink: impl Write + 'w, format: Format) -> Self {
        Self {
            sink: BufWriter::new(Box::new(sink)),
            format,
            count: 0,
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Writes what stands before the contacts.
    pub(crate) fn begin(&mut self, campaign: Option<&CampaignHeader>) -> Result<(), FileError> {
        let begin = match self.format {
            Format::Csv => Field::ALL.map(Field::name).join(",") + "\n",
            Format::Ndjson => String::new(),
            Format::Json => json_begin(campaign),
        };
        self.sink
            .write_all(begin.as_bytes())
            .map_err(FileError::Write)
    }

    /// Writes one contact, rendered in this format.
    pub(crate) fn write(&mut self, contact: &[u8]) -> Result<(), FileError> {
        let outcome = match self.format {
            Format::Json if self.count > 0 => self.sink.write_all(b",\n"),
            _ => Ok(()),
        };
        self.count += 1;
        outcome
            .and_then(|()| self.sink.write_all(contact))
            .map_err(FileError::Write)
    }

    /// Writes contacts that were rendered one after the other, each with its end.
    pub(crate) fn write_all(&mut self, text: &[u8], ends: &[usize]) -> Result<(), FileError> {
        let mut from = 0;
        for end in ends {
            self.write(&text[from..*end])?;
            from = *end;
        }
        Ok(())
    }

    /// Writes what stands behind the contacts.
    pub(crate) fn finish(mut self) -> Result<(), FileError> {
        let end: &[u8] = if self.format == Format::Json {
            b"\n]}\n"
        } else {
            b""
        };
        self.sink
            .write_all(end)
            .and_then(|()| self.sink.flush())
            .map_err(FileError::Write)
    }
}

fn json_begin(campaign: Option<&CampaignHeader>) -> String {
    let campaign = campaign.and_then(|campaign| serde_json::to_string(campaign).ok());
    let mut begin = campaign.unwrap_or_else(|| "{}".to_owned());
    begin.pop();
    if begin.len() > 1 {
        begin.push(',');
    }
    begin + "\"contacts\":[\n"
}

/// Renders a contact that passed the rules.
pub(crate) fn render_contact(contact: &Contact, format: Format, into: &mut Vec<u8>) {
    let phone = contact.phone.to_string();
    let group = contact.contact_group_id.map(|id| id.to_string());
    let values = [
        Some(&*phone),
        contact.name.as_deref(),
        contact.custom1.as_deref(),
        contact.custom2.as_deref(),
        group.as_deref(),
        contact.time_zone.map(|zone| zone.name()),
    ];
    render(values, format, into);
}

/// Renders a contact as it came.
pub(crate) fn render_draft(draft: &ContactDraft<'_>, format: Format, into: &mut Vec<u8>) {
    let values = [
        draft.phone_number.as_deref(),
        draft.name.as_deref(),
        draft.custom1.as_deref(),
        draft.custom2.as_deref(),
        draft.contact_group_id.as_deref(),
        draft.time_zone.as_deref(),
    ];
    render(values, format, into);
}

fn render(values: Values<'_>, format: Format, into: &mut Vec<u8>) {
    match format {
        Format::Csv => render_csv(values.map(Option::unwrap_or_default), into),
        Format::Ndjson => {
            render_json(values, into);
            into.push(b'\n');
        }
        Format::Json => render_json(values, into),
    }
}

/// Renders a line of a CSV file.
pub fn render_csv<const N: usize>(values: [&str; N], into: &mut Vec<u8>) {
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            into.push(b',');
        }
        if value.contains([',', '"', '\n', '\r']) {
            into.push(b'"');
            into.extend_from_slice(value.replace('"', "\"\"").as_bytes());
            into.push(b'"');
        } else {
            into.extend_from_slice(value.as_bytes());
        }
    }
    into.push(b'\n');
}

fn render_json(values: Values<'_>, into: &mut Vec<u8>) {
    let given = Field::ALL.into_iter().zip(values);
    let mut before = '{';
    for (field, value) in given.filter_map(|(field, value)| Some((field, value?))) {
        // Writing to memory does not fail.
        let _ = write_member(before, field, value, into);
        before = ',';
    }
    if before == '{' {
        into.push(b'{');
    }
    into.push(b'}');
}

fn write_member(before: char, field: Field, value: &str, into: &mut Vec<u8>) -> io::Result<()> {
    write!(into, "{before}\"{}\":", field.name())?;
    Ok(serde_json::to_writer(into, value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(format: Format) -> String {
        let draft = ContactDraft {
            phone_number: Some("+447700900001".into()),
            name: Some("Jim \"JB\" Brown".into()),
            custom1: None,
            custom2: Some("a,b\nc".into()),
            contact_group_id: None,
            time_zone: Some("Europe/Paris".into()),
        };
        let mut text = Vec::new();
        render_draft(&draft, format, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_contact_is_rendered_in_each_format() {
        assert_eq!(
            rendered(Format::Csv),
            "+447700900001,\"Jim \"\"JB\"\" Brown\",,\"a,b\nc\",,Europe/Paris\n"
        );
        let json = r#"{"phoneNumber":"+447700900001","name":"Jim \"JB\" Brown","custom2":"a,b\nc","timeZone":"Europe/Paris"}"#;
        assert_eq!(rendered(Format::Json), json);
        assert_eq!(rendered(Format::Ndjson), format!("{json}\n"));
        let mut empty = Vec::new();
        render_draft(&ContactDraft::default(), Format::Json, &mut empty);
        assert_eq!(empty, b"{}");
    }

    #[test]
    fn a_campaign_is_written_around_its_contacts() {
        let campaign = CampaignHeader {
            sender: Some("ACME".to_owned()),
            ..CampaignHeader::default()
        };
        for (campaign, text) in [
            (None, "{\"contacts\":[\n{},\n{}\n]}\n"),
            (
                Some(&campaign),
                "{\"sender\":\"ACME\",\"contacts\":[\n{},\n{}\n]}\n",
            ),
        ] {
            let mut file = Vec::new();
            let mut output = Output::new(&mut file, Format::Json);
            output.begin(campaign).unwrap();
            output.write_all(b"{}{}", &[2, 4]).unwrap();
            output.finish().unwrap();
            assert_eq!(String::from_utf8(file).unwrap(), text);
        }
    }
}
