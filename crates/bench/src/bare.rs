//! The bare handler that the service is held against: actix-web, one indexed read through diesel, JSON; no keys, no clients,
//! no limits.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, bail};
use clarion_rig::{node, say};
use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde::Serialize;

/// How many rows there are to be read.
pub(crate) const ROWS: u32 = 10_000;
/// As many connections as the service has unless it is told otherwise.
const CONNECTIONS: usize = 6;

diesel::table! {
    items (id) {
        id -> Text,
        sender -> Text,
        message -> Text,
        status -> Integer,
        recipient_count -> BigInt,
    }
}

/// About as much as a campaign's answer.
#[derive(Queryable, Insertable, Serialize)]
#[diesel(table_name = items)]
struct Item {
    id: String,
    sender: String,
    message: String,
    status: i32,
    recipient_count: i64,
}

#[derive(diesel::MultiConnection)]
enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Connections that nobody uses just now.
struct Pool {
    give: Sender<Conn>,
    take: Receiver<Conn>,
}

impl Pool {
    fn open(url: &str) -> anyhow::Result<Self> {
        let (give, take) = bounded(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            give.send(connect(url)?).ok().context("no room")?;
        }
        Ok(Self { give, take })
    }

    fn read(&self, id: &str) -> anyhow::Result<Option<Item>> {
        let mut conn = self.take.recv()?;
        let item = items::table.find(id).first(&mut conn).optional();
        self.give.send(conn).ok().context("no room")?;
        Ok(item?)
    }
}

fn connect(url: &str) -> anyhow::Result<Conn> {
    match url.strip_prefix("sqlite://") {
        None => Ok(Conn::Postgres(PgConnection::establish(url)?)),
        Some(path) => {
            let mut conn = SqliteConnection::establish(path)?;
            conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000")?;
            Ok(Conn::Sqlite(conn))
        }
    }
}

/// The id of a row.
pub(crate) fn id(nth: u32) -> String {
    format!("0192aaaa-bbbb-7ccc-8ddd-{nth:012}")
}

fn fill(url: &str) -> anyhow::Result<()> {
    let mut conn = connect(url)?;
    conn.batch_execute(
        "CREATE TABLE items (id TEXT PRIMARY KEY, sender TEXT NOT NULL, message TEXT NOT NULL,
                             status INTEGER NOT NULL, recipient_count BIGINT NOT NULL)",
    )?;
    conn.batch_execute("BEGIN")?;
    for nth in 0..ROWS {
        let item = Item {
            id: id(nth),
            sender: "BENCH".to_owned(),
            message: crate::payload::MESSAGE.to_owned(),
            status: 1,
            recipient_count: 1,
        };
        diesel::insert_into(items::table)
            .values(&item)
            .execute(&mut conn)?;
    }
    Ok(conn.batch_execute("COMMIT; ANALYZE")?)
}

/// Serves until it is killed.
pub(crate) fn serve(url: &str) -> anyhow::Result<()> {
    fill(url)?;
    let pool = web::Data::from(Arc::new(Pool::open(url)?));
    let app = move || {
        App::new()
            .app_data(pool.clone())
            .route("/items/{id}", web::get().to(item))
            .route("/t/{id}", web::get().to(redirect))
    };
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
        let address = *server.addrs().first().context("no address")?;
        say(&format!("Listening on {address}"))?;
        Ok(server.run().await?)
    })
}

async fn read(pool: web::Data<Pool>, id: String) -> Option<Item> {
    let read = web::block(move || pool.read(&id)).await;
    read.ok()?.ok()?
}

async fn item(pool: web::Data<Pool>, id: web::Path<String>) -> HttpResponse {
    match read(pool, id.into_inner()).await {
        Some(item) => HttpResponse::Ok().json(item),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn redirect(pool: web::Data<Pool>, id: web::Path<String>) -> HttpResponse {
    match read(pool, id.into_inner()).await {
        Some(item) => HttpResponse::Found()
            .insert_header((LOCATION, format!("https://shop.example/{}", item.status)))
            .finish(),
        None => HttpResponse::NotFound().finish(),
    }
}

/// The same in a process of its own; ended when dropped.
pub(crate) struct Bare {
    child: Child,
    pub(crate) at: SocketAddr,
}

impl Bare {
    pub(crate) fn start(url: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bare", url])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = node::lines_of(child.stdout.take().context("no output")?);
        let line = lines.recv().context("the bare handler does not start")?;
        let Some((_, at)) = line.split_once(" on ") else {
            bail!("the bare handler tells no address");
        };
        Ok(Self {
            child,
            at: at.parse()?,
        })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
