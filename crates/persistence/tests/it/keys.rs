//! Clients and their keys.

use clarion_domain::page::PageRequest;
use clarion_persistence::api_keys::{self, Issued, NewApiKey};
use clarion_persistence::listing::ListRequest;
use clarion_persistence::{clients, on_both};

use crate::fixtures::{CLIENT, STRANGER, at};

fn key(number: u8) -> NewApiKey {
    NewApiKey {
        client: CLIENT,
        name: "first".to_owned(),
        hash: [number; 32],
        prefix: "clr_abcd".to_owned(),
        scopes: vec!["campaigns:read".to_owned(), "campaigns:write".to_owned()],
        expires_at: None,
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

    async fn a_client_has_so_many_live_keys_and_no_more(database) {
        let work = |conn: &mut _| {
            assert_eq!(api_keys::issue(conn, &key(1), 2, at(0))?, Issued::NoClient);
            clients::ensure_first(conn, at(0))?;
            let expiring = NewApiKey { expires_at: Some(at(9)), ..key(1) };
            for (key, second, fits) in [
                (expiring, 0, true),
                (key(2), 1, true),
                (key(3), 8, false),
                (key(3), 9, true),
                (key(4), 10, false),
            ] {
                let issued = api_keys::issue(conn, &key, 2, at(second))?;
                assert_eq!(matches!(issued, Issued::Stored(_)), fits, "{issued:?}");
            }
            let keys = api_keys::of_client(conn, CLIENT)?;
            assert!(keys[0].is_live(at(8)));
            assert!(!keys[0].is_live(at(9)));
            assert!(api_keys::revoke(conn, CLIENT, keys[1].id, at(11))?);
            assert!(matches!(api_keys::issue(conn, &key(4), 2, at(11))?, Issued::Stored(_)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn keys_and_clients_are_listed(database) {
        let work = |conn: &mut _| {
            clients::ensure_first(conn, at(0))?;
            clients::insert(conn, STRANGER, "stranger", at(0))?;
            let first = api_keys::insert(conn, &key(1), at(0))?;
            let second = api_keys::insert(conn, &key(2), at(0))?;
            let all = ListRequest::from(PageRequest::default());
            let page = api_keys::page(conn, CLIENT, &all)?;
            let ids: Vec<_> = page.items.iter().map(|key| key.id).collect();
            assert_eq!((page.total_records, ids), (2, vec![second, first]));
            assert_eq!(api_keys::page(conn, STRANGER, &all)?.total_records, 0);
            assert_eq!(clients::page(conn, None, &all)?.total_records, 2);
            let alone = clients::page(conn, Some(STRANGER), &all)?;
            assert_eq!((alone.total_records, alone.items[0].id), (1, STRANGER));
            let next = clients::create(conn, "next", at(0))?;
            assert_eq!(clients::find(conn, next)?.unwrap().name, "next");
            assert!(clients::rename(conn, next, "other")?);
            assert_eq!(clients::find(conn, next)?.unwrap().name, "other");
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
