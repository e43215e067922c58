//! Section 3: SMS messages.

use serde_json::{Value, json};

use super::properties;
use crate::support::on_each_database;

#[tokio::test]
async fn a_message_is_sent_at_once_and_found_by_both_its_ids() {
    on_each_database(async |app| {
        let body = json!({"message": "Hi", "sender": "ACME", "phoneNumber": "07722 123456"});
        let sent = app.post("/api/SMSMessages", &body).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
        let guid = sent.json();
        let guid = guid.as_str().expect("a JSON string");
        let by_guid = app.get(&format!("/api/SMSMessages/{guid}")).await;
        let message = by_guid.json();
        let by_number = app
            .get(&format!("/api/SMSMessages/{}", message["id"]))
            .await;
        assert_eq!(by_number.json(), message);
        let published = [
            "newId",
            "id",
            "client_Id",
            "dateCreated",
            "dateModified",
            "phoneNumber",
            "status",
            "price",
            "smsCount",
            "dateReceived",
            "countryCode",
            "senderNumber",
            "message",
            "campaignId",
        ];
        assert_eq!(properties(&by_guid.text)[..14], published);
        assert_eq!(message["newId"], guid);
        assert_eq!(message["client_Id"], 1);
        assert_eq!(message["phoneNumber"], "+447722123456");
        assert_eq!(message["countryCode"], "GB");
        assert_eq!(message["senderNumber"], "ACME");
        assert_eq!(message["message"], "Hi");
        assert_eq!(message["smsCount"], 1);
        assert_eq!(message["campaignId"], Value::Null);
        let list = app.get("/api/SMSMessages").await.json();
        assert_eq!(
            (&list["totalRecords"], &list["items"][0]),
            (&json!(1), &message)
        );
        for id in ["1", "01920000-0000-8000-8000-000000000000", "x"] {
            app.get(&format!("/api/SMSMessages/{id}"))
                .await
                .problem(404);
        }
    })
    .await;
}
