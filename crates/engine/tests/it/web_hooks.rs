//! What waits for web hooks goes out, is tried again, and a receiver that is slow keeps nobody else's back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::{BoxFuture, Gateway};
use clarion_domain::page::PageRequest;
use clarion_domain::web_hook::{
    Answer, DeliveryStatus, Post, Poster, Secret, WebHookId, WebHookTerms,
};
use clarion_engine::{Engine, EngineSettings, Posting};
use clarion_persistence::on_both;
use clarion_persistence::web_hooks::deliveries::{self, Delivery};
use clarion_persistence::web_hooks::{self, Made, WebHook};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::fake_gateway;
use crate::fake_gateway::FakeGateway;
use crate::world::{World, links};

/// Receivers that answer by a script, by their address; those without one never answer.
#[derive(Default)]
struct Receivers {
    scripts: Mutex<HashMap<String, Vec<u16>>>,
    posts: Mutex<Vec<Post>>,
    under_way: Mutex<HashMap<String, (usize, usize)>>,
    release: Notify,
}

impl Receivers {
    /// Answers these one after the other, the last one for ever.
    fn answer(&self, hook: &WebHook, statuses: &[u16]) {
        let mut scripts = self.scripts.lock().unwrap();
        scripts.insert(hook.terms.url.clone(), statuses.to_vec());
    }

    fn posts(&self, hook: &WebHook) -> Vec<Post> {
        let posts = self.posts.lock().unwrap();
        let own = posts.iter().filter(|post| post.url == hook.terms.url);
        own.cloned().collect()
    }

    /// The most attempts that a receiver had under way at a time.
    fn most_at_once(&self, hook: &WebHook) -> usize {
        self.under_way.lock().unwrap()[&hook.terms.url].1
    }

    fn next(&self, url: &str) -> Option<u16> {
        let mut scripts = self.scripts.lock().unwrap();
        let script = scripts.get_mut(url)?;
        Some(match script.len() {
            1 => script[0],
            _ => script.remove(0),
        })
    }

    fn begin(&self, url: &str) {
        let mut under_way = self.under_way.lock().unwrap();
        let (now, most) = under_way.entry(url.to_owned()).or_default();
        *now += 1;
        *most = (*most).max(*now);
    }
}

/// Ends an attempt, also one that is given up.
struct UnderWay<'a>(&'a Receivers, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.0.under_way.lock().unwrap();
        under_way.get_mut(&self.1).unwrap().0 -= 1;
    }
}

impl Poster for Receivers {
    fn post(&self, post: Post) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let url = post.url.clone();
            self.begin(&url);
            let _under_way = UnderWay(self, url.clone());
            self.posts.lock().unwrap().push(post);
            match self.next(&url) {
                Some(status) => {
                    tokio::task::yield_now().await;
                    Answer::Status(status)
                }
                None => {
                    self.release.notified().await;
                    Answer::Status(200)
                }
            }
        })
    }
}

fn engine(world: &World, node: &str, receivers: &Arc<Receivers>) -> Engine {
    let settings = EngineSettings::of_node(node, links());
    world.engine_with(EngineSettings {
        posting: Some(Posting {
            poster: Arc::clone(receivers) as Arc<dyn Poster>,
            timeout: Duration::from_secs(10),
            chance: || 0,
        }),
        ..settings
    })
}

fn gateways() -> Vec<Arc<dyn Gateway>> {
    vec![FakeGateway::new(100, |_| fake_gateway::Answer::Accept) as Arc<dyn Gateway>]
}

async fn hook(world: &World, number: u128) -> WebHook {
    let terms = WebHookTerms {
        url: format!("https://example.com/{number}"),
        enabled: true,
    };
    let (id, now) = (WebHookId(Uuid::from_u128(number)), world.now());
    let secret = Secret::generate(&[7; 32]);
    let insert =
        move |conn: &mut _| web_hooks::insert(conn, FIRST_CLIENT, id, &terms, &secret, now);
    match world.store.write(insert).await.unwrap() {
        Made::Stored(hook) => hook,
        Made::TooMany => panic!("there are too many already"),
    }
}

async fn log(world: &World, hook: &WebHook) -> Vec<Delivery> {
    let (key, page) = (
        hook.key,
        PageRequest {
            page: 1,
            page_size: 10_000,
        },
    );
    let log = world
        .store
        .read(move |conn| deliveries::page(conn, key, &page.into()))
        .await
        .unwrap();
    log.items
}

/// Waits until so many deliveries to a web hook stand there.
async fn until(world: &World, hook: &WebHook, status: DeliveryStatus, count: usize) {
    world
        .eventually(async || {
            let log = log(world, hook).await;
            log.iter().filter(|one| one.status == status).count() == count
        })
        .await;
}

on_both! {
    async fn what_becomes_of_messages_is_told(database) {
        let world = World::new(database).await;
        let receivers = Arc::<Receivers>::default();
        let engine = engine(&world, "a", &receivers);
        let hook = hook(&world, 1).await;
        receivers.answer(&hook, &[200]);
        let running = engine.start(gateways());
        world.create(&engine, 200).await;
        until(&world, &hook, DeliveryStatus::Delivered, 200).await;
        running.stop().await;
        let posts = receivers.posts(&hook);
        let ids: std::collections::BTreeSet<_> = posts.iter().map(|post| &post.id).collect();
        assert_eq!((posts.len(), ids.len()), (200, 200));
        assert!((2..=8).contains(&receivers.most_at_once(&hook)));
        assert!(log(&world, &hook).await.iter().all(|one| one.attempts == 1));
    }

    async fn what_does_not_arrive_is_tried_again_ten_times(database) {
        let world = World::new(database).await;
        let receivers = Arc::<Receivers>::default();
        let engine = engine(&world, "a", &receivers);
        let hook = hook(&world, 1).await;
        receivers.answer(&hook, &[500]);
        let running = engine.start(gateways());
        world.create(&engine, 1).await;
        let waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (attempts, wait) in (1..).zip(waits) {
            world.eventually(async || log(&world, &hook).await.iter().any(|one| one.attempts == attempts)).await;
            let delivery = log(&world, &hook).await.remove(0);
            assert_eq!(delivery.next_at, Some(world.now() + TimeDelta::seconds(wait)));
            assert_eq!(delivery.error.as_deref(), Some("answered 500"));
            world.clock.advance(TimeDelta::seconds(wait - 1));
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(receivers.posts(&hook).len(), usize::from(attempts));
            world.clock.advance(TimeDelta::seconds(1));
        }
        until(&world, &hook, DeliveryStatus::Failed, 1).await;
        running.stop().await;
        let posts = receivers.posts(&hook);
        assert_eq!(posts.len(), 10);
        assert!(posts.iter().all(|post| post.id == posts[0].id && post.event == posts[0].event));
    }

    async fn a_receiver_that_does_not_answer_keeps_nobody_elses_back(database) {
        let world = World::new(database).await;
        let receivers = Arc::<Receivers>::default();
        let engine = engine(&world, "a", &receivers);
        let (slow, quick) = (hook(&world, 1).await, hook(&world, 2).await);
        receivers.answer(&quick, &[200]);
        let running = engine.start(gateways());
        world.create(&engine, 300).await;
        until(&world, &quick, DeliveryStatus::Delivered, 300).await;
        // No more than its share is under way, and what times out is written down.
        assert!(receivers.most_at_once(&slow) <= 8);
        world.eventually(async || log(&world, &slow).await.iter().any(|one| one.attempts == 1)).await;
        let tried = log(&world, &slow).await.into_iter().find(|one| one.attempts == 1).unwrap();
        assert_eq!(tried.error.as_deref(), Some("no answer within 10 s"));
        running.stop().await;
        let log = log(&world, &slow).await;
        assert!(log.iter().all(|one| one.status == DeliveryStatus::Waiting));
    }

    async fn a_web_hook_whose_receiver_is_gone_is_disabled(database) {
        let world = World::new(database).await;
        let receivers = Arc::<Receivers>::default();
        let engine = engine(&world, "a", &receivers);
        let hook = hook(&world, 1).await;
        receivers.answer(&hook, &[410]);
        let running = engine.start(gateways());
        world.create(&engine, 100).await;
        let id = hook.id;
        let find = async || world.store.read(move |conn| web_hooks::find(conn, FIRST_CLIENT, id)).await.unwrap().unwrap();
        world.eventually(async || !find().await.terms.enabled).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(receivers.posts(&hook).len() <= 8);
        // What it left behind is given up when it comes back too late.
        let (terms, waiting) = (hook.terms.clone(), log(&world, &hook).await);
        let waiting = waiting.iter().filter(|one| one.status == DeliveryStatus::Waiting).count();
        assert!(waiting > 0);
        world.clock.advance(TimeDelta::days(5));
        receivers.answer(&hook, &[200]);
        world.store.write(move |conn| web_hooks::replace(conn, FIRST_CLIENT, id, &terms)).await.unwrap();
        until(&world, &hook, DeliveryStatus::Waiting, 0).await;
        running.stop().await;
        let log = log(&world, &hook).await;
        assert!(log.iter().all(|one| one.status == DeliveryStatus::Failed));
    }

    async fn two_nodes_deliver_each_once(database) {
        let world = World::new(database).await;
        let receivers = Arc::<Receivers>::default();
        let nodes = ["a", "b"].map(|node| engine(&world, node, &receivers));
        let hook = hook(&world, 1).await;
        receivers.answer(&hook, &[200]);
        let running = [nodes[0].start(gateways()), nodes[1].start(gateways())];
        world.create(&nodes[0], 500).await;
        until(&world, &hook, DeliveryStatus::Delivered, 500).await;
        for node in running {
            node.stop().await;
        }
        assert_eq!(receivers.posts(&hook).len(), 500);
    }
}
