//! What previews count and show, and that they leave nothing behind.

use std::sync::Arc;

use clarion_domain::phone::Region;
use clarion_domain::sender_policy::SenderPolicies;
use clarion_domain::tariff::{Price, Tariffs};
use clarion_engine::EngineSettings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::create::post_text_to;
use crate::support::{
    Answer, Setup, TestApp, campaign, campaign_to, campaign_with, links, on_each_database, with,
};

const PREVIEW: &str = "/api/Campaigns/Preview";

/// Two accepted, the one in UCS-2 of two segments; two duplicates, three invalid.
fn mixed() -> Value {
    let mut body = campaign_to(json!([
        {"phoneNumber": "07700 900001", "name": "Ann"},
        {"phoneNumber": "+44 7700 900001", "name": "again"},
        {"phoneNumber": "07700 900002", "name": format!("Siân {}", "x".repeat(60))},
        {"phoneNumber": "07700 900002"},
        {"phoneNumber": "020 7946 0018"},
        {"phoneNumber": "020 7946 0019"},
        {"phoneNumber": 7},
    ]));
    body["trackLinkUrl"] = Value::Null;
    body
}

fn priced() -> Setup {
    let price = Price { millionths: 40_000 };
    let tariffs = Tariffs {
        currency: "GBP".to_owned(),
        countries: [(Region::new("GB").expect("a region"), price)].into(),
        ..Tariffs::default()
    };
    Setup {
        engine: EngineSettings {
            tariffs: Arc::new(tariffs),
            ..EngineSettings::of_node("test", links())
        },
        ..Setup::default()
    }
}

async fn preview(app: &TestApp, body: &Value) -> Value {
    let answer = app.post(PREVIEW, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn contacts_and_messages_are_counted_and_nothing_is_stored() {
    with(priced, async |app| {
        let preview = preview(app, &mixed()).await;
        assert_eq!(
            preview["contacts"],
            json!({
                "contacts": 7, "accepted": 2, "duplicates": 2, "excluded": 0, "refused": 3,
                "reasons": [
                    {"property": "phoneNumber", "reason": "is not a mobile number but a landline", "count": 2},
                    {"property": "phoneNumber", "reason": "must be a string", "count": 1},
                ],
                "suppressed": 0, "outsideSenderPolicy": 0, "senderPolicyBreaches": [],
            })
        );
        assert_eq!((&preview["messages"], &preview["parts"]), (&json!(2), &json!(3)));
        assert_eq!(
            preview["messagesByParts"],
            json!([{"parts": 1, "messages": 1}, {"parts": 2, "messages": 1}])
        );
        assert_eq!(
            preview["ucs2BecauseOf"],
            json!([{"character": "â", "codePoint": "U+00E2", "messages": 1, "suggestion": "a"}])
        );
        assert_eq!((&preview["cost"], &preview["currency"]), (&json!(0.12), &json!("GBP")));
        assert_eq!(
            preview["countries"],
            json!([{"country": "GB", "messages": 2, "parts": 3, "cost": 0.12}])
        );
        assert_eq!(preview["longest"]["phoneNumber"], "+447700900002");
        assert_eq!(
            preview["samples"][0],
            json!({
                "phoneNumber": "+447700900001", "message": "Hello Ann", "parts": 1,
                "encoding": "GSM 7-bit", "ucs2BecauseOf": null,
            })
        );
        assert_eq!(
            preview["sending"],
            json!({
                "first": "2026-07-01T08:00:00.000Z", "last": null, "partsPerSecond": null, "dropped": 0, "expired": 0, "later": 0,
            })
        );
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_campaign_says_may_stand_behind_its_contacts() {
    on_each_database(async |app| {
        let front = r#"{"sender":"ACME","message":"Hi {Name}","contacts":[{"phoneNumber":"07700900001","name":"Ann"}]}"#;
        let behind = r#"{"contacts":[{"phoneNumber":"07700900001","name":"Ann"}],"message":"Hi {Name}","sender":"ACME"}"#;
        let [front, behind] = [front, behind].map(|body| post_text_to(app, PREVIEW, body));
        let (front, behind) = (front.await, behind.await);
        assert_eq!(front.json(), behind.json());
        assert_eq!(front.json()["samples"][0]["message"], "Hi Ann");
    })
    .await;
}

#[tokio::test]
async fn links_are_as_long_as_the_true_ones() {
    on_each_database(async |app| {
        let preview = preview(app, &campaign()).await;
        let message = preview["samples"][0]["message"].as_str().expect("a text");
        let id = app.create(&campaign()).await;
        let stored = app
            .get(&format!("/api/Campaigns/{id}/Preview"))
            .await
            .json();
        assert_eq!(stored["samples"][0]["message"], message);
        assert!(
            message.starts_with("Hello Ann https://c.example/t/"),
            "{message}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_that_says_too_little_is_refused_like_a_campaign() {
    on_each_database(async |app| {
        let answer = app.post(PREVIEW, &json!({"contacts": []})).await;
        for (path, message) in [
            ("sender", "is required"),
            ("message", "is required"),
            ("contacts", "must hold at least one contact"),
        ] {
            answer.has_fault(path, message);
        }
        let broken = post_text_to(app, PREVIEW, r#"{"sender":"ACME","contacts":[{]}"#).await;
        broken.problem(400);
        app.get(PREVIEW).await.problem(405);
    })
    .await;
}

#[tokio::test]
async fn a_pending_campaign_is_previewed_as_its_request_was() {
    with(priced, async |app| {
        let before = preview(app, &mixed()).await;
        let made = app.post("/api/Campaigns/true", &mixed()).await;
        let path = made.header("location").expect("a location").to_owned();
        let stored = app.get(&format!("{path}/Preview")).await;
        assert_eq!(stored.json(), before);

        app.act(&format!("{path}/Pause")).await;
        let problem = app.get(&format!("{path}/Preview")).await.problem(409);
        assert_eq!(
            problem["detail"],
            "the campaign is Paused: only a pending campaign can be previewed"
        );
    })
    .await;
}

#[tokio::test]
async fn messages_that_are_too_long_are_counted() {
    on_each_database(async |app| {
        let long = campaign_with(&json!({"message": "{Name} ".repeat(600)}));
        let preview = preview(app, &long).await;
        assert_eq!(
            (&preview["tooLong"], &preview["maxParts"]),
            (&json!(1), &json!(10))
        );
    })
    .await;
}

#[tokio::test]
async fn a_country_that_does_not_take_the_sender_is_told() {
    let policies = || -> SenderPolicies {
        let policies = json!({"countries": [{"country": "US", "source": "s", "date": "2026-01-01", "alphanumeric": false}]});
        serde_json::from_value(policies).expect("policies")
    };
    let setup = || Setup {
        engine: EngineSettings {
            sender_policies: Arc::new(policies()),
            ..EngineSettings::of_node("test", links())
        },
        ..Setup::default()
    };
    with(setup, async |app| {
        let contacts = json!([{"phoneNumber": "07700 900001"}, {"phoneNumber": "+1 415 555 2671"}]);
        let preview = preview(app, &campaign_to(contacts)).await;
        assert_eq!(
            (&preview["contacts"]["accepted"], &preview["messages"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            preview["contacts"]["senderPolicyBreaches"],
            json!([{
                "country": "US", "contacts": 1, "reason": "is a name, and only numbers are taken there",
                "source": "s", "date": "2026-01-01",
            }])
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_has_opted_out_is_counted_apart() {
    on_each_database(async |app| {
        let added = app
            .post("/api/OptOuts", &json!({"phoneNumber": "07700 900001"}))
            .await;
        assert!(matches!(added.status, 200 | 201), "{}", added.text);
        let of_request = preview(app, &campaign()).await;
        let id = app.create(&campaign()).await;
        let of_stored = app
            .get(&format!("/api/Campaigns/{id}/Preview"))
            .await
            .json();
        for preview in [of_request, of_stored] {
            let contacts = &preview["contacts"];
            assert_eq!(
                (
                    &contacts["contacts"],
                    &contacts["accepted"],
                    &contacts["suppressed"]
                ),
                (&json!(2), &json!(1), &json!(1))
            );
            assert_eq!(preview["samples"][0]["phoneNumber"], "+447700900002");
        }
    })
    .await;
}

#[tokio::test]
async fn a_preview_needs_no_more_than_reading() {
    on_each_database(async |app| {
        let key = crate::support::key(3);
        app.add_key(
            &key,
            clarion_domain::client::FIRST_CLIENT,
            &["campaigns:read"],
        )
        .await;
        let request = app
            .anonymous(Method::POST, PREVIEW)
            .bearer_auth(key.as_str());
        assert_eq!(Answer::to(request.json(&campaign())).await.status, 200);
    })
    .await;
}
