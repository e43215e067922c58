//! `clarion keys`: creates, lists and revokes API keys; and the key that a service has from its first start on.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use clarion_domain::api_key::{ApiKeyTerms, KeyText, Scope, Scopes};
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_http::keys::{hash, to_store};
use clarion_persistence::api_keys::{self, ApiKey};
use clarion_persistence::{Conn, Store};

use super::say;
use crate::settings::{Auth, Settings};
use crate::startup;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a key and print it; it cannot be shown again.
    Create {
        /// What to call it.
        #[arg(long, default_value = "by hand")]
        name: String,
        /// Whose it is.
        #[arg(long, default_value_t = FIRST_CLIENT.0)]
        client: i64,
        /// What it allows, as in "campaigns:read campaigns:write".
        #[arg(long, default_value = "admin")]
        scopes: Scopes,
        /// From when on it is no longer good, as in "2027-01-31T00:00:00Z"; never unless given.
        #[arg(long)]
        expires_at: Option<DateTime<Utc>>,
    },
    /// List a client's keys.
    List {
        /// Whose.
        #[arg(long, default_value_t = FIRST_CLIENT.0)]
        client: i64,
    },
    /// Revoke a key.
    Revoke {
        /// The number that `list` shows.
        id: i64,
        /// Whose it is.
        #[arg(long, default_value_t = FIRST_CLIENT.0)]
        client: i64,
    },
}

/// Does it.
pub(crate) async fn run(settings: &Settings, command: Command) -> anyhow::Result<()> {
    let clock = startup::clock();
    let store = startup::open_store_beside(settings, &*clock).await?;
    match command {
        Command::Create {
            name,
            client,
            scopes,
            expires_at,
        } => {
            let key = draw();
            let terms = ApiKeyTerms {
                name,
                scopes,
                expires_at,
            };
            let new = to_store(&key, ClientId(client), terms);
            let now = clock.now();
            store
                .write(move |conn| api_keys::insert(conn, &new, now))
                .await?;
            say(key.as_str())
        }
        Command::List { client } => list(&store, ClientId(client)).await,
        Command::Revoke { id, client } => {
            let now = clock.now();
            let revoke = move |conn: &mut _| api_keys::revoke(conn, ClientId(client), id, now);
            anyhow::ensure!(
                store.write(revoke).await?,
                "client {client} has no key {id} that is not revoked already"
            );
            say(&format!("Key {id} is revoked."))
        }
    }
}

/// Sees to it that there is a key to begin with: the configured one, else on the first start one that is drawn and
/// returned to be shown.
pub(super) async fn ensure_one(
    store: &Store,
    auth: &Auth,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<KeyText>> {
    let configured = auth.bootstrap_key.reveal();
    if !configured.is_empty() {
        admit(store, KeyText::parse(configured)?, now).await?;
        return Ok(None);
    }
    let key = draw();
    let new = to_store(&key, FIRST_CLIENT, all_scopes("first start"));
    let first = store
        .write(move |conn| {
            if api_keys::any(conn)? {
                return Ok(false);
            }
            api_keys::insert(conn, &new, now)?;
            Ok(true)
        })
        .await?;
    Ok(first.then_some(key))
}

/// Stores the configured key where it is not stored yet.
async fn admit(store: &Store, key: KeyText, now: DateTime<Utc>) -> anyhow::Result<()> {
    let hash = hash(&key);
    let is_stored = move |conn: &mut Conn| Ok(api_keys::find_by_hash(conn, &hash)?.is_some());
    if store.read(is_stored).await? {
        return Ok(());
    }
    let new = to_store(&key, FIRST_CLIENT, all_scopes("bootstrap"));
    let inserted = store
        .write(move |conn| api_keys::insert(conn, &new, now))
        .await;
    // Another node may have stored it at the same moment.
    if inserted.is_err() && store.read(is_stored).await? {
        return Ok(());
    }
    inserted.context(
        "auth.bootstrap_key cannot be stored; a key that was revoked does not come back",
    )?;
    Ok(())
}

async fn list(store: &Store, client: ClientId) -> anyhow::Result<()> {
    let keys = store
        .read(move |conn| api_keys::of_client(conn, client))
        .await?;
    say("   id  key         scopes  name")?;
    keys.iter().try_for_each(|key| say(&line(key)))
}

fn line(key: &ApiKey) -> String {
    let notes = [
        ("revoked", key.revoked_at),
        ("expires", key.expires_at),
        ("last used", key.last_used_at),
    ];
    let notes = notes.into_iter().filter_map(|(what, at)| {
        let at = at?.format("%F %T");
        Some(format!("  ({what} {at})"))
    });
    let notes: String = notes.collect();
    let scopes = key.scopes.join(" ");
    format!(
        "{:5}  {}…  {scopes}  {}{notes}",
        key.id, key.prefix, key.name
    )
}

fn all_scopes(name: &str) -> ApiKeyTerms {
    ApiKeyTerms {
        name: name.to_owned(),
        scopes: Scope::ALL.into_iter().collect(),
        expires_at: None,
    }
}

fn draw() -> KeyText {
    KeyText::generate(&rand::random())
}
