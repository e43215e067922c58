//! Health: is the process alive, and can it serve. Open to everyone, and tells nothing else.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Answer;
use crate::state::State;

#[derive(Serialize, ToSchema)]
struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`.
    status: &'static str,
    /// What an operator has to see to, though the service works: `journal`, which cannot be written, as where its disk is full.
    alarms: Vec<&'static str>,
}

/// The process is alive.
#[utoipa::path(
    get, path = "/health/live", tag = "Service", operation_id = "showLive",
    responses((status = 200, description = "It is", body = Health)),
)]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "live" })
}

/// The service can work.
///
/// That is, the database takes what is written: one that is away, read-only or without room does not.
#[utoipa::path(
    get, path = "/health/ready", tag = "Service", operation_id = "showReady",
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "The database does not take what is written"),
    ),
)]
pub(crate) async fn ready(state: web::Data<State>) -> Answer {
    state.check_database().await?;
    let alarms = state.alarms();
    let named = [("database", alarms.database), ("journal", alarms.journal)];
    let named = named.into_iter().filter(|(_, is_on)| *is_on);
    Ok(HttpResponse::Ok().json(Readiness {
        status: "ready",
        alarms: named.map(|(name, _)| name).collect(),
    }))
}
