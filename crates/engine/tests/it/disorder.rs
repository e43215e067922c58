//! Two nodes, three campaigns, answers of all kinds in any order, campaigns held back and let go: in the end each
//! message was written once, and the ledger says of it what its gateway said.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::RecipientKey;
use clarion_engine::Engine;
use clarion_persistence::{campaigns, on_both};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::World;

/// Numbers that look random and are the same each time (Knuth's MMIX generator).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn answer(&mut self) -> Answer {
        match self.below(8) {
            0 => Answer::Refuse,
            1 => Answer::Unknown,
            2 | 3 => Answer::NotWritten,
            4 => Answer::Later,
            _ => Answer::Accept,
        }
    }
}

struct Node {
    engine: Engine,
    gateway: Arc<FakeGateway>,
}

impl Node {
    fn new(world: &World, name: &str, mut dice: Dice) -> Self {
        Self {
            engine: world.engine(name),
            gateway: FakeGateway::new(20, move |_| dice.answer()),
        }
    }

    fn gateways(&self) -> Vec<Arc<dyn Gateway>> {
        vec![Arc::clone(&self.gateway) as Arc<dyn Gateway>]
    }
}

/// Disturbs what goes on, a hundred times.
async fn disturb(world: &World, nodes: &[Node], ids: &[CampaignId], dice: &mut Dice) {
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(dice.below(100))).await;
        let node = &nodes[dice.below(2) as usize];
        node.gateway.answer_all(dice.answer());
        let (id, pauses, now) = (ids[dice.below(3) as usize], dice.below(2) == 0, world.now());
        // Whether it may be paused or resumed just now does not matter.
        let change = world.store.write(move |conn| match pauses {
            true => campaigns::pause(conn, FIRST_CLIENT, id, now),
            false => campaigns::resume(conn, FIRST_CLIENT, id, now),
        });
        change.await.unwrap();
        node.engine.wake();
    }
}

/// Lets everything come to its end.
async fn calm_down(world: &World, nodes: &[Node], ids: &[CampaignId]) {
    for node in nodes {
        node.gateway.follow(|_| Answer::Accept);
        node.gateway.answer_all(Answer::Accept);
    }
    for &id in ids {
        let now = world.now();
        let resumed = world
            .store
            .write(move |conn| campaigns::resume(conn, FIRST_CLIENT, id, now));
        resumed.await.unwrap();
        nodes[0].engine.wake();
        world.reaches(id, CampaignStatus::Submitted).await;
    }
}

/// What became of each message that was written, by what the gateways said; none may have been written twice.
fn written(nodes: &[Node]) -> HashMap<RecipientKey, MessageStatus> {
    let mut written = HashMap::new();
    for (recipient, answer) in nodes.iter().flat_map(|node| node.gateway.answered()) {
        let status = match answer {
            Answer::Accept => MessageStatus::Sent,
            Answer::Refuse => MessageStatus::RejectedInvalidRecipient,
            Answer::OptedOut => MessageStatus::OptedOut,
            Answer::Unknown => MessageStatus::Unknown,
            Answer::NotWritten | Answer::Break | Answer::Later => continue,
        };
        let before = written.insert(recipient, status);
        assert_eq!(before, None, "{recipient:?} was written twice");
    }
    written
}

on_both! {
    async fn nothing_is_lost_or_sent_twice(database) {
        let world = World::new(database).await;
        let mut dice = Dice(7);
        let nodes = ["a", "b"].map(|name| Node::new(&world, name, Dice(dice.below(u64::MAX))));
        let running: Vec<_> = nodes
            .iter()
            .map(|node| node.engine.start(node.gateways()))
            .collect();
        let mut ids = Vec::new();
        for contacts in [2_300, 700, 40] {
            ids.push(world.create(&nodes[0].engine, contacts).await);
        }
        disturb(&world, &nodes, &ids, &mut dice).await;
        calm_down(&world, &nodes, &ids).await;

        let mut written = written(&nodes);
        for id in ids {
            let campaign = world.campaign(id).await.unwrap();
            for (status, seq) in world.statuses(&campaign).await.into_iter().zip(1..) {
                let recipient = RecipientKey { campaign: campaign.key, seq };
                assert_eq!(status, written.remove(&recipient), "{recipient:?}");
                assert_ne!(status, None, "{recipient:?}");
            }
        }
        assert!(written.is_empty(), "{written:?}");
        for running in running {
            running.stop().await;
        }
    }
}
