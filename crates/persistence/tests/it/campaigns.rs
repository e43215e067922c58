//! How campaigns are listed and changed.

use clarion_domain::campaign::{CampaignContent, CampaignStatus, OnUnknown, Pace, Timing, Utm};
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::sender::SenderId;
use clarion_persistence::campaigns::{self, Advanced};
use clarion_persistence::{Change, Conn, StoreError, on_both};

use crate::fixtures::{CLIENT, STRANGER, at, campaign_id, content, page, pending, sending};

fn status(conn: &mut Conn) -> Result<CampaignStatus, StoreError> {
    Ok(campaigns::find(conn, CLIENT, campaign_id(1))?
        .unwrap()
        .status)
}

fn forbidden(change: Change) -> bool {
    matches!(change, Change::Forbidden(_))
}

on_both! {
    async fn the_newest_start_comes_first(database) {
        for (number, start) in [(1, 100), (2, 300), (3, 200), (4, 300)] {
            pending(&database, number, 1, start).await;
        }
        let work = |conn: &mut Conn| {
            assert!(campaigns::delete(conn, CLIENT, campaign_id(3), at(9))?);
            let one = campaigns::page(conn, CLIENT, &page(1, 2))?;
            let two = campaigns::page(conn, CLIENT, &page(2, 2))?;
            assert_eq!((one.total_pages, one.total_records), (2, 3));
            let ids: Vec<_> = one.items.iter().chain(&two.items).map(|one| one.id).collect();
            assert_eq!(ids, [4, 2, 1].map(campaign_id));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn changes_go_through_every_status(database) {
        pending(&database, 1, 1, 60).await;
        let work = |conn: &mut Conn| {
            let id = campaign_id(1);
            assert!(forbidden(campaigns::resume(conn, CLIENT, id, at(3))?));
            assert_eq!(campaigns::pause(conn, CLIENT, id, at(3))?, Change::Done);
            assert!(forbidden(campaigns::pause(conn, CLIENT, id, at(3))?));
            assert_eq!(campaigns::start_due(conn, at(60))?, []);
            assert_eq!(campaigns::resume(conn, CLIENT, id, at(4))?, Change::Done);
            assert_eq!(status(conn)?, CampaignStatus::Pending);
            assert_eq!(campaigns::start_due(conn, at(59))?, []);
            assert_eq!(campaigns::start_due(conn, at(60))?.len(), 1);
            assert_eq!(status(conn)?, CampaignStatus::Sending);
            assert_eq!(campaigns::pause(conn, CLIENT, id, at(61))?, Change::Done);
            assert_eq!(campaigns::resume(conn, CLIENT, id, at(62))?, Change::Done);
            assert_eq!(status(conn)?, CampaignStatus::Sending);
            assert_eq!(campaigns::cancel(conn, CLIENT, id, at(63))?, Change::Done);
            assert_eq!(status(conn)?, CampaignStatus::Cancelled);
            assert!(forbidden(campaigns::cancel(conn, CLIENT, id, at(64))?));
            assert_eq!(campaigns::find(conn, CLIENT, id)?.unwrap().updated_at, at(63));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_replaced_campaign_says_the_new(database) {
        pending(&database, 1, 2, 60).await;
        let work = |conn: &mut Conn| {
            let pace = Pace { max_per_second: Some(7), spread_until: Some(at(99)) };
            let new = CampaignContent {
                sender: SenderId::Number("+447700900001".to_owned()),
                opt_out_link_id: Some(OptOutLinkId(7)),
                track_link_url: Some("https://example.org/".to_owned()),
                utm: Utm::read("utm_source=sms"),
                on_unknown: Some(OnUnknown::Resend),
                name: Some("Summer".to_owned()),
                smart_encoding: true,
                timing: Timing { pace, ..Timing::default() },
                ..content(90)
            };
            assert_eq!(campaigns::replace(conn, CLIENT, campaign_id(1), &new, at(5))?, Change::Done);
            let found = campaigns::find(conn, CLIENT, campaign_id(1))?.unwrap();
            assert_eq!((found.start_at, found.updated_at), (at(90), at(5)));
            assert_eq!(found.sender, new.sender);
            assert_eq!((found.opt_out_link_id, &found.track_link_url), (Some(OptOutLinkId(7)), &new.track_link_url));
            assert_eq!(found.utm, new.utm);
            let target = campaigns::track_target(conn, found.key)?;
            assert_eq!(target.as_deref(), Some("https://example.org/?utm_source=sms"));
            assert_eq!(found.on_unknown, Some(OnUnknown::Resend));
            assert_eq!((found.name.as_deref(), found.smart_encoding, found.timing.pace), (Some("Summer"), true, pace));
            assert_eq!((found.recipient_count, found.status), (2, CampaignStatus::Pending));
            assert_eq!(campaigns::start_due(conn, at(60))?, []);
            campaigns::start_due(conn, at(90))?;
            let refused = campaigns::replace(conn, CLIENT, campaign_id(1), &content(1), at(91))?;
            assert!(forbidden(refused));
            assert_eq!(campaigns::find(conn, CLIENT, campaign_id(1))?.unwrap().start_at, at(90));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn nobody_changes_what_is_not_his_or_not_there(database) {
        pending(&database, 1, 1, 60).await;
        let work = |conn: &mut Conn| {
            for (client, id) in [(STRANGER, campaign_id(1)), (CLIENT, campaign_id(2))] {
                assert_eq!(campaigns::replace(conn, client, id, &content(1), at(3))?, Change::NotFound);
                assert_eq!(campaigns::pause(conn, client, id, at(3))?, Change::NotFound);
                assert_eq!(campaigns::resume(conn, client, id, at(3))?, Change::NotFound);
                assert_eq!(campaigns::cancel(conn, client, id, at(3))?, Change::NotFound);
                assert!(!campaigns::delete(conn, client, id, at(3))?);
            }
            assert_eq!(status(conn)?, CampaignStatus::Pending);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_deleted_campaign_is_gone_and_not_sent(database) {
        sending(&database, 1, 1).await;
        pending(&database, 2, 1, 60).await;
        let work = |conn: &mut Conn| {
            for number in [1, 2] {
                assert!(campaigns::delete(conn, CLIENT, campaign_id(number), at(5))?);
                assert!(!campaigns::delete(conn, CLIENT, campaign_id(number), at(6))?);
                assert_eq!(campaigns::find(conn, CLIENT, campaign_id(number))?, None);
            }
            assert_eq!(campaigns::sending(conn, at(0))?, []);
            assert_eq!(campaigns::start_due(conn, at(60))?, []);
            assert_eq!(campaigns::next_start(conn)?, None);
            assert_eq!(campaigns::advance(conn, OnUnknown::Hold, at(60))?, Advanced::default());
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn pausing_at_once_happens_once(database) {
        sending(&database, 1, 1).await;
        let pauses: Vec<_> = (0..8)
            .map(|_| {
                let store = database.store();
                let pause = |conn: &mut Conn| campaigns::pause(conn, CLIENT, campaign_id(1), at(5));
                tokio::spawn(async move { store.write(pause).await })
            })
            .collect();
        let mut done = 0;
        for pause in pauses {
            done += usize::from(pause.await.unwrap().unwrap() == Change::Done);
        }
        assert_eq!(done, 1);
    }
}
