//! The body of the request: the file, converted to the API's JSON while it is sent. Of the file, memory holds what is on its
//! way.

use std::io::{self, Write};

use anyhow::Context as _;
use clarion_batch::{CampaignHeader, Conversion, Converted, FileError, Format, Output};
use futures_util::stream;
use reqwest::Body;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::task::{self, JoinHandle};

use crate::commands::contact_input::ContactInput;
use crate::commands::file_jobs::CouldNotRun;

/// Pieces of the body that are made ahead of the connection.
const AHEAD: usize = 16;

type Piece = io::Result<Vec<u8>>;

/// A file that is to become a campaign.
pub(super) struct Upload<'a> {
    input: &'a ContactInput,
    campaign: CampaignHeader,
    ignore_invalid: bool,
}

/// A body on its way.
pub(super) struct Sending {
    pub(super) body: Body,
    pub(super) conversion: Converting,
}

/// The thread that converts the file.
pub(super) struct Converting(JoinHandle<anyhow::Result<()>>);

impl<'a> Upload<'a> {
    pub(super) fn new(
        input: &'a ContactInput,
        campaign: CampaignHeader,
        ignore_invalid: bool,
    ) -> Self {
        Self {
            input,
            campaign,
            ignore_invalid,
        }
    }

    pub(super) fn ignore_invalid(&self) -> bool {
        self.ignore_invalid
    }

    /// Converts the whole file without sending it: what there is in it, and a fingerprint of the request.
    pub(super) fn rehearse(&self) -> anyhow::Result<(Converted, String)> {
        let file = self.input.open()?;
        let mut fingerprint = Fingerprint(Sha256::new());
        fingerprint.0.update([u8::from(self.ignore_invalid)]);
        let converted = Conversion::new(Output::new(&mut fingerprint, Format::Json))
            .campaign(self.campaign.clone())
            .run(file)
            .map_err(|error| self.input.failed(error))?;
        Ok((converted, fingerprint.text()))
    }

    /// Begins to convert the file.
    pub(super) fn begin(&self) -> anyhow::Result<Sending> {
        let file = self.input.open()?;
        let campaign = self.campaign.clone();
        let name = self.input.shown();
        let (sender, mut pieces) = mpsc::channel::<Piece>(AHEAD);
        let conversion = task::spawn_blocking(move || {
            let output = Output::new(Pieces(sender.clone()), Format::Json);
            let outcome = Conversion::new(output).campaign(campaign).run(file);
            match outcome {
                // Nobody takes the pieces any more: the answer tells why.
                Ok(_) | Err(FileError::Write(_)) => Ok(()),
                Err(error) => {
                    // An end would say that this is all; an error cuts the request off.
                    let _ = sender.blocking_send(Err(io::Error::other("the file breaks off")));
                    Err(error).context(CouldNotRun::new(name))
                }
            }
        });
        Ok(Sending {
            body: Body::wrap_stream(stream::poll_fn(move |context| pieces.poll_recv(context))),
            conversion: Converting(conversion),
        })
    }
}

impl Converting {
    /// Why the file could not be converted to its end, if so.
    pub(super) async fn failure(self) -> Option<anyhow::Error> {
        match self.0.await {
            Ok(outcome) => outcome.err(),
            Err(panic) => Some(panic.into()),
        }
    }
}

/// Passes what is written on to the connection.
struct Pieces(mpsc::Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(piece.to_vec()));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps nothing of what is written but what tells it from all else.
struct Fingerprint(Sha256);

impl Fingerprint {
    fn text(self) -> String {
        let digits = self.0.finalize();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Fingerprint {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.update(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
