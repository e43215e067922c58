//! Health: is the process alive, and can it serve. Open to everyone, and tells nothing else.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::Answer;
use crate::state::State;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// `GET /health/live`
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "live" })
}

/// `GET /health/ready`: the database answers.
pub(crate) async fn ready(state: web::Data<State>) -> Answer {
    state.ping().await?;
    Ok(HttpResponse::Ok().json(Health { status: "ready" }))
}
