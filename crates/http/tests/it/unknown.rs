//! Messages of which nobody knows whether they were sent: they are listed, and sent again by request.

use clarion_domain::message::MessageStatus;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::RecipientKey;
use clarion_domain::tariff::Price;
use clarion_persistence::messages::{self, Settlement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, OTHER_CLIENT, TestApp, campaign, campaign_with, key, now, on_each_database,
};

/// Makes a campaign with two contacts, and leaves the message to the first in doubt; its path, and the message.
async fn with_one_in_doubt(app: &TestApp) -> (String, Value) {
    let path = format!("/api/Campaigns/{}", app.create(&campaign()).await);
    let contacts = app.get(&format!("{path}/Contacts")).await.json();
    let contact = contacts["items"][0]["id"].as_str().expect("an id");
    let recipient = RecipientKey::from_contact_id(contact.parse().expect("a UUID"));
    let region = Region::new("GB").expect("a region");
    let settlement = Settlement {
        recipient: recipient.expect("a place"),
        attempt: 1,
        status: MessageStatus::Unknown,
        gateway: "main".to_owned(),
        destination: PhoneNumber::from_stored("+447700900001", region).expect("a number"),
        text: "Hello Ann".to_owned(),
        sender: "ACME".to_owned(),
        reference: 7,
        parts: Vec::new(),
        price: Price::default(),
        error: None,
        at: now(),
    };
    let settle = move |conn: &mut _| messages::settle(conn, std::slice::from_ref(&settlement));
    app.store.write(settle).await.expect("a message");
    let list = app.get("/api/SMSMessages").await.json();
    (path, list["items"][0].clone())
}

#[tokio::test]
async fn they_are_listed_and_sent_again_once() {
    on_each_database(async |app| {
        let (path, message) = with_one_in_doubt(app).await;
        let unknown = format!("{path}/Unknown");
        let list = app.get(&unknown).await.json();
        assert_eq!(list["totalRecords"], 1);
        assert_eq!(list["items"], json!([message]));
        let none = format!("{unknown}?filters=smsCount>5");
        assert_eq!(app.get(&none).await.json()["totalRecords"], 0);
        app.get(&format!("{unknown}?sorts=nowhere"))
            .await
            .problem(400);

        let resend = format!("{path}/ResendUnknown");
        let chosen = json!({"messages": [message["newId"]]});
        for resent in [1, 0] {
            let answer = app.post(&resend, &chosen).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json(), json!({"resent": resent}));
        }
        assert_eq!(app.get(&unknown).await.json()["totalRecords"], 0);
        let counts = &app.get(&path).await.json()["counts"];
        assert_eq!(
            (&counts["unknown"], &counts["queued"]),
            (&json!(0), &json!(1))
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_that_cannot_be_meant_is_refused() {
    on_each_database(async |app| {
        let (path, message) = with_one_in_doubt(app).await;
        let resend = format!("{path}/ResendUnknown");
        let strange = json!({"messages": [message["id"].to_string(), "4503599627370496", "x"]});
        for index in [1, 2] {
            app.post(&resend, &strange).await.has_fault(
                &format!("messages[{index}]"),
                "is no message of this campaign",
            );
        }
        app.post(&resend, &json!({"messages": 7}))
            .await
            .has_fault("messages", "must be an array of strings");
        app.act(&format!("{path}/Cancel")).await;
        let problem = app.post(&resend, &json!({})).await.problem(409);
        assert_eq!(
            problem["detail"],
            "the campaign is Cancelled: nothing more of it is sent"
        );
    })
    .await;
}

#[tokio::test]
async fn they_are_their_clients_own() {
    on_each_database(async |app| {
        let (path, _) = with_one_in_doubt(app).await;
        app.add_key(
            &key(9),
            OTHER_CLIENT,
            &["campaigns:read", "campaigns:write"],
        )
        .await;
        for (method, address) in [(Method::GET, "Unknown"), (Method::POST, "ResendUnknown")] {
            let request = app
                .anonymous(method, &format!("{path}/{address}"))
                .bearer_auth(key(9).as_str());
            Answer::to(request.json(&json!({}))).await.problem(404);
        }
    })
    .await;
}

#[tokio::test]
async fn the_policy_is_the_campaigns_or_its_clients() {
    on_each_database(async |app| {
        let id = app
            .create(&campaign_with(&json!({"onUnknown": "resend"})))
            .await;
        let shown = app.get(&format!("/api/Campaigns/{id}")).await.json();
        assert_eq!(shown["onUnknown"], "resend");
        app.post(
            "/api/Campaigns",
            &campaign_with(&json!({"onUnknown": "forget"})),
        )
        .await
        .has_fault("onUnknown", "must be \"hold\" or \"resend\"");
        for (given, shown) in [
            (json!({"name": "A", "onUnknown": "resend"}), json!("resend")),
            (json!({"name": "A"}), Value::Null),
        ] {
            assert_eq!(app.put("/api/Clients/1", &given).await.status, 204);
            let client = app.get("/api/Clients/1").await.json();
            assert_eq!(client["onUnknown"], shown);
        }
        app.put("/api/Clients/1", &json!({"name": "A", "onUnknown": 1}))
            .await
            .has_fault("onUnknown", "must be a string");
    })
    .await;
}
