//! Compressed bodies. They are decompressed by the thread that reads them, a buffer at a time, so that a small body that
//! unfolds into a huge one takes no memory; actix's own decompression would unfold each piece as a whole.

use std::io::{self, Read};

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;

use super::fault::BodyFault;
use super::stream::Incoming;
use crate::problem::{Kind, Problem};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let Some(given) = request.headers().get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        let given = given.to_str().unwrap_or_default().trim();
        match given.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            _ => {
                let detail = format!("the encoding {given} is not taken here; gzip is");
                Err(Problem::new(Kind::MediaType, detail))
            }
        }
    }

    /// The plain bytes. Both sides are limited: empty gzip members are bytes that never become any.
    pub(super) fn decode(self, bytes: Incoming, most: u64) -> Box<dyn Read> {
        let bytes = Capped::new(bytes, most);
        match self {
            Self::Identity => Box::new(bytes),
            Self::Gzip => Box::new(Capped::new(MultiGzDecoder::new(bytes), most)),
        }
    }
}

/// Reads as much as a limit allows, and fails beyond it.
struct Capped<R> {
    inner: R,
    most: u64,
    left: u64,
}

impl<R> Capped<R> {
    fn new(inner: R, most: u64) -> Self {
        Self {
            inner,
            most,
            left: most,
        }
    }
}

impl<R: Read> Read for Capped<R> {
    /// All that is allowed is passed on before it fails, so that the place where it fails is known.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(BodyFault::TooLarge(self.most).into()),
            };
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let room = room.min(buffer.len());
        let read = self.inner.read(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed() {
        let mut text = String::new();
        Capped::new(&b"12345"[..], 5)
            .read_to_string(&mut text)
            .expect("five bytes");
        assert_eq!(text, "12345");
        let error = Capped::new(&b"123456"[..], 5)
            .read_to_string(&mut text)
            .expect_err("six bytes");
        assert_eq!(BodyFault::from_io(error), BodyFault::TooLarge(5));
    }
}
