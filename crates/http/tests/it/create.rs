//! Making campaigns: what is taken, and what the answer says. Refusals are in `create_refusals`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp, campaign, campaign_to, campaign_with, of_at_most, on_each_database, with,
};

#[tokio::test]
async fn the_answer_is_the_id_and_where_it_leads() {
    on_each_database(async |app| {
        let answer = app.post("/api/Campaigns", &campaign()).await;
        assert_eq!(answer.status, 201);
        let id = answer.json().as_str().expect("a JSON string").to_owned();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "7", "a UUID of version 7");
        let location = answer.header("location").expect("a location").to_owned();
        assert_eq!(location, format!("/api/Campaigns/{id}"));
        assert_eq!(app.get(&location).await.json()["id"], id);
        assert_eq!(answer.header("x-invalid-contacts"), Some("0"));
        assert_eq!(answer.header("x-duplicate-contacts"), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn whether_invalid_contacts_are_left_out_is_the_last_segment() {
    on_each_database(async |app| {
        let contacts = json!([{"phoneNumber": "07700900001"}, {"phoneNumber": "no number"}]);
        let body = campaign_to(contacts);
        for (last, status) in [
            ("", 400),
            ("/false", 400),
            ("/FALSE", 400),
            ("/true", 201),
            ("/True", 201),
            ("/TRUE/", 201),
        ] {
            let answer = app.post(&format!("/api/campaigns{last}"), &body).await;
            assert_eq!(answer.status, status, "{last}: {}", answer.text);
            if status == 201 {
                assert_eq!(answer.header("x-invalid-contacts"), Some("1"));
            } else {
                answer.has_fault("contacts[1].phoneNumber", "is not a valid phone number");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_stands_there_already_is_dropped_and_counted() {
    on_each_database(async |app| {
        let contacts = json!([
            {"phoneNumber": "07700900001", "name": "first"},
            {"phoneNumber": "+44 (0)7700 900001", "name": "second"},
            {"phoneNumber": "07700900002"},
            {"phoneNumber": "0044 7700 900001"},
        ]);
        let answer = app.post("/api/Campaigns", &campaign_to(contacts)).await;
        assert_eq!(answer.header("x-duplicate-contacts"), Some("2"));
        let path = answer.header("location").expect("a location").to_owned();
        assert_eq!(app.get(&path).await.json()["recipientCount"], 2);
        let shown = app.get(&format!("{path}/Contacts")).await.json();
        assert_eq!(shown["items"][0]["name"], "first");
    })
    .await;
}

#[tokio::test]
async fn a_start_is_read_with_or_without_an_offset() {
    on_each_database(async |app| {
        for (given, shown) in [
            ("2026-07-01T09:00:00Z", "2026-07-01T09:00:00.000Z"),
            ("2026-07-01T09:00:00.5", "2026-07-01T09:00:00.500Z"),
            ("2026-07-01T09:00:00-05:30", "2026-07-01T14:30:00.000Z"),
            ("2026-06-26T03:04:01.374Z", "2026-06-26T03:04:01.374Z"),
        ] {
            let start = campaign_with(&json!({"startDateTime": given}));
            let id = app.create(&start).await;
            let campaign = app.get(&format!("/api/Campaigns/{id}")).await.json();
            assert_eq!(campaign["startDateTime"], shown, "{given}");
        }
    })
    .await;
}

#[tokio::test]
async fn contacts_may_stand_anywhere_and_unknown_properties_are_read_over() {
    on_each_database(async |app| {
        for body in [
            r#"{"contacts":[{"phoneNumber":"07700900001"}],"sender":"ACME","message":"Hi"}"#,
            r#"{"sender":"ACME","contacts":[{"phoneNumber":"07700900001"}],"message":"Hi"}"#,
            r#"{"sender":"ACME","message":"Hi","contacts":[{"phoneNumber":"07700900001"}]}"#,
            r#"{"x":{"contacts":[{}]},"sender":"ACME","SENDER":5,"message":"Hi","y":[1,[2,{"z":null}]],
                "contacts":[{"x":[{}],"phoneNumber":"07700900001","Name":7,"y":1.5}],"z":true}"#,
        ] {
            let answer = post_text(app, body).await;
            assert_eq!(answer.status, 201, "{body}: {}", answer.text);
            let path = answer.header("location").expect("a location").to_owned();
            let campaign = app.get(&path).await.json();
            assert_eq!(campaign["sender"], "ACME");
            assert_eq!(campaign["recipientCount"], 1);
        }
    })
    .await;
}

pub(crate) async fn post_text(app: &TestApp, body: &str) -> Answer {
    post_text_to(app, "/api/Campaigns", body).await
}

pub(crate) async fn post_text_to(app: &TestApp, path: &str, body: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(body.to_owned());
    Answer::to(request).await
}

#[tokio::test]
async fn no_more_contacts_than_the_service_is_set_up_for() {
    with(
        || of_at_most(3),
        async |app| {
            let contacts = |count: u32| -> Value {
                (0..count)
                    .map(|n| json!({"phoneNumber": format!("0770090000{n}")}))
                    .collect()
            };
            let answer = app
                .post("/api/Campaigns/true", &campaign_to(contacts(4)))
                .await;
            answer.has_fault("contacts", "at most 3 contacts");
            app.holds_nothing().await;
            app.create(&campaign_to(contacts(3))).await;
        },
    )
    .await;
}

#[tokio::test]
async fn thousands_of_contacts_come_back_in_their_order() {
    on_each_database(async |app| {
        let contacts: Value = (0..3_500)
            .map(|n| json!({"phoneNumber": format!("+4477001{n:05}"), "name": format!("n{n}")}))
            .collect();
        let id = app.create(&campaign_to(contacts)).await;
        let path = format!("/api/Campaigns/{id}/Contacts?pageSize=10000");
        let shown = app.get(&path).await.json();
        let items = shown["items"].as_array().expect("items");
        assert_eq!(items.len(), 3_500);
        for (n, item) in items.iter().enumerate() {
            assert_eq!(item["name"], format!("n{n}"));
        }
    })
    .await;
}
