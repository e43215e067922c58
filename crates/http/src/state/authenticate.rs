//! Whose key it is. It stands before everything under `/api`, unknown addresses included.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use clarion_domain::api_key::{KeyText, Scope};
use clarion_persistence::api_keys::{self, ApiKey};

use super::caller::Identity;
use super::{State, key};
use crate::keys;
use crate::problem::{Kind, Problem};

/// Lets no request pass without a valid key.
pub(crate) async fn authenticate(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(&state, key::given(request.request())).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.call(request).await
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn identify(state: &State, given: Option<String>) -> Result<Identity, Problem> {
    let given = given.ok_or_else(|| refuse("no API key is given"))?;
    let key = KeyText::parse(&given).map_err(|no_key| refuse(format!("what is given {no_key}")))?;
    let hash = keys::hash(&key);
    let found = state
        .store
        .read(move |conn| api_keys::find_by_hash(conn, &hash))
        .await?
        .ok_or_else(|| refuse(unknown(&key)))?;
    Ok(Identity::from(&found))
}

fn unknown(key: &KeyText) -> &'static str {
    if key.is_mistyped() {
        "the API key is mistyped or cut off: its checksum is wrong"
    } else {
        "the API key is unknown or revoked"
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
            client: key.client,
            scopes: Scope::ALL.into_iter().filter(given).collect(),
        }
    }
}
