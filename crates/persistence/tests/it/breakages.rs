//! Messages that broke what was to send them.

use clarion_domain::message::MessageStatus::{Parked, Queued, Sent};
use clarion_persistence::messages::{self, Counts, Settlement};
use clarion_persistence::on_both;

use crate::fixtures::{accepted, sending, settlement, status_of};

on_both! {
    async fn a_message_is_parked_when_it_breaks_for_the_third_time_and_told_twice_is_once(database) {
        let key = sending(&database, 1, 3).await;
        database.write(move |conn| {
            let broke = |seq, attempt| Settlement { attempt, ..settlement(key, seq, Parked) };
            for (attempt, status) in [(1, Queued), (2, Queued), (3, Parked), (4, Parked)] {
                for _ in 0..2 {
                    messages::settle(conn, &[broke(1, attempt)])?;
                    assert_eq!(status_of(conn, key, 1)?, Some(status), "{attempt}");
                }
            }
            // Beside others, and sent in the end.
            messages::settle(conn, &[broke(2, 1), accepted(key, 3, &["3"])])?;
            messages::settle(conn, &[Settlement { attempt: 2, ..accepted(key, 2, &["2"]) }])?;
            assert_eq!(status_of(conn, key, 2)?, Some(Sent));
            let counts = Counts { sent: 2, failed: 1, parked: 1, ..Counts::default() };
            assert_eq!(messages::counts(conn, key)?, counts);
            Ok(())
        }).await.unwrap();
    }
}
