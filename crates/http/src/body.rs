//! A request's body: what types are taken, how large and how slow it may be, and how its bytes get from the connection to
//! the thread that reads the JSON. No body is ever in memory as a whole.

mod encoding;
mod fault;
pub(crate) mod given;
pub(crate) mod json;
pub(crate) mod media_type;
mod meter;
mod no_body;
mod stream;
mod unreadable;
pub(crate) mod value;

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{FromRequest, HttpRequest, web};
use tokio::sync::{Semaphore, mpsc};

use crate::HttpSettings;
use crate::problem::{Kind, Problem};
use encoding::Encoding;
use fault::BodyFault;
pub(crate) use meter::{Gauge, Meter};
pub(crate) use no_body::NoBody;
pub(crate) use unreadable::Unreadable;

/// Pieces of a body that wait for the reading thread: some hundred kilobytes.
const PIECES_WAITING: usize = 16;

/// What bodies may be, and how many are read at a time.
#[derive(Clone)]
pub(crate) struct Limits {
    settings: Arc<HttpSettings>,
    readers: Arc<Semaphore>,
}

impl Limits {
    pub(crate) fn new(settings: &HttpSettings) -> Self {
        Self {
            settings: Arc::new(settings.clone()),
            readers: Arc::new(Semaphore::new(settings.max_bodies)),
        }
    }

    fn of(request: &HttpRequest) -> Self {
        request
            .app_data::<web::Data<Self>>()
            .map(|limits| limits.get_ref().clone())
            .unwrap_or_else(|| Self::new(&HttpSettings::default()))
    }
}

/// A body that has not been read yet. Asked for by itself, it is one of JSON.
pub(crate) struct Body {
    payload: Payload,
    encoding: Encoding,
    limits: Limits,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_taken = match is_missing(request) {
            true => Ok(()),
            false => media_type::require_json(request),
        };
        ready(is_taken.and_then(|()| Self::announced(request, payload)))
    }
}

impl Body {
    /// Refuses what the headers alone show to be none of ours, whatever its type.
    pub(crate) fn announced(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        let limits = Limits::of(request);
        let encoding = Encoding::of(request)?;
        if announced_length(request).is_some_and(|length| length > limits.settings.max_body) {
            let fault = BodyFault::TooLarge(limits.settings.max_body);
            return Err(Problem::new(Kind::TooLarge, fault.to_string()));
        }
        Ok(Self {
            payload: payload.take(),
            encoding,
            limits,
        })
    }

    /// Runs `work`, which reads the body, on a thread of its own, and passes it the bytes as they come in.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(Meter) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Self {
            payload,
            encoding,
            limits,
        } = self;
        let _permit = limits.readers.acquire().await;
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        let settings = limits.settings.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = stream::Incoming::new(receiver);
            let decoded = encoding.decode(bytes, settings.max_body);
            work(Meter::new(decoded, settings.max_element))
        });
        stream::pump(payload, sender, limits.settings.body_deadline).await;
        reading.await.map_err(|failure| Problem::internal(&failure))
    }
}

/// Reads a body that nobody needs, and passes its bytes to `see`.
///
/// # Errors
/// It breaks off, comes too slowly, or is larger than `most` bytes.
pub(crate) async fn drain(
    request: &HttpRequest,
    mut payload: Payload,
    most: u64,
    mut see: impl FnMut(&[u8]),
) -> Result<(), Problem> {
    let deadline = Limits::of(request).settings.body_deadline;
    let (mut read, mut patience) = (0, stream::Patience::new(deadline));
    while let Some(bytes) = patience.next(&mut payload).await.map_err(told)? {
        read += bytes.len() as u64;
        if read > most {
            return Err(told(BodyFault::TooLarge(most)));
        }
        see(&bytes);
    }
    Ok(())
}

fn told(fault: BodyFault) -> Problem {
    fault.at("$", "reading it")
}

/// The largest body that is taken.
pub(crate) fn most(request: &HttpRequest) -> u64 {
    Limits::of(request).settings.max_body
}

/// No body at all, not even an empty one in chunks.
pub(crate) fn is_missing(request: &HttpRequest) -> bool {
    !request.headers().contains_key(TRANSFER_ENCODING)
        && announced_length(request).is_none_or(|length| length == 0)
}

fn announced_length(request: &HttpRequest) -> Option<u64> {
    request
        .headers()
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
