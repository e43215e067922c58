//! `clarion migrate`: brings the database to this version's schema, and does nothing else.

use super::say;
use crate::settings::Settings;
use crate::startup;

/// Migrates; `serve` does it, too, before it serves.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    startup::open_store(settings, &*startup::clock()).await?;
    say("The database has this version's schema.")
}
