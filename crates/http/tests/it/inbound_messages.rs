//! Replies: each client reads those that answer its own campaigns; those that answer nobody are the operator's.

use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_domain::gateway::InboundMessage;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::PageRequest;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::RecipientKey;
use clarion_domain::tariff::Price;
use clarion_persistence::campaigns;
use clarion_persistence::inbound_messages;
use clarion_persistence::messages::{self, Settlement};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, OTHER_CLIENT, TestApp, campaign_with, key, now, on_each_database};

const OWN_KEY: u8 = 0;
const OTHER_KEY: u8 = 9;

async fn get_as(app: &TestApp, by: u8, path: &str) -> Answer {
    let request = app.anonymous(Method::GET, path);
    Answer::to(request.bearer_auth(key(by).as_str())).await
}

/// Makes a campaign of a client that has written to its first contact; its id.
async fn written(app: &TestApp, client: ClientId, by: u8, sender: &str) -> String {
    let body = campaign_with(&json!({"sender": sender, "startDateTime": null}));
    let request = app.anonymous(Method::POST, "/api/Campaigns").json(&body);
    let made = Answer::to(request.bearer_auth(key(by).as_str())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    app.start_due().await;
    let settle = move |conn: &mut _| {
        let list = campaigns::page(conn, client, &PageRequest::default().into())?;
        let campaign = list.items[0].key;
        messages::settle(conn, &[settlement(RecipientKey { campaign, seq: 1 })])
    };
    app.store.write(settle).await.expect("a message");
    made.json().as_str().expect("an id").to_owned()
}

fn settlement(recipient: RecipientKey) -> Settlement {
    let region = Region::new("GB").expect("a region");
    Settlement {
        recipient,
        attempt: 1,
        status: MessageStatus::Unknown,
        gateway: "main".to_owned(),
        destination: PhoneNumber::from_stored("+447700900001", region).expect("a number"),
        text: String::new(),
        sender: String::new(),
        reference: 0,
        parts: Vec::new(),
        price: Price::default(),
        error: None,
        at: now(),
    }
}

async fn receive(app: &TestApp, to: &str, text: &str) {
    let message = InboundMessage {
        source: "447700900001".to_owned(),
        destination: to.to_owned(),
        text: text.to_owned(),
        received_at: now(),
    };
    let insert = move |conn: &mut _| inbound_messages::insert(conn, "main", &message);
    app.store.write(insert).await.expect("a stored reply");
}

fn texts(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .filter_map(|one| one["message"].as_str())
        .collect()
}

#[tokio::test]
async fn a_reply_is_shown_to_the_client_that_it_answers() {
    on_each_database(async |app| {
        app.add_key(
            &key(OTHER_KEY),
            OTHER_CLIENT,
            &["campaigns:read", "campaigns:write"],
        )
        .await;
        let own = written(app, FIRST_CLIENT, OWN_KEY, "447860000001").await;
        written(app, OTHER_CLIENT, OTHER_KEY, "447860000002").await;
        receive(app, "447860000001", "Yes").await;
        receive(app, "+447860000002", "No").await;
        receive(app, "447860000003", "Who?").await;

        let list = app.get("/api/InboundMessages").await.json();
        assert_eq!(texts(&list), ["Yes"]);
        let reply = &list["items"][0];
        assert_eq!(reply["campaignId"], own);
        assert_eq!(reply["from"], "447700900001");
        assert_eq!(reply["to"], "447860000001");
        assert_eq!(reply["gateway"], "main");
        let contacts = app
            .get(&format!("/api/Campaigns/{own}/Contacts"))
            .await
            .json();
        assert_eq!(reply["contactId"], contacts["items"][0]["id"]);

        let theirs = get_as(app, OTHER_KEY, "/api/inboundmessages").await.json();
        assert_eq!(texts(&theirs), ["No"]);
        let unmatched = "/api/Gateways/main/UnmatchedMessages";
        assert_eq!(texts(&app.get(unmatched).await.json()), ["Who?"]);
        get_as(app, OTHER_KEY, unmatched).await.problem(403);
    })
    .await;
}

#[tokio::test]
async fn replies_are_filtered_and_sorted() {
    on_each_database(async |app| {
        let id = written(app, FIRST_CLIENT, OWN_KEY, "447860000001").await;
        for text in ["STOP", "yes", "Stop it"] {
            receive(app, "447860000001", text).await;
        }
        for (query, expected) in [
            ("", vec!["Stop it", "yes", "STOP"]),
            ("?sorts=id", vec!["STOP", "yes", "Stop it"]),
            ("?filters=message_=*stop&sorts=id", vec!["STOP", "Stop it"]),
            ("?page=2&pageSize=2", vec!["STOP"]),
            ("?filters=to==447860000002", vec![]),
        ] {
            let list = app
                .get(&format!("/api/InboundMessages{query}"))
                .await
                .json();
            assert_eq!(texts(&list), expected, "{query}");
        }
        let of_campaign = format!("/api/InboundMessages?filters=campaignId=={id}");
        assert_eq!(app.get(&of_campaign).await.json()["totalRecords"], 3);
    })
    .await;
}
