//! Clicks: what they are taken for, and how they are counted.

use std::collections::HashMap;

use clarion_domain::click::{Click, ClickClass, ClickRules};
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_persistence::{clicks, messages, on_both, recipients};

use crate::fixtures::{at, page, sending, settlement};

fn click(campaign: CampaignKey, seq: u32, second: i64) -> Click {
    Click {
        recipient: RecipientKey { campaign, seq },
        at: at(second),
        is_head: false,
        network: None,
        user_agent: "Phone".to_owned(),
        purpose: String::new(),
    }
}

fn rules() -> ClickRules {
    ClickRules {
        too_soon_seconds: 2,
        ..ClickRules::default()
    }
}

on_both! {
    async fn clicks_are_judged_by_the_sending_of_their_message(database) {
        let key = sending(&database, 1, 3).await;
        let other = sending(&database, 2, 1).await;
        let counts = database.write(move |conn| {
            // Sent at second 10.
            messages::settle(conn, &[settlement(key, 1, MessageStatus::Sent), settlement(other, 1, MessageStatus::Sent)])?;
            let given = [
                click(key, 1, 11),
                click(key, 1, 12),
                click(key, 1, 90),
                // Of its message nothing is known.
                click(key, 2, 11),
                click(other, 1, 11),
            ];
            clicks::insert(conn, &given, &rules())?;
            clicks::counts(conn, key)
        }).await.unwrap();
        assert_eq!(counts.people, 2);
        let expected = HashMap::from([(ClickClass::TooSoon, 1), (ClickClass::Human, 3)]);
        assert_eq!(counts.by_class, expected);
    }

    async fn each_recipient_is_listed_with_the_clicks_of_people(database) {
        let key = sending(&database, 1, 3).await;
        let (listed, ranged) = database.write(move |conn| {
            let head = Click { is_head: true, ..click(key, 3, 20) };
            clicks::insert(conn, &[click(key, 2, 11), click(key, 2, 12), head], &rules())?;
            Ok((recipients::page(conn, key, &page(1, 10))?, clicks::page(conn, key, &page(1, 2))?))
        }).await.unwrap();
        let counted: Vec<u64> = listed.items.iter().map(|one| one.clicks).collect();
        assert_eq!(counted, [0, 2, 0]);
        assert_eq!(ranged.total_records, 3);
        let newest: Vec<(u32, ClickClass)> =
            ranged.items.iter().map(|one| (one.recipient.seq, one.class)).collect();
        assert_eq!(newest, [(3, ClickClass::Head), (2, ClickClass::Human)]);
    }
}
