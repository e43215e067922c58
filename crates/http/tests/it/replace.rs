//! PUT, and the POST that stands for it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, campaign, campaign_with, on_each_database};

fn replacement() -> Value {
    json!({"startDateTime": "2026-08-01T10:00:00Z", "sender": "60777", "message": "New {Custom1}"})
}

#[tokio::test]
async fn everything_but_the_contacts_is_replaced() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let answer = app.put(&path, &replacement()).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let shown = app.get(&path).await.json();
        assert_eq!(shown["startDateTime"], "2026-08-01T10:00:00.000Z");
        assert_eq!(shown["sender"], "60777");
        assert_eq!(shown["message"], "New {Custom1}");
        assert_eq!(
            shown["trackLinkUrl"],
            json!(null),
            "what is left out is gone"
        );
        assert_eq!(shown["recipientCount"], 2);
        let contacts = app.get(&format!("{path}/Contacts")).await.json();
        assert_eq!(contacts["items"][0]["name"], "Ann");
    })
    .await;
}

#[tokio::test]
async fn a_post_with_a_body_is_a_put() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        assert_eq!(app.post(&path, &replacement()).await.status, 204);
        assert_eq!(app.get(&path).await.json()["sender"], "60777");
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 1);
        app.post("/api/Campaigns/maybe", &replacement())
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn contacts_in_the_body_are_read_over() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        // Many of them: together they are larger than the properties around contacts may be.
        let contacts: Value = (0..5_000).map(|_| json!({"phoneNumber": 5})).collect();
        let body = campaign_with(&json!({"sender": "NEW", "contacts": contacts}));
        assert_eq!(app.put(&path, &body).await.status, 204);
        let shown = app.get(&path).await.json();
        assert_eq!(
            (&shown["sender"], &shown["recipientCount"]),
            (&json!("NEW"), &json!(2))
        );
        for contacts in [json!(null), json!(5)] {
            let body = campaign_with(&json!({ "contacts": contacts }));
            assert_eq!(app.put(&path, &body).await.status, 204);
        }
    })
    .await;
}

#[tokio::test]
async fn each_rule_holds_here_too() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let before = app.get(&path).await.json();
        for (property, value, message) in [
            (
                "startDateTime",
                json!("2026-06-26T03:04:01.373Z"),
                "more than 24 hours",
            ),
            ("startDateTime", json!(5), "must be an ISO 8601"),
            ("sender", json!(null), "is required"),
            ("sender", json!("12"), "has 2 digits"),
            ("message", json!(null), "is required"),
            ("message", json!("{Nmae}"), "{Name}"),
            (
                "optOutLinkId",
                json!(7),
                "names no opt-out link of this client",
            ),
            ("trackLinkUrl", json!("x"), ""),
        ] {
            let body = campaign_with(&json!({ property: value }));
            app.put(&path, &body).await.has_fault(property, message);
        }
        assert_eq!(app.get(&path).await.json(), before);
    })
    .await;
}

#[tokio::test]
async fn the_message_must_fit_every_contact_there_is() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let contacts = app.get(&format!("{path}/Contacts")).await.json();
        let id = contacts["items"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        // Only the first contact has a name: one character more than ten parts hold.
        let fits = "x".repeat(1_530);
        let too_long = format!("{}{{Name}}", &fits[..1_528]);
        for (message, fault) in [
            (
                format!("{fits}x"),
                "is 11 segments long; at most 10 are allowed".to_owned(),
            ),
            (
                too_long,
                format!("is 11 segments long for the contact {id}; at most 10 are allowed"),
            ),
        ] {
            let body = campaign_with(&json!({"message": message, "trackLinkUrl": null}));
            app.put(&path, &body).await.has_fault("message", &fault);
        }
        for message in [fits.clone(), format!("{}{{Name}}", &fits[..1_527])] {
            let body = campaign_with(&json!({"message": message, "trackLinkUrl": null}));
            assert_eq!(app.put(&path, &body).await.status, 204);
        }
    })
    .await;
}

#[tokio::test]
async fn its_body_is_needed() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
        let request = app.request(Method::PUT, &path);
        Answer::to(request).await.has_fault("$", "EOF");
        app.put(&path, &json!([]))
            .await
            .has_fault("$", "must be a JSON object");
    })
    .await;
}

#[tokio::test]
async fn only_a_pending_or_paused_campaign_can_be_changed() {
    on_each_database(async |app| {
        let at_once = campaign_with(&json!({"startDateTime": null}));
        let sending = format!("/api/Campaigns/{}", app.create(&at_once).await);
        app.start_due().await;
        refuses(
            app,
            &sending,
            "the campaign is Sending: pause it before changing it",
        )
        .await;
        app.act(&format!("{sending}/Pause")).await;
        assert_eq!(app.put(&sending, &replacement()).await.status, 204);
        app.act(&format!("{sending}/Cancel")).await;
        refuses(
            app,
            &sending,
            "the campaign is Cancelled: only a pending or paused campaign can be changed",
        )
        .await;
    })
    .await;
}

async fn refuses(app: &TestApp, path: &str, reason: &str) {
    let before = app.get(path).await.json();
    let problem = app.put(path, &campaign()).await.problem(409);
    assert_eq!(problem["detail"], reason);
    assert_eq!(app.get(path).await.json(), before);
}

#[tokio::test]
async fn there_must_be_something_to_replace() {
    on_each_database(async |app| {
        let path = "/api/Campaigns/01920000-0000-7000-8000-000000000000";
        app.put(path, &replacement()).await.problem(404);
        app.post(path, &replacement()).await.problem(404);
    })
    .await;
}
