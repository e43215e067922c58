//! An array of contacts, cut into blocks without reading it: only strings and brackets are looked at.

use memchr::memchr2;
use serde::de::IgnoredAny;

use super::CampaignHeader;
use super::contact::ReadContact;
use crate::blocks::Cut;
use crate::contact_file::{Misread, Row};
use crate::error::FileError;

/// What stands around the array.
pub(crate) struct JsonArray {
    header: CampaignHeader,
    /// The array stands in an object.
    is_in_object: bool,
}

/// JSON of a shape that no contacts can be found in.
#[derive(Debug)]
pub(crate) struct Misshapen {
    at: usize,
    detail: &'static str,
}

impl Misshapen {
    pub(crate) fn at_line(self, text: &[u8], first_line: u64) -> FileError {
        json_error(text, self.at, first_line, self.detail)
    }
}

fn json_error(text: &[u8], at: usize, first_line: u64, detail: impl Into<String>) -> FileError {
    let before = memchr::memchr_iter(b'\n', &text[..at]).count() as u64;
    FileError::Json {
        line: first_line + before,
        detail: detail.into(),
    }
}

/// The error's message without its place, which is not the file's.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// Where the first contact begins: behind the bracket that opens the whole, or the property `contacts` of the whole.
/// `None` where it is not reached.
pub(crate) fn contacts_start(text: &[u8]) -> Result<Option<usize>, Misshapen> {
    let Some(at) = text.iter().position(|byte| !byte.is_ascii_whitespace()) else {
        return Ok(None);
    };
    match text[at] {
        b'[' => Ok(Some(at + 1)),
        b'{' => contacts_in_object(text, at + 1),
        _ => Err(Misshapen {
            at,
            detail: "neither a JSON array nor a JSON object",
        }),
    }
}

fn contacts_in_object(text: &[u8], mut at: usize) -> Result<Option<usize>, Misshapen> {
    let (mut depth, mut is_name) = (0_usize, true);
    while at < text.len() {
        match text[at] {
            b'"' => {
                let Some(end) = string_end(text, at) else {
                    return Ok(None);
                };
                if depth == 0 && is_name && &text[at..end] == b"\"contacts\"" {
                    return array_start(text, end);
                }
                is_name = false;
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Ok(None),
            b'}' | b']' => depth -= 1,
            b',' => is_name = true,
            _ => {}
        }
        at += 1;
    }
    Ok(None)
}

/// The array behind a name.
fn array_start(text: &[u8], from: usize) -> Result<Option<usize>, Misshapen> {
    let is_filler = |byte: &u8| byte.is_ascii_whitespace() || *byte == b':';
    let Some(at) = text[from..].iter().position(|byte| !is_filler(byte)) else {
        return Ok(None);
    };
    match text[from + at] {
        b'[' => Ok(Some(from + at + 1)),
        _ => Err(Misshapen {
            at: from + at,
            detail: "contacts must be an array",
        }),
    }
}

/// Behind the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut from = start + 1;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        from = at + 2;
    }
}

/// Where the contacts end that `text` holds as a whole.
pub(crate) fn cut(text: &[u8], is_read: bool, line: u64) -> Result<Cut, FileError> {
    let (mut at, mut depth, mut end) = (0, 0_usize, None);
    while at < text.len() {
        match text[at] {
            b'"' => match string_end(text, at) {
                Some(behind) => {
                    at = behind;
                    continue;
                }
                None => break,
            },
            b'{' | b'[' => depth += 1,
            b']' if depth == 0 => return Ok(Cut::Last(at)),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => end = Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    match end {
        None if is_read => Err(json_error(
            text,
            text.len(),
            line,
            "the file ends within its contacts",
        )),
        end => Ok(end.map_or(Cut::Beyond, Cut::At)),
    }
}

/// Reads the contacts of a block, with commas between and behind them.
pub(crate) fn read_elements(text: &[u8], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Misread> {
    let mut at = behind_white_space(text, 0);
    while at < text.len() {
        let mut values =
            serde_json::Deserializer::from_slice(&text[at..]).into_iter::<ReadContact<'_>>();
        let contact = match values.next() {
            Some(Ok(contact)) => contact,
            Some(Err(error)) => {
                return Err(Misread {
                    at,
                    detail: message(&error),
                });
            }
            None => break,
        };
        each(contact.at(at));
        let end = behind_white_space(text, at + values.byte_offset());
        if end < text.len() && text[end] != b',' {
            return Err(Misread {
                at,
                detail: "a comma is missing behind it".to_owned(),
            });
        }
        at = behind_white_space(text, end + 1);
    }
    Ok(())
}

fn behind_white_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.len() - rest.trim_ascii_start().len()
}

impl JsonArray {
    /// Reads what stands before the array.
    pub(crate) fn open(before: &[u8], line: u64) -> Result<Self, FileError> {
        if before.trim_ascii() == b"[" {
            return Ok(Self {
                header: CampaignHeader::default(),
                is_in_object: false,
            });
        }
        let whole = [before, b"]}"].concat();
        let header = serde_json::from_slice(&whole).map_err(|error| {
            json_error(before, 0, line + error.line() as u64 - 1, message(&error))
        })?;
        Ok(Self {
            header,
            is_in_object: true,
        })
    }

    pub(crate) fn header(&self) -> &CampaignHeader {
        &self.header
    }

    /// Checks what stands behind the last contact, from the bracket on.
    pub(crate) fn check_end(&self, rest: &[u8], line: u64) -> Result<(), FileError> {
        let begin: &[u8] = if self.is_in_object {
            b"{\"contacts\":["
        } else {
            b"["
        };
        serde_json::from_slice::<IgnoredAny>(&[begin, rest].concat())
            .map(|_| ())
            .map_err(|error| json_error(rest, 0, line + error.line() as u64 - 1, message(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Result<Option<&str>, &'static str> {
        contacts_start(text.as_bytes())
            .map(|start| start.map(|start| &text[start..]))
            .map_err(|misshapen| misshapen.detail)
    }

    #[test]
    fn contacts_begin_behind_their_bracket() {
        for (text, rest) in [
            ("[{", Some("{")),
            (" \n[", Some("")),
            (r#"{"contacts":[1"#, Some("1")),
            (
                r#"{"sender":"contacts","x":{"contacts":[0]},"contacts" : [1"#,
                Some("1"),
            ),
            (r#"{"message":"\"contacts\":[","contacts":[1"#, Some("1")),
            (r#"{"message":"no"}"#, None),
            (r#"{"message":"unfinished"#, None),
            (r#"{"contacts""#, None),
            ("", None),
        ] {
            assert_eq!(start(text), Ok(rest), "{text}");
        }
        assert_eq!(
            start(r#"{"contacts":{}}"#),
            Err("contacts must be an array")
        );
    }

    #[test]
    fn blocks_end_behind_commas_between_contacts() {
        let end = |text: &str| match cut(text.as_bytes(), false, 1).unwrap() {
            Cut::At(at) => text[..at].to_owned(),
            Cut::Last(at) => format!("{}|", &text[..at]),
            Cut::Beyond => String::new(),
        };
        for (text, block) in [
            (r#"{"a":"x,]"},{"b":[1,2"#, r#"{"a":"x,]"},"#),
            (r#"{"a":[1,2],"b":3"#, ""),
            (r#"{"a":"\\"},"\"],"#, r#"{"a":"\\"},"#),
            (r#"{"a":[1]} ] ,"#, r#"{"a":[1]} |"#),
            ("]}", "|"),
        ] {
            assert_eq!(end(text), block, "{text}");
        }
        assert!(cut(b"{\"a\":1}", true, 1).is_err());
    }

    #[test]
    fn a_contact_that_is_no_json_ends_the_reading_at_its_place() {
        for (text, at) in [("{},\n{x}", 4), ("{} {}", 0), ("{},,", 3)] {
            let mut count = 0;
            let misread = read_elements(text.as_bytes(), &mut |_| count += 1).unwrap_err();
            assert_eq!((misread.at, count), (at, 1), "{text}");
        }
    }
}
