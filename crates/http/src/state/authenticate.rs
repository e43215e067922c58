//! Whose key it is. It stands before everything under `/api`, unknown addresses included.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use clarion_domain::api_key::{KeyText, Scope};
use clarion_persistence::api_keys::{self, ApiKey};

use super::caller::Identity;
use super::{State, key};
use crate::keys;
use crate::problem::{Kind, Problem};
use crate::rate::Rates;

/// Lets no request pass without a valid key.
pub(crate) async fn authenticate(
    state: web::Data<State>,
    rates: web::Data<Rates>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(&state, &rates, request.request()).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.call(request).await
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// The key that a request came with.
pub(crate) fn key_of(request: &ServiceRequest) -> Option<i64> {
    let extensions = request.extensions();
    extensions.get::<Identity>().map(|identity| identity.key)
}

/// Without a key there is nothing that could be guessed, so that only keys that are given are counted.
async fn identify(
    state: &State,
    rates: &Rates,
    request: &HttpRequest,
) -> Result<Identity, Problem> {
    let given = key::given(request).ok_or_else(|| refuse("no API key is given"))?;
    let address = state.origin(request);
    let identity = match KeyText::parse(&given) {
        Ok(key) => {
            rates.refusals.admit(address, &key)?;
            identify_by(state, &key).await
        }
        Err(no_key) => Err(refuse(format!("what is given {no_key}"))),
    };
    identity.map_err(|refusal| match refusal.is(Kind::Unauthorized) {
        true => rates.refusals.count(address, refusal),
        false => refusal,
    })
}

async fn identify_by(state: &State, key: &KeyText) -> Result<Identity, Problem> {
    let hash = keys::hash(key);
    let now = state.now();
    let found = state
        .store
        .read(move |conn| api_keys::find_by_hash(conn, &hash))
        .await?
        .filter(|found| found.is_live(now))
        .ok_or_else(|| refuse(unknown(key)))?;
    state.uses.note(&found, now);
    Ok(Identity::from(&found))
}

fn unknown(key: &KeyText) -> &'static str {
    if key.is_mistyped() {
        "the API key is mistyped or cut off: its checksum is wrong"
    } else {
        "the API key is unknown or revoked, or has expired"
    }
}

fn refuse(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Unauthorized, detail)
}

impl From<&ApiKey> for Identity {
    /// A scope that this version does not know allows nothing.
    fn from(key: &ApiKey) -> Self {
        let given = |scope: &Scope| key.scopes.iter().any(|name| name == scope.name());
        Self {
            key: key.id,
            client: key.client,
            scopes: Scope::ALL.into_iter().filter(given).collect(),
        }
    }
}
