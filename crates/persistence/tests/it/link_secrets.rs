//! The secrets of links.

use clarion_domain::link::LinkSecret;
use clarion_persistence::link_secrets::{LinkSecrets, ensure, rotate};
use clarion_persistence::on_both;

use crate::fixtures::at;

on_both! {
    async fn the_first_secret_stays_and_the_one_before_the_newest_is_read(database) {
        let work = |conn: &mut _| {
            let drawn = |byte| [byte; 32];
            let stored = |version, byte| LinkSecret { version, bytes: drawn(byte) };
            let first = LinkSecrets { newest: stored(1, 1), former: None };
            assert_eq!(ensure(conn, drawn(1), at(0))?, first);
            assert_eq!(ensure(conn, drawn(2), at(0))?, first);
            rotate(conn, drawn(2), at(1))?;
            rotate(conn, drawn(3), at(2))?;
            let rotated = LinkSecrets { newest: stored(3, 3), former: Some(stored(2, 2)) };
            assert_eq!(ensure(conn, drawn(1), at(3))?, rotated);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
