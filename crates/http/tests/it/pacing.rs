//! How fast a campaign is sent, what it is called and how its texts are encoded, as it is asked for and shown; and what will go
//! when.

use serde_json::{Value, json};

use crate::support::{campaign, campaign_to, campaign_with, on_each_database};

fn paced() -> Value {
    campaign_with(&json!({
        "name": " Summer sale ",
        "maxPerSecond": 20,
        "spreadUntil": "2026-07-01T12:00:00+02:00",
        "smartEncoding": true,
    }))
}

#[tokio::test]
async fn a_pace_a_name_and_an_encoding_are_kept_shown_and_replaced() {
    on_each_database(async |app| {
        let path = format!("/api/Campaigns/{}", app.create(&paced()).await);
        let shown = app.get(&path).await.json();
        assert_eq!(shown["name"], "Summer sale");
        assert_eq!(shown["maxPerSecond"], 20);
        assert_eq!(shown["spreadUntil"], "2026-07-01T10:00:00.000Z");
        assert_eq!(shown["smartEncoding"], true);
        for (filter, found) in [
            ("name==Summer sale", 1),
            ("name@=*SALE", 1),
            ("name==null", 0),
            ("maxPerSecond>19", 1),
            ("maxPerSecond==null", 0),
            ("spreadUntil>2026-07-01", 1),
            ("smartEncoding==true", 1),
            ("smartEncoding==false", 0),
        ] {
            assert_eq!(app.campaigns_where(filter).await, found, "{filter}");
        }
        assert_eq!(app.put(&path, &campaign()).await.status, 204);
        let shown = app.get(&path).await.json();
        assert_eq!(shown["name"], Value::Null);
        assert_eq!(shown["maxPerSecond"], Value::Null);
        assert_eq!(shown["spreadUntil"], Value::Null);
        assert_eq!(shown["smartEncoding"], false);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_pace_name_or_encoding_is_refused_at_its_property() {
    on_each_database(async |app| {
        for (property, value, message) in [
            ("name", json!(7), "must be a string"),
            ("name", json!("two\nlines"), "1 to 100 characters"),
            ("maxPerSecond", json!("20"), "must be an integer"),
            ("maxPerSecond", json!(0.5), "must be an integer"),
            ("maxPerSecond", json!(0), "must be from 1 to 1000000"),
            (
                "spreadUntil",
                json!("soon"),
                "must be an ISO 8601 date-time",
            ),
            (
                "spreadUntil",
                json!("2026-07-01T08:00:00Z"),
                "after startDateTime",
            ),
            ("smartEncoding", json!("yes"), "must be true or false"),
        ] {
            let body = campaign_with(&json!({ property: value }));
            app.post("/api/Campaigns", &body)
                .await
                .has_fault(property, message);
        }
        let body = campaign_with(&json!({
            "spreadUntil": "2026-07-02T08:00:01Z", "expiresAt": "2026-07-02T08:00:00Z",
        }));
        app.post("/api/Campaigns", &body)
            .await
            .has_fault("spreadUntil", "must not lie after expiresAt");
        app.holds_nothing().await;
    })
    .await;
}

/// Three to London, and one to Tokyo.
fn in_two_zones(more: &Value) -> Value {
    let mut body = campaign_to(json!([
        {"phoneNumber": "07700900001"},
        {"phoneNumber": "07700900002", "timeZone": "Asia/Tokyo"},
        {"phoneNumber": "07700900003"},
        {"phoneNumber": "07700900004"},
    ]));
    let more = more.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(more);
    body
}

#[tokio::test]
async fn a_schedule_tells_what_will_go_when() {
    on_each_database(async |app| {
        let windowed = in_two_zones(&json!({
            "startDateTime": "2026-07-01T00:30:00Z",
            "sendingWindow": {"from": "09:00", "to": "20:00"},
            "maxPerSecond": 2,
        }));
        let path = format!("/api/Campaigns/{}", app.create(&windowed).await);
        let schedule = app.get(&format!("{path}/Schedule")).await.json();
        let expected = json!({
            "waiting": 4, "suppressed": 0,
            "first": "2026-07-01T00:30:00.000Z", "last": "2026-07-01T08:00:01.050Z",
            "partsPerSecond": null,
            "slots": [
                {"from": "2026-07-01T00:30:00.000Z", "until": "2026-07-01T00:30:00.000Z", "messages": 1},
                {"from": "2026-07-01T08:00:00.000Z", "until": "2026-07-01T08:00:01.050Z", "messages": 3},
            ],
            "dropped": 0, "expired": 0, "later": 0,
        });
        assert_eq!(schedule, expected);
        app.act(&format!("{path}/Pause")).await;
        let paused = app.get(&format!("{path}/Schedule")).await.json();
        assert_eq!(paused, expected, "as if it went on");
        let opted_out = json!({"phoneNumber": "07700900003", "reason": "by phone"});
        assert_eq!(app.post("/api/OptOuts", &opted_out).await.status, 201);
        let fewer = app.get(&format!("{path}/Schedule")).await.json();
        assert_eq!((&fewer["waiting"], &fewer["suppressed"]), (&json!(3), &json!(1)));
        app.act(&format!("{path}/Cancel")).await;
        let cancelled = app.get(&format!("{path}/Schedule")).await.json();
        assert_eq!((&cancelled["waiting"], &cancelled["slots"]), (&json!(0), &json!([])));
        app.get("/api/Campaigns/01920000-0000-7000-8000-000000000000/Schedule")
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_preview_reckons_with_the_hours_and_the_pace() {
    on_each_database(async |app| {
        let dropping = in_two_zones(&json!({
            "startDateTime": "2026-07-01T00:30:00Z",
            "sendingWindow": {"from": "09:00", "to": "20:00"},
            "outsideWindow": "drop",
            "maxPerSecond": 2,
        }));
        let preview = app.post("/api/Campaigns/Preview", &dropping).await.json();
        assert_eq!(
            preview["sending"],
            json!({
                "first": "2026-07-01T00:30:00.000Z", "last": "2026-07-01T00:30:01.575Z",
                "partsPerSecond": null, "dropped": 3, "expired": 0, "later": 0,
            })
        );
    })
    .await;
}

#[tokio::test]
async fn smart_encoding_is_previewed_with_its_report() {
    on_each_database(async |app| {
        let mut body = campaign_to(json!([
            {"phoneNumber": "07700900001", "name": "Siân"},
            {"phoneNumber": "07700900002", "name": "Łucja"},
            {"phoneNumber": "07700900003", "name": "Ann"},
        ]));
        body["message"] = json!("It’s for {Name}");
        body["trackLinkUrl"] = Value::Null;
        let plain = app.post("/api/Campaigns/Preview", &body).await.json();
        assert_eq!(plain["smartEncoding"], Value::Null);
        assert_eq!(plain["ucs2"], 3);
        body["smartEncoding"] = json!(true);
        let smart = app.post("/api/Campaigns/Preview", &body).await.json();
        assert_eq!((&smart["gsm7"], &smart["ucs2"]), (&json!(2), &json!(1)));
        assert_eq!(smart["samples"][0]["message"], "It's for Sian");
        assert_eq!(smart["samples"][1]["message"], "It’s for Łucja");
        assert_eq!(
            smart["smartEncoding"],
            json!({
                "encoded": 2,
                "replaced": [
                    {"character": "’", "codePoint": "U+2019", "messages": 2, "suggestion": "'"},
                    {"character": "â", "codePoint": "U+00E2", "messages": 1, "suggestion": "a"},
                ],
                "withoutLookAlike": [
                    {"character": "Ł", "codePoint": "U+0141", "messages": 1, "suggestion": null},
                ],
            })
        );
        let id = app.create(&body).await;
        let stored = app
            .get(&format!("/api/Campaigns/{id}/Preview"))
            .await
            .json();
        assert_eq!(stored["smartEncoding"], smart["smartEncoding"]);
    })
    .await;
}
