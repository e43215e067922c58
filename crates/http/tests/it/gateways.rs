//! The gateways, for their operator.

use std::sync::Arc;

use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::{
    BindState, BoxFuture, DeliveryReceipt, Gateway, GatewayState, OutcomeSink, Reservation,
    Stopped, Submission,
};
use clarion_domain::message::MessageStatus;
use clarion_http::Server;
use clarion_persistence::messages;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, OTHER_CLIENT, TestApp, client, key, now, on_each_database};

const READER: u8 = 7;
const STRANGER: u8 = 8;

/// A gateway with one bind that is up and one that is not, and no room.
struct HalfUp;

impl Gateway for HalfUp {
    fn name(&self) -> &str {
        "main"
    }

    fn reserve(&self, _: usize) -> BoxFuture<'_, Result<Reservation, Stopped>> {
        Box::pin(std::future::pending())
    }

    fn submit(&self, _: Reservation, _: Vec<Submission>, _: Arc<dyn OutcomeSink>) {}

    fn state(&self) -> GatewayState {
        let up = BindState {
            role: "transceiver",
            connected_since: Some(now()),
            in_flight: 3,
            window: 10,
            ..BindState::default()
        };
        let down = BindState {
            number: 1,
            role: "transceiver",
            window: 10,
            last_error: Some("the password is wrong".to_owned()),
            ..BindState::default()
        };
        GatewayState {
            name: "main".to_owned(),
            kind: "smpp",
            binds: vec![up, down],
            queue: 4,
            sent: 5,
            rate: 100,
            limit: 0,
            sender_limit: 0,
        }
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn receipt(id: &str) -> DeliveryReceipt {
    DeliveryReceipt {
        provider_id: id.to_owned(),
        response_id: id.to_owned(),
        status: Some(MessageStatus::Delivered),
        error: Some("000".to_owned()),
        destination: Some("447700900001".to_owned()),
        received_at: now(),
    }
}

async fn receive(app: &TestApp, ids: &[&str]) {
    let receipts: Vec<_> = ids.iter().map(|id| receipt(id)).collect();
    let apply = move |conn: &mut _| messages::apply_receipts(conn, "main", &receipts);
    app.store.write(apply).await.expect("stored receipts");
}

#[tokio::test]
async fn a_gateway_shows_its_binds_and_what_came_in_over_it() {
    on_each_database(async |app| {
        receive(app, &["1", "2"]).await;
        let (server, engine) = app.serve_over(vec![Arc::new(HalfUp)]);
        let url = format!("http://{}/api/Gateways", server.local_addr());
        let request = client().get(url).bearer_auth(app.key.as_str());
        let gateways = Answer::to(request).await.json();
        let expected = json!([{
            "name": "main",
            "kind": "smpp",
            "binds": [
                {
                    "number": 1,
                    "role": "transceiver",
                    "state": "bound",
                    "connectedSince": "2026-06-27T03:04:01.374Z",
                    "lastError": null,
                    "window": 10,
                    "windowInUse": 3,
                    "slowedTo": null,
                },
                {
                    "number": 2,
                    "role": "transceiver",
                    "state": "unbound",
                    "connectedSince": null,
                    "lastError": "the password is wrong",
                    "window": 10,
                    "windowInUse": 0,
                    "slowedTo": null,
                },
            ],
            "window": 20,
            "windowInUse": 3,
            "partsPerSecond": 100,
            "partsPerSecondLimit": null,
            "queue": 4,
            "sent": 5,
            "receiptsMatched": 0,
            "receiptsUnmatched": 2,
        }]);
        assert_eq!(gateways, expected);
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}

#[tokio::test]
async fn receipts_without_a_message_are_listed_by_gateway() {
    on_each_database(async |app| {
        receive(app, &["c0-1", "c0-2", "c0-3"]).await;
        let list = app
            .get("/api/gateways/main/unmatchedreceipts?pageSize=2")
            .await
            .json();
        assert_eq!(list["totalRecords"], 3);
        let mut first = list["items"][0].clone();
        first["id"] = json!(0);
        let expected = json!({
            "id": 0,
            "providerId": "c0-3",
            "status": 1,
            "error": "000",
            "phoneNumber": "447700900001",
            "receivedDateTime": "2026-06-27T03:04:01.374Z",
            "hint": null,
        });
        assert_eq!(first, expected);
        let path = "/api/Gateways/main/UnmatchedReceipts?filters=providerId==c0-1";
        assert_eq!(app.get(path).await.json()["totalRecords"], 1);
        let path = "/api/Gateways/MAIN/UnmatchedReceipts";
        assert_eq!(app.get(path).await.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn gateways_are_their_operators_alone() {
    on_each_database(async |app| {
        app.add_key(&key(STRANGER), OTHER_CLIENT, &["admin"]).await;
        app.add_key(&key(READER), FIRST_CLIENT, &["campaigns:read"])
            .await;
        for path in [
            "/api/Gateways",
            "/api/Gateways/main/UnmatchedReceipts",
            "/api/Gateways/main/UnmatchedMessages",
        ] {
            for by in [READER, STRANGER] {
                let request = app.anonymous(Method::GET, path);
                let answer = Answer::to(request.bearer_auth(key(by).as_str())).await;
                answer.problem(403);
            }
            assert_eq!(app.get(path).await.status, 200, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_node_counts_is_told_at_an_address_of_its_own() {
    on_each_database(async |app| {
        let (state, engine) = app.state_over(vec![Arc::new(HalfUp)]);
        let listen = "127.0.0.1:0".parse().expect("an address");
        let server = Server::bind_metrics(listen, state).expect("a free port");
        let url = format!("http://{}", server.local_addr());
        let answer = client().get(format!("{url}/metrics")).send();
        let answer = answer.await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("a text");
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        let text = answer.text().await.expect("a text");
        for line in [
            "clarion_alarm{what=\"database\"} 0",
            "clarion_alarm{what=\"journal\"} 0",
            "clarion_gateway_binds{gateway=\"main\"} 2",
            "clarion_gateway_binds_bound{gateway=\"main\"} 1",
            "clarion_gateway_window{gateway=\"main\"} 20",
            "clarion_gateway_in_flight{gateway=\"main\"} 3",
            "clarion_gateway_queue{gateway=\"main\"} 4",
            "clarion_gateway_parts_per_second{gateway=\"main\"} 100",
            "clarion_gateway_parts_sent_total{gateway=\"main\"} 5",
            "clarion_gateway_receipts_matched_total{gateway=\"main\"} 0",
            "clarion_clicks_lost_total 0",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
        let elsewhere = client().get(format!("{url}/api/Gateways")).send();
        assert_eq!(elsewhere.await.expect("an answer").status(), 404);
        server.stop().await.expect("a clean stop");
        engine.stop().await;
    })
    .await;
}
