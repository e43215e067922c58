//! The nodes, for their operator.

use std::time::Duration;

use clarion_domain::client::FIRST_CLIENT;
use clarion_persistence::gateway_binds;
use clarion_persistence::nodes::{self, Profile};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, OTHER_CLIENT, TestApp, key, now, on_each_database};

const READER: u8 = 7;
const STRANGER: u8 = 8;
const LEASE: Duration = Duration::from_secs(600);

async fn join(app: &TestApp, id: &'static str, host: &'static str) {
    let profile = Profile {
        id: id.to_owned(),
        host: host.to_owned(),
        roles: vec!["api".to_owned(), "sender".to_owned()],
        version: "1.2.3".to_owned(),
        gateways: vec!["main".to_owned()],
    };
    let work = move |conn: &mut _| nodes::beat(conn, &profile, LEASE, now());
    app.store.write(work).await.expect("a node");
}

#[tokio::test]
async fn nodes_are_listed_with_what_they_hold() {
    on_each_database(async |app| {
        join(app, "7d1e", "old").await;
        let leave = |conn: &mut _| nodes::leave(conn, "7d1e", now());
        app.store.write(leave).await.expect("left");
        join(app, "8e2f", "new").await;
        let take = |conn: &mut _| gateway_binds::balance(conn, "main", "8e2f", 2, LEASE);
        app.store.write(take).await.expect("binds");

        let mut list = app.get("/api/nodes?sorts=state").await.json();
        assert_eq!(list["totalRecords"], 2);
        let alive: &mut Value = &mut list["items"][0];
        for time in ["startedDateTime", "lastSeenDateTime"] {
            assert!(
                alive[time]
                    .take()
                    .as_str()
                    .is_some_and(|time| time.ends_with('Z'))
            );
        }
        let expected = json!({
            "id": "8e2f",
            "host": "new",
            "roles": ["api", "sender"],
            "version": "1.2.3",
            "state": "alive",
            "startedDateTime": null,
            "lastSeenDateTime": null,
            "binds": [{"gateway": "main", "number": 1}, {"gateway": "main", "number": 2}],
            "units": 0,
        });
        assert_eq!(*alive, expected);
        let gone = app.get("/api/Nodes?filters=state==gone").await.json();
        assert_eq!(
            (&gone["totalRecords"], &gone["items"][0]["host"]),
            (&json!(1), &json!("old"))
        );
    })
    .await;
}

#[tokio::test]
async fn nodes_are_their_operators_alone() {
    on_each_database(async |app| {
        app.add_key(&key(STRANGER), OTHER_CLIENT, &["admin"]).await;
        app.add_key(&key(READER), FIRST_CLIENT, &["campaigns:read"])
            .await;
        for by in [READER, STRANGER] {
            let request = app.anonymous(Method::GET, "/api/Nodes");
            Answer::to(request.bearer_auth(key(by).as_str()))
                .await
                .problem(403);
        }
        assert_eq!(app.get("/api/Nodes").await.status, 200);
    })
    .await;
}
