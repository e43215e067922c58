//! From the connection to the reading thread, through a channel that holds little: where the reader is behind, the caller
//! is not read any further.

use std::io::{self, Read};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::fault::BodyFault;

/// A piece of the body; `None` is its end. A channel that closes without it is no end: then the connection is gone.
type Piece = Result<Option<Bytes>, BodyFault>;

/// Passes the body on until it ends, fails, or nobody reads it any more.
pub(super) async fn pump(mut payload: Payload, sender: mpsc::Sender<Piece>, deadline: Duration) {
    let mut patience = Patience::new(deadline);
    loop {
        let piece = patience.next(&mut payload).await;
        let more = matches!(piece, Ok(Some(_)));
        if sender.send(piece).await.is_err() || !more {
            return;
        }
    }
}

/// How much longer a body is waited for, all waits added up.
pub(super) struct Patience {
    deadline: Duration,
    left: Duration,
}

impl Patience {
    pub(super) fn new(deadline: Duration) -> Self {
        Self {
            deadline,
            left: deadline,
        }
    }

    /// Waits for the next piece.
    pub(super) async fn next(&mut self, payload: &mut Payload) -> Piece {
        let asked = Instant::now();
        let piece = match timeout(self.left, payload.next()).await {
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(Some(Err(_))) => Err(BodyFault::BrokenOff),
            Ok(None) => Ok(None),
            Err(_) => Err(BodyFault::TooSlow(self.deadline.as_secs())),
        };
        self.left = self.left.saturating_sub(asked.elapsed());
        piece
    }
}

/// The body as the reading thread sees it.
pub(super) struct Incoming {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl Incoming {
    pub(super) fn new(pieces: mpsc::Receiver<Piece>) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            let piece = self.pieces.blocking_recv();
            match piece.unwrap_or(Err(BodyFault::BrokenOff))? {
                Some(bytes) => self.current = bytes,
                None => self.ended = true,
            }
        }
        let size = buffer.len().min(self.current.len());
        buffer[..size].copy_from_slice(&self.current.split_to(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: Vec<Piece>) -> Result<String, BodyFault> {
        let (sender, receiver) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            sender.try_send(piece).expect("room");
        }
        drop(sender);
        let mut text = String::new();
        match Incoming::new(receiver).read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(BodyFault::from_io(error)),
        }
    }

    fn piece(text: &'static str) -> Piece {
        Ok(Some(Bytes::from_static(text.as_bytes())))
    }

    #[test]
    fn pieces_join_and_only_the_end_ends_them() {
        assert_eq!(
            read(vec![piece("ab"), piece(""), piece("c"), Ok(None)]),
            Ok("abc".to_owned())
        );
        assert_eq!(read(vec![piece("ab")]), Err(BodyFault::BrokenOff));
        assert_eq!(read(vec![]), Err(BodyFault::BrokenOff));
        let slow = BodyFault::TooSlow(1);
        assert_eq!(read(vec![piece("ab"), Err(slow.clone())]), Err(slow));
    }
}
