//! A walk through the published contract, line by line and in its order, as a client sees it. What lies behind a line, and
//! the cases at its edges, are in the tests of each part.

mod campaigns;
mod ground;
mod lists;
mod messages;
mod repeats;
mod templates;
mod web_hooks;

use serde_json::Value;

use crate::support::{TestApp, campaign_with};

/// Makes a campaign with these properties instead of the usual ones; its address.
async fn make(app: &TestApp, changes: Value) -> String {
    let id = app.create(&campaign_with(&changes)).await;
    format!("/api/Campaigns/{id}")
}

/// The properties of an object as they are written, in their order; none of their values may hold a quote and a colon.
fn properties(text: &str) -> Vec<&str> {
    let before_colons = text.split("\":").map(|part| part.rsplit('"').next());
    let mut names: Vec<&str> = before_colons.flatten().collect();
    names.pop();
    names
}
