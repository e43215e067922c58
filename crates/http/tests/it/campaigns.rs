//! Reading and deleting campaigns.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, campaign, campaign_with, on_each_database};

const NOBODYS: &str = "/api/Campaigns/01920000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_campaign_has_the_published_properties_in_their_order() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        let answer = app.get(&format!("/api/Campaigns/{id}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        insta::allow_duplicates! { insta::assert_snapshot!(
            answer.text.replace(&id, "ID"),
            @r#"{"id":"ID","startDateTime":"2026-07-01T08:00:00.000Z","sender":"ACME","recipientCount":2,"message":"Hello {Name|there}","status":0,"optOutLinkId":null,"trackLinkUrl":"https://example.com/offer","name":null,"onUnknown":null,"sendingWindow":null,"outsideWindow":"hold","expiresAt":null,"maxPerSecond":null,"spreadUntil":null,"smartEncoding":false,"contactGroupIds":[],"excludeContactGroupIds":[],"pausedReason":null,"utm":null,"counts":{"queued":0,"sent":0,"accepted":0,"delivered":0,"failed":0,"parked":0,"unknown":0,"optedOut":0},"clicks":{"people":0,"human":0,"preview":0,"bot":0,"prefetch":0,"head":0,"tooSoon":0}}"#
        ) };
    })
    .await;
}

#[tokio::test]
async fn what_is_not_given_is_null_and_starts_at_once() {
    on_each_database(async |app| {
        let nothing = json!({"startDateTime": null, "trackLinkUrl": "", "optOutLinkId": 0});
        let id = app.create(&campaign_with(&nothing)).await;
        let shown = app.get(&format!("/api/Campaigns/{id}")).await.json();
        assert_eq!(shown["startDateTime"], "2026-06-27T03:04:01.374Z");
        assert_eq!(shown["trackLinkUrl"], json!(null));
        assert_eq!(shown["optOutLinkId"], json!(null));
    })
    .await;
}

#[tokio::test]
async fn the_list_shows_the_newest_start_first() {
    on_each_database(async |app| {
        for day in ["02", "04", "03"] {
            let start = json!({"startDateTime": format!("2026-07-{day}T00:00:00Z")});
            app.create(&campaign_with(&start)).await;
        }
        let list = app.get("/api/Campaigns").await.json();
        let starts: Vec<_> = list["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["startDateTime"].as_str().expect("a moment")[8..10].to_owned())
            .collect();
        assert_eq!(starts, ["04", "03", "02"]);
        let one = app
            .get(&format!("/api/Campaigns/{}", id_of(&list["items"][0])))
            .await;
        let mut one = one.json();
        for counted in ["counts", "clicks"] {
            let counts = one.as_object_mut().and_then(|one| one.remove(counted));
            assert!(counts.is_some(), "{counted}");
        }
        assert_eq!(one, list["items"][0]);
    })
    .await;
}

fn id_of(item: &serde_json::Value) -> &str {
    item["id"].as_str().expect("an id")
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    on_each_database(async |app| {
        for path in [
            NOBODYS,
            "/api/Campaigns/1",
            "/api/Campaigns/%20",
            "/api/Campaigns/%FF",
        ] {
            let problem = app.get(path).await.problem(404);
            assert_eq!(
                problem["detail"], "there is no campaign with this id",
                "{path}"
            );
        }
        for part in ["Contacts", "InvalidContacts"] {
            app.get(&format!("{NOBODYS}/{part}")).await.problem(404);
        }
        app.delete(NOBODYS).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_campaign_is_gone_from_everywhere() {
    on_each_database(async |app| {
        let kept = app.create(&campaign()).await;
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let answer = app.delete(&path).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        app.get(&path).await.problem(404);
        app.get(&format!("{path}/Contacts")).await.problem(404);
        app.put(&path, &campaign()).await.problem(404);
        app.act(&format!("{path}/Pause")).await.problem(404);
        app.delete(&path).await.problem(404);
        let list = app.get("/api/Campaigns").await.json();
        assert_eq!(list["totalRecords"], 1);
        assert_eq!(id_of(&list["items"][0]), kept);
    })
    .await;
}

#[tokio::test]
async fn a_campaign_is_deleted_whatever_its_status() {
    on_each_database(async |app| {
        let sending = app
            .create(&campaign_with(&json!({"startDateTime": null})))
            .await;
        app.start_due().await;
        let paused = app.create(&campaign()).await;
        app.act(&format!("/api/Campaigns/{paused}/Pause")).await;
        let cancelled = app.create(&campaign()).await;
        app.act(&format!("/api/Campaigns/{cancelled}/Cancel")).await;
        for (id, status) in [(sending, 1), (paused, 3), (cancelled, 4)] {
            let path = format!("/api/Campaigns/{id}");
            assert_eq!(app.get(&path).await.json()["status"], status);
            assert_eq!(app.delete(&path).await.status, 204);
        }
    })
    .await;
}

#[tokio::test]
async fn a_post_without_a_body_never_deletes() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        for request in [
            app.request(Method::POST, &path),
            app.request(Method::POST, &path).body(""),
            app.request(Method::POST, &path)
                .header("content-type", "application/json"),
        ] {
            let answer = Answer::to(request).await;
            let detail = answer.problem(405)["detail"].clone();
            assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, DELETE"));
            assert!(
                detail.as_str().expect("a text").contains("DELETE"),
                "{detail}"
            );
        }
        assert_eq!(app.get(&path).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_list_can_be_asked_for_its_headers_alone() {
    on_each_database(async |app| {
        let answer = Answer::to(app.request(Method::HEAD, "/api/Campaigns")).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    })
    .await;
}
