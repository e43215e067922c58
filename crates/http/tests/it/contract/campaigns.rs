//! Section 2, and the calls on a campaign of section 6.

use serde_json::{Value, json};

use super::{make, properties};
use crate::support::{campaign, campaign_to, campaign_with, on_each_database};

const PUBLISHED: [&str; 8] = [
    "id",
    "startDateTime",
    "sender",
    "recipientCount",
    "message",
    "status",
    "optOutLinkId",
    "trackLinkUrl",
];

#[tokio::test]
async fn a_campaign_has_the_published_properties_in_their_order() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        let shown = app.get(&path).await;
        assert_eq!(properties(&shown.text)[..8], PUBLISHED);
        let campaign = shown.json();
        assert_eq!(campaign["recipientCount"], 2);
        assert_eq!(campaign["status"], 0);
        assert_eq!(campaign["optOutLinkId"], Value::Null);
        assert_eq!(campaign["trackLinkUrl"], "https://example.com/offer");
        app.get("/api/Campaigns/01920000-0000-7000-8000-000000000000")
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn the_list_begins_with_the_newest_start() {
    on_each_database(async |app| {
        for day in ["2026-07-02", "2026-07-03", "2026-07-01"] {
            make(app, json!({"startDateTime": day})).await;
        }
        for (query, days) in [
            ("", ["03", "02", "01"]),
            ("?sorts=startDateTime", ["01", "02", "03"]),
        ] {
            let list = app.get(&format!("/api/Campaigns{query}")).await.json();
            let starts = list["items"].as_array().expect("items").iter();
            let shown: Vec<_> = starts.map(|item| item["startDateTime"].clone()).collect();
            assert_eq!(
                shown,
                days.map(|day| format!("2026-07-{day}T00:00:00.000Z")),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn contacts_are_shown_in_the_order_they_were_sent_in() {
    on_each_database(async |app| {
        let path = make(
            app,
            json!({"contacts": [
                {"phoneNumber": "07700 900009", "name": "Zoe", "custom1": "a", "custom2": "b"},
                {"phoneNumber": "00447700900001"},
            ]}),
        )
        .await;
        let list = app.get(&format!("{path}/Contacts")).await;
        let names = properties(&list.text);
        let first = names
            .iter()
            .position(|name| *name == "phoneNumber")
            .expect("a contact");
        assert_eq!(
            names[first..first + 5],
            ["phoneNumber", "name", "custom1", "custom2", "id"]
        );
        let items = list.json()["items"].clone();
        assert_eq!(items[0]["phoneNumber"], "+447700900009");
        assert_eq!(items[0]["custom2"], "b");
        assert_eq!(items[1]["phoneNumber"], "+447700900001");
        assert_eq!(items[1]["name"], Value::Null);
        app.get("/api/Campaigns/01920000-0000-7000-8000-000000000000/Contacts")
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn creating_answers_the_id_and_where_it_is() {
    on_each_database(async |app| {
        for last in ["", "/true", "/FALSE", "/False", "/TRUE"] {
            let answer = app
                .post(&format!("/api/Campaigns{last}"), &campaign())
                .await;
            assert_eq!(answer.status, 201, "{last}");
            let id = answer.json();
            let id = id.as_str().expect("a JSON string");
            assert_eq!(
                answer.header("location"),
                Some(&*format!("/api/Campaigns/{id}"))
            );
            assert_eq!(answer.header("x-invalid-contacts"), Some("0"));
            assert_eq!(answer.header("x-duplicate-contacts"), Some("0"));
        }
    })
    .await;
}

#[tokio::test]
async fn putting_replaces_what_is_said_while_it_may_be() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        let new = json!({"sender": "NEW", "message": "New", "startDateTime": "2026-08-01"});
        assert_eq!(app.put(&path, &new).await.status, 204);
        let shown = app.get(&path).await.json();
        assert_eq!(shown["message"], "New");
        assert_eq!(shown["trackLinkUrl"], Value::Null);
        assert_eq!(shown["recipientCount"], 2);
        assert_eq!(app.act(&format!("{path}/Pause")).await.status, 204);
        assert_eq!(app.put(&path, &new).await.status, 204);
        assert_eq!(app.act(&format!("{path}/Cancel")).await.status, 204);
        app.put(&path, &new).await.problem(409);
        app.put("/api/Campaigns/01920000-0000-7000-8000-000000000000", &new)
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn deleting_takes_a_campaign_out_of_every_list_whatever_its_status() {
    on_each_database(async |app| {
        let sending = make(app, json!({"startDateTime": null})).await;
        app.start_due().await;
        let cancelled = make(app, json!({})).await;
        app.act(&format!("{cancelled}/Cancel")).await;
        for path in [sending, cancelled, make(app, json!({})).await] {
            assert_eq!(app.delete(&path).await.status, 204);
            app.delete(&path).await.problem(404);
            app.get(&path).await.problem(404);
        }
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn each_property_has_its_rule() {
    on_each_database(async |app| {
        for taken in [
            json!({"startDateTime": null}),
            json!({"startDateTime": "2026-06-26T03:04:01.374Z"}),
            json!({"sender": "A &.-_'!+1b"}),
            json!({"sender": "60777"}),
            json!({"sender": "+447700900001"}),
            json!({"message": "{Name}{custom1}{CUSTOM2|x}{PhoneNumber}{{braces}}"}),
            json!({"optOutLinkId": 0}),
            json!({"optOutLinkId": null}),
            json!({"trackLinkUrl": ""}),
            json!({"trackLinkUrl": null}),
        ] {
            make(app, taken).await;
        }
        for (property, refused) in [
            ("startDateTime", json!("2026-06-26T03:04:01.373Z")),
            ("sender", json!("TWELVE CHARS")),
            ("sender", json!("& .")),
            ("sender", json!("12")),
            ("message", json!(null)),
            ("message", json!("{Nobody}")),
            ("message", json!("x".repeat(1_531))),
            ("optOutLinkId", json!(5)),
            ("trackLinkUrl", json!("ftp://example.com")),
            (
                "trackLinkUrl",
                json!(format!("https://example.com/{}", "x".repeat(2_048))),
            ),
            ("contacts", json!([])),
        ] {
            let body = campaign_with(&json!({ property: refused }));
            app.post("/api/Campaigns", &body)
                .await
                .has_fault(property, "");
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_are_taken_in_any_written_form() {
    on_each_database(async |app| {
        let forms = [
            "07722 123456",
            "+44 7722 123456",
            "0044-7722-123456",
            "(07722) 123.456",
        ];
        for form in forms {
            let path = make(app, json!({"contacts": [{"phoneNumber": form}]})).await;
            let list = app.get(&format!("{path}/Contacts")).await.json();
            assert_eq!(list["items"][0]["phoneNumber"], "+447722123456", "{form}");
        }
        for (property, value) in [
            ("phoneNumber", json!("020 7946 0000")),
            ("name", json!("x".repeat(256))),
            ("custom1", json!("x".repeat(256))),
            ("custom2", json!("x".repeat(256))),
            (
                "contactGroupId",
                json!("01920000-0000-7000-8000-000000000000"),
            ),
        ] {
            let mut contact = json!({"phoneNumber": "07700900001"});
            contact[property] = value;
            let answer = app
                .post("/api/Campaigns", &campaign_to(json!([contact])))
                .await;
            answer.has_fault(&format!("contacts[0].{property}"), "");
        }
    })
    .await;
}

#[tokio::test]
async fn invalid_contacts_refuse_all_or_are_left_out_and_kept() {
    on_each_database(async |app| {
        let body = campaign_to(json!([
            {"phoneNumber": "07700900001"},
            {"phoneNumber": "nonsense"},
            {"phoneNumber": "+447700900001"},
        ]));
        app.post("/api/Campaigns/false", &body)
            .await
            .has_fault("contacts[1].phoneNumber", "");
        app.holds_nothing().await;

        let answer = app.post("/api/Campaigns/true", &body).await;
        assert_eq!(answer.header("x-invalid-contacts"), Some("1"));
        assert_eq!(answer.header("x-duplicate-contacts"), Some("1"));
        let path = answer.header("location").expect("a location").to_owned();
        assert_eq!(app.get(&path).await.json()["recipientCount"], 1);
        let kept = app.get(&format!("{path}/InvalidContacts")).await.json();
        assert_eq!(kept["items"][0]["index"], 1);
        assert_eq!(kept["items"][0]["phoneNumber"], "nonsense");

        let none = campaign_to(json!([{"phoneNumber": "nonsense"}]));
        app.post("/api/Campaigns/true", &none).await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn our_own_properties_stand_behind_the_published_ones() {
    on_each_database(async |app| {
        let group = app.post("/api/ContactGroups", &json!({"name": "A"})).await;
        let excluded = app.post("/api/ContactGroups", &json!({"name": "B"})).await;
        let own = json!({
            "name": "Summer sale",
            "contactGroupIds": [group.json()],
            "excludeContactGroupIds": [excluded.json()],
            "sendingWindow": {"from": "09:00", "to": "20:00", "days": ["Mon"], "timeZone": "Europe/London"},
            "outsideWindow": "drop",
            "expiresAt": "2026-08-01T00:00:00.000Z",
            "maxPerSecond": 20,
            "spreadUntil": "2026-07-20T00:00:00.000Z",
            "onUnknown": "resend",
            "smartEncoding": true,
        });
        let path = make(app, own.clone()).await;
        let shown = app.get(&path).await;
        let campaign = shown.json();
        let names = properties(&shown.text);
        for (property, value) in own.as_object().expect("an object") {
            assert_eq!(&campaign[property], value, "{property}");
            assert!(names[8..].contains(&property.as_str()), "{property}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_calls_on_a_campaign_are_there() {
    on_each_database(async |app| {
        let path = make(app, json!({})).await;
        for list in ["InvalidContacts", "Unknown", "Clicks"] {
            let list = app.get(&format!("{path}/{list}")).await.json();
            assert_eq!(list["items"], json!([]));
        }
        for shown in ["Preview", "Schedule"] {
            assert_eq!(app.get(&format!("{path}/{shown}")).await.status, 200);
        }
        let preview = app.post("/api/Campaigns/Preview", &campaign()).await;
        assert_eq!(preview.json()["messages"], 2);
        for (call, status) in [("Pause", 3), ("Resume", 0), ("Cancel", 4)] {
            assert_eq!(app.act(&format!("{path}/{call}")).await.status, 204);
            assert_eq!(app.get(&path).await.json()["status"], status);
        }
        let refused = app.act(&format!("{path}/Resume")).await.problem(409);
        assert!(refused["detail"].is_string(), "{refused}");
        let contact = json!([{"phoneNumber": "07700900077"}]);
        let path = make(app, json!({})).await;
        let added = app.post(&format!("{path}/Contacts"), &contact).await;
        assert_eq!(added.status, 200, "{}", added.text);
        let resent = app.post(&format!("{path}/ResendUnknown"), &json!({})).await;
        assert_eq!(resent.json()["resent"], 0);
    })
    .await;
}
