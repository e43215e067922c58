//! Pause, Resume, Cancel: what they do, and the reason where the status forbids it.

use serde_json::json;

use crate::support::{TestApp, campaign, campaign_with, on_each_database};

async fn status(app: &TestApp, path: &str) -> u64 {
    let campaign = app.get(path).await.json();
    campaign["status"].as_u64().expect("a number")
}

async fn does(app: &TestApp, path: &str, action: &str, becomes: u64) {
    let answer = app.act(&format!("{path}/{action}")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{action}");
    assert_eq!(status(app, path).await, becomes, "{action}");
}

async fn refuses(app: &TestApp, path: &str, action: &str, reason: &str) {
    let before = status(app, path).await;
    let problem = app.act(&format!("{path}/{action}")).await.problem(409);
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.ends_with(reason), "{action}: {detail}");
    assert_eq!(status(app, path).await, before, "{action}");
}

#[tokio::test]
async fn of_a_pending_campaign() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        refuses(
            app,
            &path,
            "Resume",
            "only a paused campaign can be resumed",
        )
        .await;
        does(app, &path, "Pause", 3).await;
        refuses(app, &path, "Pause", "it is paused already").await;
        does(app, &path, "Resume", 0).await;
        does(app, &path, "Cancel", 4).await;
        refuses(app, &path, "Cancel", "it is cancelled already").await;
        refuses(app, &path, "Pause", "nothing of it is left to send").await;
        refuses(
            app,
            &path,
            "Resume",
            "only a paused campaign can be resumed",
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn of_a_campaign_that_is_being_sent() {
    on_each_database(async |app| {
        let at_once = campaign_with(&json!({"startDateTime": null}));
        let path = format!("/api/Campaigns/{}", app.create(&at_once).await);
        app.start_due().await;
        does(app, &path, "pAUSE", 3).await;
        does(app, &path, "resume", 1).await;
        does(app, &path, "CANCEL", 4).await;
    })
    .await;
}

#[tokio::test]
async fn of_no_campaign() {
    on_each_database(async |app| {
        for action in ["Pause", "Resume", "Cancel"] {
            let path = format!("/api/Campaigns/01920000-0000-7000-8000-000000000000/{action}");
            app.act(&path).await.problem(404);
        }
    })
    .await;
}
