//! Nobody who has opted out is written to.

use std::sync::Arc;

use clarion_domain::campaign::CampaignStatus;
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus;
use clarion_domain::opt_out::{OptOutScope, OptOutSource};
use clarion_persistence::opt_outs::{self, ConsentChange};
use clarion_persistence::{on_both, recipients};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::World;

/// The recipients with these sequence numbers want nothing more.
async fn opt_out(
    world: &World,
    campaign: clarion_domain::campaign::CampaignId,
    seqs: &'static [u32],
) {
    let key = world.campaign(campaign).await.unwrap().key;
    let now = world.now();
    let record = move |conn: &mut _| {
        for seq in seqs {
            let phone = recipients::range(conn, key, *seq, *seq)?[0].contact.phone;
            let change = ConsentChange {
                scope: OptOutScope::Client,
                source: OptOutSource::Api,
                probable: false,
                evidence: None,
                at: now,
            };
            opt_outs::record(conn, FIRST_CLIENT, phone, &change)?;
        }
        Ok(())
    };
    world.store.write(record).await.unwrap();
}

on_both! {
    async fn what_was_not_handed_over_at_an_opt_out_is_never_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let id = world.create(&engine, 100).await;
        gateway.has_submitted(10).await;
        opt_out(&world, id, &[3, 7, 11, 50, 99, 100]).await;
        gateway.follow(|_| Answer::Accept);
        // Those that are under way turn out not to be written: they would be sent again.
        gateway.answer_all(Answer::NotWritten);
        world.reaches(id, CampaignStatus::Submitted).await;

        let campaign = world.campaign(id).await.unwrap();
        for (status, seq) in world.statuses(&campaign).await.into_iter().zip(1..) {
            let expected = match seq {
                3 | 7 | 11 | 50 | 99 | 100 => MessageStatus::OptedOut,
                _ => MessageStatus::Sent,
            };
            assert_eq!(status, Some(expected), "recipient {seq}");
        }
        let submitted = gateway.submitted();
        let to = |seq| submitted.iter().filter(|message| message.recipient.seq == seq).count();
        assert_eq!([3, 7, 11, 50, 99, 100].map(to), [1, 1, 0, 0, 0, 0]);
        running.stop().await;
    }
}
