//! SMS messages: sent one by one, and read.

use clarion_domain::message::MessageStatus;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::RecipientKey;
use clarion_domain::tariff::Price;
use clarion_persistence::messages::{self, Settlement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, OTHER_CLIENT, TestApp, campaign, key, now, on_each_database};

fn message() -> Value {
    json!({"message": "{Hello}", "sender": "ACME", "phoneNumber": "07700 900001"})
}

/// Sends a message; its GUID.
async fn send(app: &TestApp) -> String {
    let answer = app.post("/api/SMSMessages", &message()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let guid = answer.json().as_str().expect("a GUID").to_owned();
    let location = format!("/api/SMSMessages/{guid}");
    assert_eq!(answer.header("location"), Some(location.as_str()));
    guid
}

/// The messages of a campaign with two contacts, of whom the first was tried.
async fn try_first_of(app: &TestApp, id: &str) {
    let contacts = app
        .get(&format!("/api/Campaigns/{id}/Contacts"))
        .await
        .json();
    let contact = contacts["items"][0]["id"].as_str().expect("an id");
    let recipient = RecipientKey::from_contact_id(contact.parse().expect("a UUID"));
    let settlement = Settlement {
        recipient: recipient.expect("a place"),
        attempt: 1,
        status: MessageStatus::Rejected,
        gateway: "main".to_owned(),
        destination: PhoneNumber::from_stored(
            "+447700900001",
            Region::new("GB").expect("a region"),
        )
        .expect("a number"),
        text: "Hello Ann".to_owned(),
        sender: "ACME".to_owned(),
        reference: 7,
        parts: Vec::new(),
        price: Price { millionths: 45_000 },
        error: None,
        at: now(),
    };
    let settle = move |conn: &mut _| messages::settle(conn, std::slice::from_ref(&settlement));
    app.store.write(settle).await.expect("a message");
}

#[tokio::test]
async fn a_sent_message_is_found_by_both_ids() {
    on_each_database(async |app| {
        let guid = send(app).await;
        let shown = app.get(&format!("/api/SMSMessages/{guid}")).await;
        insta::allow_duplicates! { insta::assert_snapshot!(
            shown.text,
            @r#"{"newId":"00001000-0000-8e00-8000-000000000001","id":4503599627370496,"client_Id":1,"dateCreated":"2026-06-27T03:04:01.374Z","dateModified":"2026-06-27T03:04:01.374Z","phoneNumber":"+447700900001","status":1001,"price":0.0,"smsCount":1,"dateReceived":null,"countryCode":"GB","senderNumber":"ACME","message":"{Hello}","campaignId":null}"#
        ) };
        let number = shown.json()["id"].clone();
        for path in [
            format!("/api/smsmessages/{number}"),
            format!("/API/SMSMESSAGES/{guid}/"),
        ] {
            assert_eq!(app.get(&path).await.text, shown.text, "{path}");
        }
        let list = app.get("/api/SMSMessages").await.json();
        assert_eq!(
            (&list["totalRecords"], &list["items"][0]),
            (&json!(1), &shown.json())
        );
        assert_eq!(app.get("/api/Campaigns").await.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn messages_are_listed_once_they_are_tried() {
    on_each_database(async |app| {
        let id = app.create(&campaign()).await;
        assert_eq!(app.get("/api/SMSMessages").await.json()["totalRecords"], 0);
        try_first_of(app, &id).await;
        send(app).await;
        for (query, texts) in [
            ("", vec!["{Hello}", "Hello Ann"]),
            ("?sorts=id", vec!["Hello Ann", "{Hello}"]),
            ("?sorts=-price,message", vec!["Hello Ann", "{Hello}"]),
            ("?filters=campaignId==null", vec!["{Hello}"]),
            (&format!("?filters=campaignId=={id}"), vec!["Hello Ann"]),
            ("?filters=price==0.045,status==7", vec!["Hello Ann"]),
            (
                "?filters=price==0,status==1001,countryCode==GB",
                vec!["{Hello}"],
            ),
        ] {
            let list = app.get(&format!("/api/SMSMessages{query}")).await.json();
            let items = list["items"].as_array().expect("items");
            let found: Vec<_> = items.iter().map(|item| item["message"].clone()).collect();
            assert_eq!(found, texts, "{query}");
            assert_eq!(list["totalRecords"], texts.len(), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_message_is_told_and_nothing_is_sent() {
    on_each_database(async |app| {
        let faulty =
            json!({"message": " ", "sender": "a much too long sender", "phoneNumber": "1"});
        let answer = app.post("/api/SMSMessages", &faulty).await;
        for (path, fault) in [
            ("message", "is required"),
            ("sender", ""),
            ("phoneNumber", ""),
        ] {
            answer.has_fault(path, fault);
        }
        let mistyped = json!({"message": 5, "sender": "ACME", "phoneNumber": "07700900001"});
        let answer = app.post("/api/SMSMessages", &mistyped).await;
        answer.has_fault("message", "must be a string");
        let answer = app.post("/api/SMSMessages", &json!([])).await;
        assert_eq!(answer.status, 400);
        assert_eq!(app.get("/api/SMSMessages").await.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn another_clients_message_does_not_exist() {
    on_each_database(async |app| {
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let guid = send(app).await;
        let number = app.get(&format!("/api/SMSMessages/{guid}")).await.json()["id"].clone();
        for id in [guid, number.to_string(), "7".to_owned(), "none".to_owned()] {
            let path = format!("/api/SMSMessages/{id}");
            let request = app
                .anonymous(Method::GET, &path)
                .bearer_auth(key(9).as_str());
            let problem = Answer::to(request).await.problem(404);
            assert_eq!(
                problem["detail"], "there is no message with this id",
                "{id}"
            );
        }
        let request = app.anonymous(Method::GET, "/api/SMSMessages");
        let list = Answer::to(request.bearer_auth(key(9).as_str()))
            .await
            .json();
        assert_eq!(list["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn sending_needs_its_own_scope() {
    on_each_database(async |app| {
        for (n, scope, sends, reads) in [
            (7, "messages:send", 201, 403),
            (8, "campaigns:read", 403, 200),
            (9, "campaigns:write", 403, 403),
        ] {
            app.add_key(&key(n), OTHER_CLIENT, &[scope]).await;
            let ask = async |method| {
                let request = app.anonymous(method, "/api/SMSMessages").json(&message());
                Answer::to(request.bearer_auth(key(n).as_str()))
                    .await
                    .status
            };
            assert_eq!(ask(Method::POST).await, sends, "{scope}");
            assert_eq!(ask(Method::GET).await, reads, "{scope}");
        }
    })
    .await;
}
