//! The formats that contacts come and go in, and how one is told from another.

use serde::de::IgnoredAny;

/// How contacts are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One contact a line, its values between delimiters.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// The body that creates a campaign through the API, or its array of contacts alone.
    Json,
}

impl Format {
    /// The format of a file by how it begins; the name of a file says too little, for `.json` and `.txt` hold anything.
    /// `None` where there is nothing but white space.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let head = head.trim_ascii_start();
        match head.first()? {
            b'[' => Some(Self::Json),
            b'{' if is_contact(head) => Some(Self::Ndjson),
            b'{' => Some(Self::Json),
            _ => Some(Self::Csv),
        }
    }
}

/// Whether the first line is a JSON object by itself, and not a whole campaign.
fn is_contact(head: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let line = &head[..end];
    serde_json::from_slice::<IgnoredAny>(line).is_ok()
        && !matches!(crate::json::contacts_start(line), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_how_a_file_begins() {
        use Format::{Csv, Json, Ndjson};
        for (head, format) in [
            ("", None),
            (" \r\n\t", None),
            ("phoneNumber,name\n", Some(Csv)),
            ("\n07700900001\n", Some(Csv)),
            ("[", Some(Json)),
            (" \n[{}]", Some(Json)),
            ("{\"sender\":\"A\",\n\"contacts\":[", Some(Json)),
            ("{\"contacts\":[]}\n", Some(Json)),
            ("{\n", Some(Json)),
            ("{\"phoneNumber\":\"1\"}", Some(Ndjson)),
            ("{\"phoneNumber\":\"contacts\"}\n{", Some(Ndjson)),
        ] {
            assert_eq!(Format::of(head.as_bytes()), format, "{head}");
        }
    }
}
