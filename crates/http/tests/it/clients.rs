//! Clients over the API.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, NOW, OTHER_CLIENT, key, on_each_database};

#[tokio::test]
async fn the_operator_makes_lists_and_renames_clients() {
    on_each_database(async |app| {
        let made = app.post("/api/Clients", &json!({"name": " Third "})).await;
        assert_eq!((made.status, made.text.as_str()), (201, "3"));
        assert_eq!(made.header("location"), Some("/api/Clients/3"));
        let third = json!({
            "id": 3, "name": "Third", "onUnknown": null, "maxPerPerson": null, "createdAt": NOW,
        });
        assert_eq!(app.get("/api/Clients/3").await.json(), third);
        let list = app.get("/api/Clients?sorts=-id").await.json();
        assert_eq!(list["totalRecords"], 3);
        assert_eq!(list["items"][0], third);
        let name = json!({"name": "Renamed"});
        assert_eq!(app.put("/api/Clients/3", &name).await.status, 204);
        assert_eq!(app.get("/api/Clients/3").await.json()["name"], "Renamed");
        app.put("/api/Clients/77", &name).await.problem(404);
        for path in ["/api/Clients/77", "/api/Clients/x"] {
            app.get(path).await.problem(404);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_needs_a_name() {
    on_each_database(async |app| {
        for (body, fault) in [
            (json!({}), "is required"),
            (json!({"name": null}), "is required"),
            (json!({"name": 1}), "must be a string"),
            (json!({"name": "a\u{0}"}), "must be 1 to 100 characters"),
        ] {
            app.post("/api/Clients", &body)
                .await
                .has_fault("name", fault);
            app.put("/api/Clients/1", &body)
                .await
                .has_fault("name", fault);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_may_limit_what_one_person_is_sent() {
    on_each_database(async |app| {
        let capped = json!({"name": "A", "maxPerPerson": {"count": 3, "period": "168h"}});
        assert_eq!(app.post("/api/Clients", &capped).await.status, 201);
        let shown = app.get("/api/Clients/3").await.json();
        assert_eq!(shown["maxPerPerson"], json!({"count": 3, "period": "7d"}));
        let without = json!({"name": "A"});
        assert_eq!(app.put("/api/Clients/3", &without).await.status, 204);
        let shown = app.get("/api/Clients/3").await.json();
        assert_eq!(shown["maxPerPerson"], json!(null));
        for (given, path) in [
            (json!(3), "maxPerPerson"),
            (json!({}), "maxPerPerson.count"),
            (json!({"count": 0, "period": "7d"}), "maxPerPerson.count"),
            (json!({"count": 1, "period": "soon"}), "maxPerPerson.period"),
        ] {
            let body = json!({"name": "A", "maxPerPerson": given});
            let answer = app.put("/api/Clients/3", &body).await;
            answer.has_fault(path, "must be ");
        }
    })
    .await;
}

#[tokio::test]
async fn another_client_sees_and_renames_itself_alone() {
    on_each_database(async |app| {
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let name = json!({"name": "Renamed"});
        let by_other = async |method: Method, path: &str| {
            let request = app.anonymous(method, path).bearer_auth(key(9).as_str());
            Answer::to(request.json(&name)).await
        };
        let list = by_other(Method::GET, "/api/Clients").await.json();
        assert_eq!(list["totalRecords"], 1);
        assert_eq!(list["items"][0]["id"], 2);
        by_other(Method::POST, "/api/Clients").await.problem(403);
        by_other(Method::GET, "/api/Clients/1").await.problem(404);
        by_other(Method::PUT, "/api/Clients/1").await.problem(404);
        assert_eq!(by_other(Method::PUT, "/api/Clients/2").await.status, 204);
        let renamed = by_other(Method::GET, "/api/Clients/2").await.json();
        assert_eq!(renamed["name"], "Renamed");
    })
    .await;
}
