//! Several nodes on one PostgreSQL: binds and rates are the cluster's, a rolling restart loses nothing, and a node that is
//! gone is replaced in time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clarion_domain::api_key::KeyText;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::service::{DEADLINE, Service, Setup};
use crate::smsc_log;

const COMPLETED: i64 = 5;
const BINDS: usize = 4;
const PARTS_PER_SECOND: usize = 100;
const CAMPAIGN_PER_SECOND: usize = 60;

/// An SMSC of its own process, nodes that send to it, and what they share.
struct Cluster {
    smsc: Setup,
    _process: Child,
    node: Setup,
    key: String,
}

impl Cluster {
    /// `None` where there is no PostgreSQL.
    async fn new(sending: &str) -> Option<Self> {
        let url = clarion_persistence::testing::new_postgres_url()?;
        let smsc = Setup::new();
        let (process, address) = start_smsc(&smsc).await;
        let key = KeyText::generate(&[7; 32]).as_str().to_owned();
        let node = Setup::new()
            .with("CLARION__DATABASE__URL", &url)
            .with("CLARION__AUTH__BOOTSTRAP_KEY", &key);
        let port = address.rsplit(':').next().unwrap();
        let config = format!(
            "{sending}\n[[gateways]]\nname = 'main'\nhost = '127.0.0.1'\nport = {port}\nsystem_id = 'clarion'\n\
             password = 'secret'\nbinds = {BINDS}\nwindow = 10\nparts_per_second = {PARTS_PER_SECOND}\n"
        );
        node.write("clarion.toml", &config);
        Some(Self {
            smsc,
            _process: process,
            node,
            key,
        })
    }

    async fn start(&self) -> Service {
        let arguments = ["serve", "--config", "clarion.toml"];
        self.node.start_as_with_key(&arguments, &self.key).await
    }

    fn received(&self) -> Vec<Value> {
        smsc_log::submits(&self.smsc.log())
    }
}

async fn start_smsc(setup: &Setup) -> (Child, String) {
    let mut process = setup
        .command(&["simulator"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let line = output.lines().next_line().await.unwrap().unwrap();
    let address = line.strip_prefix("SMSC simulator: ").unwrap().to_owned();
    (process, address)
}

fn campaign(contacts: usize) -> Value {
    let contacts: Vec<_> = (0..contacts)
        .map(|index| serde_json::json!({"phoneNumber": format!("+4477221{index:05}")}))
        .collect();
    serde_json::json!({"sender": "CLARION", "message": "Hello", "contacts": contacts})
}

async fn post(node: &Service, contacts: usize) -> String {
    post_with(node, contacts, serde_json::json!({})).await
}

async fn post_with(node: &Service, contacts: usize, more: Value) -> String {
    let mut campaign = campaign(contacts);
    let more = more.as_object().cloned().unwrap_or_default();
    campaign.as_object_mut().unwrap().extend(more);
    let answer = node.post("/Campaigns", campaign.to_string()).await;
    answer.json().await.unwrap()
}

/// The binds of each node that is alive, by its id.
async fn binds(node: &Service) -> BTreeMap<String, usize> {
    let nodes = node.get("/Nodes?filters=state==alive&pageSize=100").await;
    let nodes = nodes["items"].as_array().unwrap().iter();
    let binds = |node: &Value| node["binds"].as_array().unwrap().len();
    nodes
        .map(|node| (node["id"].as_str().unwrap().to_owned(), binds(node)))
        .collect()
}

/// Waits until the nodes have so many binds each, in any order.
async fn wait_for_binds(node: &Service, expected: &[usize]) {
    let begun = Instant::now();
    loop {
        let mut found: Vec<_> = binds(node).await.into_values().collect();
        assert!(found.iter().sum::<usize>() <= BINDS, "{found:?}");
        found.sort_unstable();
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn wait_for_parts(cluster: &Cluster, parts: usize) {
    let begun = Instant::now();
    while cluster.received().len() < parts {
        assert!(begun.elapsed() < DEADLINE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn time_of(part: &Value) -> DateTime<Utc> {
    part["t"].as_str().unwrap().parse().unwrap()
}

/// The most parts that came within any one second.
fn most_in_a_second(parts: &[Value]) -> usize {
    let mut times: Vec<_> = parts.iter().map(time_of).collect();
    times.sort_unstable();
    let until =
        |from: DateTime<Utc>| times.partition_point(|time| *time < from + Duration::from_secs(1));
    let counts = times
        .iter()
        .enumerate()
        .map(|(index, from)| until(*from) - index);
    counts.max().unwrap()
}

#[tokio::test]
async fn a_rolling_restart_loses_nothing_sends_nothing_twice_and_exceeds_no_limit() {
    let sending = "[sending]\nlease = '3s'\npoll_interval = '200ms'";
    let Some(cluster) = Cluster::new(sending).await else {
        return;
    };
    let front = cluster.start().await;
    wait_for_binds(&front, &[4]).await;
    let mut others = vec![cluster.start().await, cluster.start().await];
    wait_for_binds(&front, &[1, 1, 2]).await;
    let id = post(&front, 1_500).await;
    for round in 1..=2 {
        wait_for_parts(&cluster, round * 300).await;
        others.remove(0).stop().await;
        wait_for_binds(&front, &[2, 2]).await;
        others.push(cluster.start().await);
        wait_for_binds(&front, &[1, 1, 2]).await;
    }
    front.wait_for(&id, COMPLETED).await;

    let counts = front.get(&format!("/Campaigns/{id}")).await;
    assert_eq!(counts["counts"]["unknown"], 0, "{counts}");
    let parts = cluster.received();
    let texts = smsc_log::received(&cluster.smsc.log());
    assert_eq!(texts.len(), 1_500);
    assert!(texts.values().all(|texts| texts.len() == 1), "sent twice");
    let most = most_in_a_second(&parts);
    // Each of three nodes may make up for 20 ms.
    assert!(
        most <= PARTS_PER_SECOND * 107 / 100,
        "{most} parts in a second"
    );
    for node in others {
        node.stop().await;
    }
    wait_for_binds(&front, &[4]).await;
    front.stop().await;
}

#[tokio::test]
async fn three_nodes_together_keep_to_a_campaign_s_pace_while_one_comes_and_one_goes() {
    let sending = "[sending]\nlease = '3s'\npoll_interval = '200ms'";
    let Some(cluster) = Cluster::new(sending).await else {
        return;
    };
    let front = cluster.start().await;
    let first = cluster.start().await;
    wait_for_binds(&front, &[2, 2]).await;
    let pace = serde_json::json!({"maxPerSecond": CAMPAIGN_PER_SECOND});
    let id = post_with(&front, 3_000, pace).await;
    wait_for_parts(&cluster, 100).await;
    let second = cluster.start().await;
    wait_for_binds(&front, &[1, 1, 2]).await;
    wait_for_parts(&cluster, 400).await;
    first.signal("KILL");
    first.ended().await;
    wait_for_binds(&front, &[2, 2]).await;
    let parts = cluster.received();
    wait_for_parts(&cluster, parts.len() + 200).await;
    front.post(&format!("/Campaigns/{id}/Cancel"), "").await;

    let parts = cluster.received();
    let most = most_in_a_second(&parts);
    // What reaches the SMSC late, since the machine is busy, comes together with what follows.
    assert!(
        most <= CAMPAIGN_PER_SECOND * 115 / 100,
        "{most} parts in a second"
    );
    second.stop().await;
    front.stop().await;
}

#[tokio::test]
async fn a_node_that_is_lost_is_noticed_and_its_work_goes_on_in_time() {
    // As it comes.
    let Some(cluster) = Cluster::new("").await else {
        return;
    };
    let front = cluster.start().await;
    let (lost, other) = (cluster.start().await, cluster.start().await);
    wait_for_binds(&front, &[1, 1, 2]).await;
    let id = post(&front, 4_000).await;
    wait_for_parts(&cluster, 200).await;
    let before = binds(&front).await.len();
    lost.signal("KILL");
    let killed = Instant::now();
    lost.ended().await;
    while binds(&front).await.len() == before {
        assert!(killed.elapsed() < Duration::from_secs(30), "not noticed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wait_for_binds(&front, &[2, 2]).await;
    assert!(
        killed.elapsed() < Duration::from_secs(60),
        "{:?}",
        killed.elapsed()
    );
    front.wait_for(&id, COMPLETED).await;
    let parts = cluster.received();
    assert!(most_in_a_second(&parts) <= PARTS_PER_SECOND * 107 / 100);
    let texts = smsc_log::received(&cluster.smsc.log());
    assert!(texts.values().all(|texts| texts.len() == 1), "sent twice");
    other.stop().await;
    front.stop().await;
}
