//! Section 3: "Web hook body, one POST per status change […] signed in the way of the Standard Webhooks specification".

use std::sync::Arc;

use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use clarion_persistence::messages;
use serde_json::{Value, json};

use super::properties;
use crate::support::{Receiver, TakesAll, TestApp, campaign_with, now, on_each_database};
use crate::web_hooks::signed_by;

/// What the provider says of a message: it has arrived.
async fn arrives(app: &TestApp, message: &Value) {
    let receipt = DeliveryReceipt {
        provider_id: message.to_string(),
        response_id: message.to_string(),
        status: Some(MessageStatus::Delivered),
        error: None,
        destination: None,
        received_at: now(),
    };
    let apply =
        move |conn: &mut _| messages::apply_receipts(conn, "main", std::slice::from_ref(&receipt));
    let receipts = app.store.write(apply).await.expect("a stored receipt");
    assert_eq!(receipts.matched, 1);
}

#[tokio::test]
async fn each_change_of_a_messages_status_is_posted() {
    on_each_database(async |app| {
        let mut receiver = Receiver::answering(204).await;
        let made = app
            .post("/api/WebHooks", &json!({"url": receiver.url}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
        let (server, engine) = app.serve_over(vec![Arc::new(TakesAll)]);
        let campaign = campaign_with(&json!({
            "startDateTime": null,
            "contacts": [{"phoneNumber": "07722 123456"}],
        }));
        let id = app.create(&campaign).await;

        let sent = receiver.told().await;
        assert_eq!(sent.header("content-type"), "application/json");
        let published = [
            "webHookType",
            "data",
            "clientId",
            "Id",
            "phoneNumberId",
            "phoneNumber",
            "parts",
            "dateCreated",
            "lastUpdated",
            "price",
            "statusCode",
        ];
        assert_eq!(properties(&sent.text), published);
        let list = app.get("/api/SMSMessages").await.json();
        let contacts = app.get(&format!("/api/Campaigns/{id}/Contacts")).await;
        let message = &list["items"][0];
        let expected = json!({
            "webHookType": 1,
            "data": {
                "clientId": 1,
                "Id": message["id"],
                "phoneNumberId": contacts.json()["items"][0]["id"],
                "phoneNumber": "+447722123456",
                "parts": message["smsCount"],
                "dateCreated": message["dateCreated"],
                "lastUpdated": message["dateModified"],
                "price": message["price"],
                "statusCode": 0,
            },
        });
        assert_eq!(sent.json(), expected);

        arrives(app, &message["id"]).await;
        let delivered = receiver.told().await;
        assert_eq!(delivered.json()["data"]["statusCode"], 1);
        assert_eq!(delivered.json()["data"]["Id"], message["id"]);
        assert_ne!(delivered.header("webhook-id"), sent.header("webhook-id"));
        for told in [&sent, &delivered] {
            let timestamp: i64 = told.header("webhook-timestamp").parse().expect("a number");
            assert_eq!(timestamp, now().timestamp());
            assert_eq!(told.header("webhook-signature"), signed_by(&secret, told));
        }
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_sent_by_itself_has_no_contact() {
    on_each_database(async |app| {
        let mut receiver = Receiver::answering(200).await;
        app.post("/api/WebHooks", &json!({"url": receiver.url}))
            .await;
        let (server, engine) = app.serve_over(vec![Arc::new(TakesAll)]);
        let body = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07722 123456"});
        assert_eq!(app.post("/api/SMSMessages", &body).await.status, 201);
        let told = receiver.told().await.json();
        assert_eq!(told["data"]["phoneNumberId"], "");
        assert_eq!(told["data"]["statusCode"], 0);
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}
