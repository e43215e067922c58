//! What the migrations make: the same on both databases, the one that `schema.rs` says, and all of it can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use clarion_persistence::{Backend, Conn, DatabaseSettings, Store, StoreError, on_both, testing};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// Table and column, to type and whether it may be null.
type Catalogue = BTreeMap<(String, String), (String, bool)>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name AS table_name, c.name AS column_name,
           CASE WHEN c.pk > 0 AND c.type = 'INTEGER' AND c.name = 'id' THEN 'BIGINT' ELSE c.type END AS kind,
           NOT c.\"notnull\" AS nullable
    FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text, column_name::text, upper(data_type::text) AS kind, is_nullable = 'YES' AS nullable
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

/// Foreign keys whose columns begin no index over the whole table.
const SQLITE_BARE_KEYS: &str = "
    SELECT t.name AS table_name, k.\"from\" AS column_name, '' AS kind, FALSE AS nullable
    FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS k
    WHERE t.type = 'table' AND NOT EXISTS (
        SELECT 1 FROM pragma_index_list(t.name) AS i JOIN pragma_index_info(i.name) AS c
        WHERE c.seqno = 0 AND c.name = k.\"from\" AND NOT i.partial)";

const POSTGRES_BARE_KEYS: &str = "
    SELECT k.conrelid::regclass::text AS table_name, k.conname::text AS column_name, '' AS kind, FALSE AS nullable
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND NOT EXISTS (
        SELECT 1 FROM pg_index AS i
        WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1] AND i.indpred IS NULL)";

fn columns(conn: &mut Conn, backend: Backend) -> Result<Catalogue, StoreError> {
    let query = match backend {
        Backend::Sqlite => SQLITE_COLUMNS,
        Backend::Postgres => POSTGRES_COLUMNS,
    };
    let columns: Vec<Column> = diesel::sql_query(query).load(conn)?;
    let entry = |column: Column| {
        let place = (column.table_name, column.column_name);
        (place, (column.kind, column.nullable))
    };
    Ok(columns.into_iter().map(entry).collect())
}

/// What `schema.rs` says, in a database's words.
fn expected(backend: Backend) -> Catalogue {
    let mut table = String::new();
    let mut catalogue = Catalogue::new();
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ")
            && !line.starts_with("diesel::")
        {
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            let word = word_for(inner.unwrap_or(kind), backend).to_owned();
            catalogue.insert((table.clone(), column.to_owned()), (word, inner.is_some()));
        } else if let Some((name, _)) = line.split_once(" (") {
            table = name.to_owned();
        }
    }
    catalogue
}

fn word_for(kind: &str, backend: Backend) -> &'static str {
    match (kind, backend) {
        ("BigInt", _) => "BIGINT",
        ("Integer", _) => "INTEGER",
        ("SmallInt", _) => "SMALLINT",
        ("Text", _) => "TEXT",
        ("Bool", _) => "BOOLEAN",
        ("Binary", Backend::Sqlite) => "BLOB",
        ("Binary", Backend::Postgres) => "BYTEA",
        ("Timestamp", Backend::Sqlite) => "TIMESTAMP",
        ("Timestamp", Backend::Postgres) => "TIMESTAMP WITHOUT TIME ZONE",
        _ => panic!("a type that the two databases do not share: {kind}"),
    }
}

on_both! {
    async fn the_catalogue_is_what_the_schema_says(database) {
        let backend = database.backend();
        let found = database.read(move |conn| columns(conn, backend)).await.unwrap();
        let expected = expected(backend);
        let tables: BTreeSet<&String> = expected.keys().map(|(table, _)| table).collect();
        assert!(tables.len() > 10, "read from the schema: {tables:?}");
        assert_eq!(found, expected);
    }

    async fn every_foreign_key_is_indexed(database) {
        let query = match database.backend() {
            Backend::Sqlite => SQLITE_BARE_KEYS,
            Backend::Postgres => POSTGRES_BARE_KEYS,
        };
        let bare = move |conn: &mut Conn| Ok(diesel::sql_query(query).load::<Column>(conn)?);
        let bare: Vec<_> = database
            .read(bare)
            .await
            .unwrap()
            .into_iter()
            .map(|key| (key.table_name, key.column_name))
            .collect();
        assert_eq!(bare, []);
    }

    async fn migrations_go_up_and_down_and_up(database) {
        let backend = database.backend();
        let before = database.read(move |conn| columns(conn, backend)).await.unwrap();
        database.write(testing::revert_all_migrations).await.unwrap();
        let none = database.read(move |conn| columns(conn, backend)).await.unwrap();
        assert_eq!(none, Catalogue::new());
        database.migrate().await.unwrap();
        let after = database.read(move |conn| columns(conn, backend)).await.unwrap();
        assert_eq!(after, before);
    }

    async fn a_migrated_database_stays_as_it_is(database) {
        database.migrate().await.unwrap();
        database.migrate().await.unwrap();
    }

    async fn a_newer_database_is_refused(database) {
        let newer = |conn: &mut Conn| {
            let insert = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')";
            Ok(diesel::sql_query(insert).execute(conn)?)
        };
        database.write(newer).await.unwrap();
        let error = database.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::Migration(_)), "{error:?}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[tokio::test]
async fn nodes_that_migrate_at_once_do_it_once() {
    let Some(url) = testing::new_postgres_url() else {
        return;
    };
    let nodes: Vec<_> = (0..3)
        .map(|_| {
            let settings = DatabaseSettings::at(&url);
            tokio::spawn(async move { Store::open(&settings).await?.migrate().await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
}
