//! Clients and their keys.

use clarion_persistence::api_keys::{self, NewApiKey};
use clarion_persistence::{clients, on_both};

use crate::fixtures::{CLIENT, STRANGER, at};

fn key(number: u8) -> NewApiKey {
    NewApiKey {
        client: CLIENT,
        name: "first".to_owned(),
        hash: [number; 32],
        prefix: "clr_abcd".to_owned(),
        scopes: vec!["campaigns:read".to_owned(), "campaigns:write".to_owned()],
    }
}

on_both! {
    async fn a_key_is_found_by_its_hash_until_it_is_revoked(database) {
        let work = |conn: &mut _| {
            clients::ensure_first(conn, at(0))?;
            clients::ensure_first(conn, at(1))?;
            assert!(!api_keys::any(conn)?);
            let id = api_keys::insert(conn, &key(1), at(2))?;
            assert!(api_keys::any(conn)?);
            let found = api_keys::find_by_hash(conn, &[1; 32])?.unwrap();
            assert_eq!((found.id, found.client, &found.scopes), (id, CLIENT, &key(1).scopes));
            assert_eq!(api_keys::find_by_hash(conn, &[2; 32])?, None);
            assert!(!api_keys::revoke(conn, STRANGER, id, at(3))?);
            assert!(api_keys::revoke(conn, CLIENT, id, at(3))?);
            assert!(!api_keys::revoke(conn, CLIENT, id, at(4))?);
            assert_eq!(api_keys::find_by_hash(conn, &[1; 32])?, None);
            assert_eq!(api_keys::of_client(conn, CLIENT)?[0].revoked_at, Some(at(3)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn use_is_noted_to_the_minute(database) {
        let work = |conn: &mut _| {
            clients::ensure_first(conn, at(0))?;
            let id = api_keys::insert(conn, &key(1), at(0))?;
            for (used, noted) in [(10, 10), (40, 10), (71, 71)] {
                api_keys::touch(conn, id, at(used))?;
                let found = api_keys::find_by_hash(conn, &[1; 32])?.unwrap();
                assert_eq!(found.last_used_at, Some(at(noted)));
            }
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
