//! When a campaign may be sent, as it is asked for and shown, and contacts with zones of their own.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{campaign, campaign_to, campaign_with, on_each_database};

fn windowed() -> Value {
    campaign_with(&json!({
        "sendingWindow": {"from": "09:00", "days": ["Friday", "mon"], "other": 1},
        "outsideWindow": "drop",
        "expiresAt": "2026-07-02T08:00:00Z",
    }))
}

#[tokio::test]
async fn a_window_is_kept_shown_and_replaced() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&windowed()).await);
        let shown = app.get(&path).await.json();
        assert_eq!(
            shown["sendingWindow"],
            json!({"from": "09:00", "to": "24:00", "days": ["Mon", "Fri"], "timeZone": "recipient"})
        );
        assert_eq!(shown["outsideWindow"], "drop");
        assert_eq!(shown["expiresAt"], "2026-07-02T08:00:00.000Z");
        for (filter, found) in [
            ("outsideWindow==drop", 1),
            ("sendingWindow==null", 0),
            ("expiresAt>2026-07-02", 1),
        ] {
            assert_eq!(app.campaigns_where(filter).await, found, "{filter}");
        }
        assert_eq!(app.put(&path, &campaign()).await.status, 204);
        let shown = app.get(&path).await.json();
        assert_eq!(shown["sendingWindow"], Value::Null);
        assert_eq!(shown["outsideWindow"], "hold");
        assert_eq!(shown["expiresAt"], Value::Null);
        let everywhere = campaign_with(&json!({"sendingWindow": {}}));
        assert_eq!(app.put(&path, &everywhere).await.status, 204);
        assert_eq!(
            app.get(&path).await.json()["sendingWindow"]["from"],
            "00:00"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_window_is_refused_at_its_property() {
    on_each_database(async |app| {
        for (window, path, message) in [
            (json!("always"), "sendingWindow", "must be an object"),
            (json!({"from": 8}), "sendingWindow.from", "must be a string"),
            (json!({"from": "8:00"}), "sendingWindow.from", "as in 08:00"),
            (
                json!({"days": "Mon"}),
                "sendingWindow.days",
                "must be an array",
            ),
            (
                json!({"days": [[1]]}),
                "sendingWindow.days",
                "must be an array",
            ),
            (
                json!({"days": []}),
                "sendingWindow.days",
                "at least one day",
            ),
            (
                json!({"timeZone": "GMT+1"}),
                "sendingWindow.timeZone",
                "Europe/London",
            ),
            (
                json!({"from": "20:00", "to": "08:00"}),
                "sendingWindow.to",
                "later than from",
            ),
        ] {
            let body = campaign_with(&json!({ "sendingWindow": window }));
            app.post("/api/Campaigns", &body)
                .await
                .has_fault(path, message);
        }
        for (property, value, message) in [
            ("outsideWindow", json!("wait"), "must be hold or drop"),
            (
                "expiresAt",
                json!("2026-06-27T00:00:00Z"),
                "must lie in the future",
            ),
            (
                "expiresAt",
                json!("2026-07-01T08:00:00Z"),
                "after startDateTime",
            ),
        ] {
            let body = campaign_with(&json!({ property: value }));
            app.post("/api/Campaigns", &body)
                .await
                .has_fault(property, message);
        }
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn contacts_may_have_zones_of_their_own_in_every_format() {
    on_each_database(async |app| {
        let contacts = json!([{"phoneNumber": "07700 900001", "timeZone": "Asia/Kathmandu"}]);
        let path = format!(
            "/api/Campaigns/{}",
            app.create(&campaign_to(contacts)).await
        );
        for (media_type, body) in [
            ("text/csv", "phoneNumber,TIMEZONE\n07700900002,Asia/Tokyo\n"),
            (
                "application/x-ndjson",
                "{\"phoneNumber\":\"07700900003\",\"timeZone\":\"America/Adak\"}\n",
            ),
        ] {
            let added = app
                .request(Method::POST, &format!("{path}/Contacts"))
                .header("content-type", media_type)
                .body(body)
                .send()
                .await
                .expect("an answer");
            assert_eq!(added.status(), 200, "{media_type}");
        }
        let found = app.get(&format!("{path}/Contacts")).await.json();
        let zones: Vec<_> = (0..3)
            .map(|place| &found["items"][place]["timeZone"])
            .collect();
        assert_eq!(zones, ["Asia/Kathmandu", "Asia/Tokyo", "America/Adak"]);
        let contacts = json!([{"phoneNumber": "07700 900001", "timeZone": "London"}]);
        app.post("/api/Campaigns", &campaign_to(contacts))
            .await
            .has_fault("contacts[0].timeZone", "names no time zone");
    })
    .await;
}
