//! `Idempotency-Key`: a POST that is repeated with its key has its effect once, and is answered as it was at first.
//!
//! Only what had an effect is kept. A request that was refused left nothing behind; repeated, it is looked at afresh, so
//! that a passing fault (a busy database, a campaign that was not paused yet) does not stick to its key for a day.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use clarion_domain::api_key::{Scope, Scopes};
use clarion_persistence::idempotency::{self, Answered, Reservation, Reserved};
use clarion_persistence::{Store, StoreError};
use futures_util::TryStreamExt;
use tokio::runtime::Handle;
use tracing::warn;
use uuid::Uuid;

use super::State;
use super::caller::Identity;
use super::once::{Attempt, Fingerprint, Once};
use crate::body;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const LONGEST: usize = 255;

/// How long a request counts as under way without a sign of life: so long does the end of a node keep its client waiting.
const LEASE: Duration = Duration::from_secs(10);
/// How often one that is under way gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// When it may be worth to ask again for the answer of a request that is under way, in seconds.
const ASK_AGAIN: u64 = 1;

/// Carries a POST that has a key out once.
pub(crate) async fn once(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let identity = request.extensions().get::<Identity>().copied();
    let (Some(identity), Method::POST) = (identity, request.method().clone()) else {
        return next.call(request).await;
    };
    let reservation = match given(&request) {
        Ok(None) => return next.call(request).await,
        Ok(Some(key)) => reservation(&identity, key),
        Err(problem) => return Ok(request.error_response(problem)),
    };
    match reserve(&state, reservation.clone()).await {
        Ok(Reserved::Ours) => carry_out(&state, reservation, request, next).await,
        Ok(Reserved::UnderWay) => Ok(request.error_response(under_way())),
        Ok(Reserved::Answered(answered)) => repeat(identity, answered, request).await,
        Err(failure) => Ok(request.error_response(Problem::from(failure))),
    }
}

/// The key that the request carries.
fn given(request: &ServiceRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(HEADER);
    let Some(key) = values.next() else {
        return Ok(None);
    };
    let is_visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    let fits = (1..=LONGEST).contains(&key.len()) && is_visible(key.as_bytes());
    match key.to_str() {
        Ok(key) if fits && values.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            Kind::BadRequest,
            "the header Idempotency-Key must be given once, as 1 to 255 visible ASCII characters",
        )),
    }
}

fn reservation(identity: &Identity, key: String) -> Reservation {
    Reservation {
        client: identity.client,
        key,
        owner: Uuid::from_bytes(rand::random()).to_string(),
    }
}

async fn reserve(state: &State, wanted: Reservation) -> Result<Reserved, StoreError> {
    let now = state.now();
    state
        .store
        .write(move |conn| idempotency::reserve(conn, &wanted, LEASE, now))
        .await
}

fn under_way() -> Problem {
    Problem::for_now(
        Kind::UnderWay,
        ASK_AGAIN,
        "the first request with this idempotency key is under way; ask again for its answer",
    )
}

async fn carry_out(
    state: &State,
    reservation: Reservation,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let fingerprint = Fingerprint::of(request.path(), request.query_string());
    let held = Held::new(&state.store, Attempt::new(reservation, fingerprint));
    request.extensions_mut().insert(Once::new(&held.attempt));
    let seen = Arc::clone(&held.attempt);
    let body = request.take_payload();
    let body = body.inspect_ok(move |bytes| seen.fingerprint.add(bytes));
    request.set_payload(Payload::Stream {
        payload: Box::pin(body),
    });
    let answer = tokio::select! {
        answer = next.call(request) => answer,
        never = keep_alive(state, &held.attempt.reservation) => match never {},
    };
    held.settle(answer?).await
}

/// Gives signs of life for as long as it is asked to.
async fn keep_alive(state: &State, held: &Reservation) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        let (held, now) = (held.clone(), state.now());
        let renewed = state
            .store
            .write(move |conn| idempotency::renew(conn, &held, LEASE, now))
            .await;
        if let Err(error) = renewed {
            warn!(%error, "a request under way could not give a sign of life");
        }
    }
}

/// The right to carry a request out, given back where the request has no effect, or nobody waits for its answer any more:
/// an effect that is still on its way then fails to record its answer, and does not last.
struct Held {
    store: Store,
    attempt: Arc<Attempt>,
    settled: bool,
}

impl Held {
    fn new(store: &Store, attempt: Attempt) -> Self {
        Self {
            store: store.clone(),
            attempt: Arc::new(attempt),
            settled: false,
        }
    }

    async fn settle(
        mut self,
        answer: ServiceResponse<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if !answer.status().is_success() {
            let released = release(self.store.clone(), Arc::clone(&self.attempt)).await;
            self.settled = released.is_ok();
            return Ok(answer);
        }
        if self.attempt.is_recorded() {
            self.settled = true;
            return Ok(answer);
        }
        self.record(answer).await
    }

    /// Records the answer of a handler that did not do so in a transaction of its own.
    async fn record(
        mut self,
        answer: ServiceResponse<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let (request, answer) = answer.into_parts();
        let Some(reply) = Reply::of(answer) else {
            let failure = Problem::internal(&Unrecordable);
            return Ok(ServiceResponse::from_err(failure, request));
        };
        let (attempt, recorded) = (Arc::clone(&self.attempt), reply.clone());
        let recorded = self
            .store
            .write(move |conn| attempt.record(conn, &recorded))
            .await;
        self.settled = recorded.is_ok();
        if let Err(error) = recorded {
            warn!(%error, "the answer to a request with an idempotency key is not kept");
        }
        Ok(ServiceResponse::new(request, HttpResponse::from(reply)))
    }
}

/// A handler answered a POST with something else than a text.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be recorded under its idempotency key")]
struct Unrecordable;

impl Drop for Held {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // A runtime that has ended leaves it to the lease.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(release(self.store.clone(), Arc::clone(&self.attempt)));
        }
    }
}

async fn release(store: Store, attempt: Arc<Attempt>) -> Result<(), StoreError> {
    let released = store
        .write(move |conn| idempotency::release(conn, &attempt.reservation))
        .await;
    if let Err(error) = &released {
        warn!(%error, "an idempotency key stays taken until its lease ends");
    }
    released
}

/// Answers as at first, whoever may see that, where the request is the same.
async fn repeat(
    identity: Identity,
    answered: Answered,
    request: ServiceRequest,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let needed: Scopes = answered.scope.parse().unwrap_or_default();
    let needed = needed.iter().next().unwrap_or(Scope::Admin);
    let (request, payload) = request.into_parts();
    let answer = match identity.require(needed) {
        Ok(()) => replay(&request, payload, answered).await,
        Err(problem) => Err(problem),
    };
    Ok(match answer {
        Ok(reply) => ServiceResponse::new(request, reply.into()),
        Err(problem) => ServiceResponse::from_err(problem, request),
    })
}

async fn replay(
    request: &actix_web::HttpRequest,
    payload: Payload,
    answered: Answered,
) -> Result<Reply, Problem> {
    let fingerprint = Fingerprint::of(request.path(), request.query_string());
    let most = body::most(request);
    body::drain(request, payload, most, |bytes| fingerprint.add(bytes)).await?;
    if fingerprint.so_far() != answered.fingerprint {
        return Err(Problem::new(
            Kind::KeyReused,
            "this idempotency key came with another address or body before; take a new key for a new request",
        ));
    }
    let corrupt = || StoreError::Corrupt("the answer under an idempotency key".to_owned());
    let reply =
        Reply::recorded(answered.status, &answered.headers, answered.body).ok_or_else(corrupt)?;
    Ok(reply.with([(REPLAYED, TRUE)]))
}
