//! Opt-outs over the API.

use serde_json::{Value, json};

use crate::support::{NOW, OTHER_CLIENT, TestApp, key, on_each_database};

async fn record(app: &TestApp, body: &Value) -> String {
    let made = app.post("/api/OptOuts", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let address = format!("/api/OptOuts/{}", made.json());
    assert_eq!(made.header("location"), Some(address.as_str()));
    address
}

#[tokio::test]
async fn an_opt_out_is_recorded_listed_and_withdrawn_for_a_reason() {
    on_each_database(async |app| {
        let body = json!({"phoneNumber": "07700 900001", "evidence": "called us"});
        let address = record(app, &body).await;
        assert_eq!(record(app, &body).await, address);
        let of_sender = json!({"phoneNumber": "07700 900002", "scope": "sender", "sender": "Acme"});
        record(app, &of_sender).await;
        let shown = app.get(&address).await.json();
        assert_eq!(shown["phoneNumber"], "+447700900001");
        assert_eq!(
            (&shown["scope"], &shown["source"]),
            (&json!("client"), &json!("api"))
        );
        assert_eq!(
            (&shown["probable"], &shown["createdAt"]),
            (&json!(false), &json!(NOW))
        );
        let list = app.get("/api/OptOuts").await.json();
        assert_eq!(list["totalRecords"], 2);
        assert_eq!(list["items"][1], shown);
        let found = app
            .get("/api/OptOuts?filters=sender==ACME,probable==false,phoneNumber_=%2B44&sorts=-id")
            .await
            .json();
        assert_eq!(found["items"][0]["phoneNumber"], "+447700900002");
        app.delete(&address)
            .await
            .has_fault("reason", "is required");
        let withdrawn = app.delete(&format!("{address}?reason=asked+us")).await;
        assert_eq!(withdrawn.status, 204);
        app.get(&address).await.problem(404);
        let log = "/api/OptOuts/History?filters=phoneNumber==%2B447700900001&sorts=id";
        let log = app.get(log).await;
        assert_eq!(log.status, 200, "{}", log.text);
        let log = log.json();
        let consents: Vec<_> = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (&line["consent"], &line["evidence"]))
            .collect();
        assert_eq!(
            consents,
            [
                (&json!("optOut"), &json!("called us")),
                (&json!("optIn"), &json!("asked us"))
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn an_opt_out_of_a_group_needs_one_of_the_clients() {
    on_each_database(async |app| {
        let made = app
            .post("/api/ContactGroups", &json!({"name": "Regulars"}))
            .await;
        let mut body =
            json!({"phoneNumber": "07700 900001", "scope": "group", "contactGroupId": made.json()});
        let address = record(app, &body).await;
        assert_eq!(
            app.get(&address).await.json()["contactGroupId"],
            made.json()
        );
        body["contactGroupId"] = json!("01920000-0000-7000-8000-000000000000");
        app.post("/api/OptOuts", &body)
            .await
            .has_fault("contactGroupId", "is not the id");
        body["sender"] = json!("ACME");
        app.post("/api/OptOuts", &body)
            .await
            .has_fault("sender", "belongs to the scope sender");
        app.post("/api/OptOuts", &json!({}))
            .await
            .has_fault("phoneNumber", "is required");
    })
    .await;
}

#[tokio::test]
async fn another_clients_opt_outs_do_not_exist() {
    on_each_database(async |app| {
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let address = record(app, &json!({"phoneNumber": "07700 900001"})).await;
        let as_other = async |method, path: &str| {
            let request = app.anonymous(method, path).bearer_auth(key(9).as_str());
            crate::support::Answer::to(request).await
        };
        as_other(reqwest::Method::GET, &address).await.problem(404);
        as_other(reqwest::Method::DELETE, &format!("{address}?reason=x"))
            .await
            .problem(404);
        let list = as_other(reqwest::Method::GET, "/api/OptOuts").await.json();
        assert_eq!(list["totalRecords"], 0);
        assert_eq!(app.get(&address).await.status, 200);
    })
    .await;
}

/// Sends a body of opt-outs of this type.
async fn import(app: &TestApp, query: &str, kind: &str, body: &str) -> crate::support::Answer {
    let request = app
        .request(
            reqwest::Method::POST,
            &format!("/api/OptOuts/Import{query}"),
        )
        .header("content-type", kind)
        .body(body.to_owned());
    crate::support::Answer::to(request).await
}

#[tokio::test]
async fn an_import_takes_each_format_and_tells_what_came_of_it() {
    on_each_database(async |app| {
        let csv = "Evidence,phoneNumber\ncalled us,07700 900001\n\n,07700 9000\n,07700 900002\n";
        let done = import(app, "?evidence=the%20old%20list", "text/csv", csv).await;
        assert_eq!(done.status, 200, "{}", done.text);
        let done = done.json();
        let counts = |done: &Value| [&done["added"], &done["known"], &done["invalid"]].map(|n| n.as_u64().unwrap());
        assert_eq!(counts(&done), [2, 0, 1]);
        let fault = &done["faults"][0];
        assert_eq!((&fault["index"], &fault["line"]), (&json!(1), &json!(4)));
        assert_eq!(fault["property"], "phoneNumber");
        let ndjson = "{\"phoneNumber\": \"07700 900002\"}\n\n{\"phoneNumber\": 7}\n[]\n{\"phoneNumber\": \"07700 900003\"}";
        let done = import(app, "", "application/x-ndjson", ndjson).await.json();
        assert_eq!(counts(&done), [1, 1, 2]);
        let lines: Vec<_> = done["faults"].as_array().unwrap().iter().map(|fault| &fault["line"]).collect();
        assert_eq!(lines, [&json!(3), &json!(4)]);
        let array = "[\n {\"phoneNumber\": \"07700 900001\"},\n {\"phoneNumber\": \"07700 900001\", \"scope\": \"client\"},\n {\"sender\": 1}\n]";
        let done = import(app, "?scope=sender&sender=acme", "application/json", array).await.json();
        assert_eq!(counts(&done), [1, 1, 1]);
        assert_eq!(done["faults"][0]["line"], 4);
        let object = json!({"optOuts": [{"phoneNumber": "07700 900001", "scope": "group", "contactGroupId": "01920000-0000-7000-8000-000000000000"}]});
        let done = app.post("/api/OptOuts/Import", &object).await.json();
        assert_eq!(counts(&done), [0, 0, 1]);
        assert_eq!(done["faults"][0]["property"], "contactGroupId");
        let list = app.get("/api/OptOuts?sorts=id").await.json();
        let shown: Vec<_> = list["items"].as_array().unwrap().iter()
            .map(|one| (one["phoneNumber"].as_str().unwrap(), one["sender"].as_str(), one["evidence"].as_str()))
            .collect();
        assert_eq!(shown, [
            ("+447700900001", None, Some("called us")),
            ("+447700900002", None, Some("the old list")),
            ("+447700900003", None, None),
            ("+447700900001", Some("ACME"), None),
        ]);
        assert_eq!(list["items"][0]["source"], "import");
    })
    .await;
}

#[tokio::test]
async fn an_import_that_breaks_off_keeps_what_stood_before_and_is_idempotent() {
    on_each_database(async |app| {
        let line = |index: u32| format!("{{\"phoneNumber\": \"+4479111{index:05}\"}}\n");
        let mut body: String = (0..2_500).map(line).collect();
        let whole = body.clone();
        body.push_str("{\"phoneNumber\": ");
        let broken = import(app, "", "application/x-ndjson", &body).await;
        assert_eq!(broken.status, 400);
        assert!(broken.text.contains("line 2501"), "{}", broken.text);
        assert_eq!(
            app.get("/api/OptOuts?pageSize=1").await.json()["totalRecords"],
            2_500
        );
        let again = import(app, "", "application/x-ndjson", &whole).await.json();
        assert_eq!(
            again,
            json!({"added": 0, "known": 2_500, "invalid": 0, "faults": []})
        );
        import(app, "?scope=all", "text/csv", "phoneNumber\n")
            .await
            .has_fault("scope", "must be client");
        import(app, "", "text/csv", "name\nAnn\n")
            .await
            .problem(400);
        import(app, "", "text/plain", "x").await.problem(415);
    })
    .await;
}
