//! The bytes of a file as UTF-8 text: unpacked where they are gzip, decoded where they are of another encoding.

use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, WINDOWS_1252};
use flate2::read::MultiGzDecoder;

const CHUNK: usize = 64 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// No run of characters outside ASCII is read further than this to find its end.
const LONGEST_RUN: usize = 1_024;

/// A file's text, chunk by chunk.
pub(crate) struct Source<'a> {
    raw: Box<dyn Read + Send + 'a>,
    decoding: Decoding,
    undecoded: Vec<u8>,
}

/// What is known about the encoding.
enum Decoding {
    /// Nothing has been read.
    Unread,
    /// Only ASCII has been read, which is the same in all of them.
    Undecided,
    /// UTF-8. A line that breaks it is refused by itself, later.
    Utf8,
    /// Another one.
    Other(Box<Decoder>),
}

impl<'a> Source<'a> {
    /// Looks whether the file is packed. Without an `encoding` it is found by the byte order mark, or else by the first
    /// characters outside ASCII.
    pub(crate) fn open(
        mut raw: impl Read + Send + 'a,
        encoding: Option<&'static Encoding>,
    ) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(GZIP.len());
        raw.by_ref()
            .take(GZIP.len() as u64)
            .read_to_end(&mut magic)?;
        let is_packed = magic == GZIP;
        let raw = Cursor::new(magic).chain(raw);
        Ok(Self {
            raw: if is_packed {
                Box::new(MultiGzDecoder::new(raw))
            } else {
                Box::new(raw)
            },
            decoding: encoding.map_or(Decoding::Unread, Decoding::of),
            undecoded: Vec::new(),
        })
    }

    /// Appends the next chunk to `text`; false at the end of the file.
    pub(crate) fn fill(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        if let Decoding::Other(decoder) = &mut self.decoding {
            self.undecoded.clear();
            let count = read(&mut self.raw, &mut self.undecoded)?;
            decode(decoder, &self.undecoded, count == 0, text);
            return Ok(count > 0);
        }
        let start = text.len();
        let count = read(&mut self.raw, text)?;
        if matches!(self.decoding, Decoding::Unread | Decoding::Undecided) {
            self.decide(start, text)?;
        }
        Ok(count > 0)
    }

    /// Looks at the chunk that begins at `start`, and decodes it where it is no UTF-8.
    fn decide(&mut self, start: usize, text: &mut Vec<u8>) -> io::Result<()> {
        let is_first = matches!(self.decoding, Decoding::Unread);
        let marked = Encoding::for_bom(&text[start..]).filter(|_| is_first);
        self.decoding = match marked {
            Some((encoding, mark)) => {
                text.drain(start..start + mark);
                Decoding::of(encoding)
            }
            None if text[start..].is_ascii() => Decoding::Undecided,
            None => {
                self.finish_run(text)?;
                Decoding::of(likely_encoding(&text[start..]))
            }
        };
        if let Decoding::Other(decoder) = &mut self.decoding {
            let chunk = text.split_off(start);
            decode(decoder, &chunk, false, text);
        }
        Ok(())
    }

    /// Reads on to the next ASCII character, so that the chunk ends with no half of a character.
    fn finish_run(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        let limit = text.len() + LONGEST_RUN;
        while text.last().is_some_and(|byte| !byte.is_ascii()) && text.len() < limit {
            if self.raw.by_ref().take(1).read_to_end(text)? == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl Decoding {
    fn of(encoding: &'static Encoding) -> Self {
        if encoding == UTF_8 {
            Self::Utf8
        } else {
            Self::Other(Box::new(encoding.new_decoder_without_bom_handling()))
        }
    }
}

fn read(raw: &mut dyn Read, into: &mut Vec<u8>) -> io::Result<usize> {
    into.reserve(CHUNK);
    raw.take(CHUNK as u64).read_to_end(into)
}

/// UTF-8 where more characters are sound than broken: a few broken ones in a large file must not spoil all the others,
/// and in Windows-1252 hardly two neighbours happen to look like a character of UTF-8.
fn likely_encoding(chunk: &[u8]) -> &'static Encoding {
    let (mut sound, mut broken) = (0, 0);
    for stretch in chunk.utf8_chunks() {
        sound += stretch.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!stretch.invalid().is_empty());
    }
    if sound > broken { UTF_8 } else { WINDOWS_1252 }
}

fn decode(decoder: &mut Decoder, chunk: &[u8], is_last: bool, text: &mut Vec<u8>) {
    let start = text.len();
    let room = decoder
        .max_utf8_buffer_length(chunk.len())
        .unwrap_or(chunk.len() * 4 + 16);
    text.resize(start + room, 0);
    let (_, _, written, _) = decoder.decode_to_utf8(chunk, &mut text[start..], is_last);
    text.truncate(start + written);
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn text_of(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
        let mut source = Source::open(bytes, encoding).unwrap();
        let mut text = Vec::new();
        while source.fill(&mut text).unwrap() {}
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_encoding_is_found() {
        let utf16: Vec<u8> = "\u{feff}Zoë 🐳"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, text) in [
            (&b""[..], ""),
            (b"A", "A"),
            ("\u{feff}Zoë".as_bytes(), "Zoë"),
            ("Zoë Ελένη".as_bytes(), "Zoë Ελένη"),
            (b"Zo\xeb", "Zoë"),
            (b"Zo\xeb \x80 5", "Zoë € 5"),
            (&utf16, "Zoë 🐳"),
        ] {
            assert_eq!(text_of(bytes, None), text);
        }
    }

    #[test]
    fn it_is_found_however_late_it_shows() {
        for pad in CHUNK - 4..CHUNK + 4 {
            let pad = "a".repeat(pad);
            let utf8 = format!("{pad}Ελένη🐳 é");
            assert!(text_of(utf8.as_bytes(), None) == utf8, "{}", pad.len());
            let latin = [pad.as_bytes(), b"Zo\xeb is a caf\xe9"].concat();
            assert!(
                text_of(&latin, None) == format!("{pad}Zoë is a café"),
                "{}",
                pad.len()
            );
        }
    }

    #[test]
    fn a_given_encoding_is_believed() {
        let encoding = Encoding::for_label(b"iso-8859-7");
        assert_eq!(text_of(b"\xc5\xeb\xdd\xed\xe7", encoding), "Ελένη");
    }

    #[test]
    fn gzip_is_unpacked_with_all_its_members() {
        let mut packed = Vec::new();
        for part in ["Zoë,", "Ann"] {
            let mut writer = GzEncoder::new(&mut packed, Compression::fast());
            writer.write_all(part.as_bytes()).unwrap();
            writer.finish().unwrap();
        }
        assert_eq!(text_of(&packed, None), "Zoë,Ann");
    }

    #[test]
    fn a_packed_file_that_is_cut_off_is_an_error() {
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        writer.write_all(b"phoneNumber\n07700900001\n").unwrap();
        let packed = writer.finish().unwrap();
        let mut source = Source::open(&packed[..packed.len() - 9], None).unwrap();
        let mut text = Vec::new();
        let outcome = std::iter::repeat_with(|| source.fill(&mut text))
            .find(|read| !matches!(read, Ok(true)));
        assert!(outcome.unwrap().is_err());
    }
}
