//! Stopping in the middle of a campaign, and going on.

use crate::example;
use crate::service::{Setup, wait_for_lines};
use crate::smsc_log;

const COMPLETED: i64 = 5;

/// Slow enough to be caught at it.
const SLOW: &str = "[[rules]]\nresponse = { delay_ms = [5, 15] }\n";

#[tokio::test]
async fn a_campaign_that_is_stopped_in_the_middle_is_completed_by_the_next_start() {
    let setup = Setup::new().with("CLARION__SIMULATOR__SCRIPT", "slow.toml");
    is_completed_after(setup, "TERM").await;
}

#[tokio::test]
async fn the_same_on_postgresql_and_by_the_keyboard() {
    let Some(url) = clarion_persistence::testing::new_postgres_url() else {
        return;
    };
    let setup = Setup::new()
        .with("CLARION__SIMULATOR__SCRIPT", "slow.toml")
        .with("CLARION__DATABASE__URL", &url);
    is_completed_after(setup, "INT").await;
}

async fn is_completed_after(setup: Setup, signal: &str) {
    let expected = example::expected();
    setup.write("slow.toml", SLOW);
    let service = setup.start().await;
    let answer = service.post("/Campaigns/true", example::body()).await;
    let id: String = answer.json().await.unwrap();
    wait_for_lines(&setup.log(), 500).await;
    let key = service.key();
    service.signal(signal);
    assert!(service.ended().await.success());

    let before = smsc_log::received(&setup.log()).len();
    assert!((1..expected.accepted.len()).contains(&before), "{before}");

    let service = setup.start_with_key(key).await;
    service.wait_for(&id, COMPLETED).await;
    service.stop().await;
    let received = smsc_log::received(&setup.log());
    assert_eq!(received.len(), expected.accepted.len());
    for (number, texts) in received {
        assert_eq!(texts, [expected.texts[&number].clone()], "{number}");
    }
}

/// Takes everything and answers nothing, so that a stop waits for the answers.
const SILENT: &str = "[[rules]]\nresponse = { silent_share = 1.0 }\n";

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let setup = Setup::new().with("CLARION__SIMULATOR__SCRIPT", "silent.toml");
    setup.write("silent.toml", SILENT);
    let service = setup.start().await;
    service.post("/Campaigns/true", example::body()).await;
    wait_for_lines(&setup.log(), 10).await;
    service.signal("TERM");
    service.wait_until_deaf().await;
    assert_eq!(service.ended_by_repeated("TERM").await.code(), Some(1));
}

/// As `timeout` does it, which tells the process and then its group.
#[tokio::test]
async fn a_signal_that_comes_twice_at_once_is_one_request() {
    let setup = Setup::new().with("CLARION__SIMULATOR__SCRIPT", "slow.toml");
    setup.write("slow.toml", SLOW);
    let service = setup.start().await;
    service.post("/Campaigns/true", example::body()).await;
    wait_for_lines(&setup.log(), 500).await;
    service.signal("TERM");
    service.signal("INT");
    assert!(service.ended().await.success());
}
