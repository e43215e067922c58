//! Contact groups over the API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, NOW, OTHER_CLIENT, TestApp, campaign_to, key, on_each_database};

async fn group(app: &TestApp, name: &str) -> String {
    let made = app
        .post("/api/ContactGroups", &json!({ "name": name }))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json().as_str().expect("an id").to_owned();
    let address = format!("/api/ContactGroups/{id}");
    assert_eq!(made.header("location"), Some(address.as_str()));
    address
}

async fn contacts(app: &TestApp, group: &str) -> Vec<Value> {
    let list = app.get(&format!("{group}/Contacts")).await.json();
    let items = list["items"].as_array().expect("items").clone();
    assert_eq!(list["totalRecords"], items.len());
    assert_eq!(app.get(group).await.json()["contactCount"], items.len());
    items
}

async fn send(app: &TestApp, address: &str, media_type: &str, body: &str) -> Answer {
    let request = app.request(Method::POST, address);
    let request = request.header("Content-Type", media_type);
    Answer::to(request.body(body.to_owned())).await
}

#[tokio::test]
async fn groups_are_made_listed_renamed_and_deleted() {
    on_each_database(async |app| {
        let first = group(app, " Regulars ").await;
        let second = group(app, "Others").await;
        let shown = app.get(&first).await.json();
        assert_eq!(shown["name"], "Regulars");
        assert_eq!(
            (&shown["contactCount"], &shown["createdAt"]),
            (&json!(0), &json!(NOW))
        );
        let list = app.get("/api/ContactGroups").await.json();
        assert_eq!(list["totalRecords"], 2);
        assert_eq!(list["items"][1], shown);
        let found = app
            .get("/api/ContactGroups?filters=name@=*REG,contactCount==0&sorts=name")
            .await;
        assert_eq!(found.json()["items"], json!([shown]));
        let name = json!({"name": "Guests"});
        assert_eq!(app.put(&second, &name).await.status, 204);
        assert_eq!(app.get(&second).await.json()["name"], "Guests");
        app.post("/api/ContactGroups", &json!({"name": "a\nb"}))
            .await
            .has_fault("name", "must be 1 to 100 characters");
        let one = json!({"phoneNumber": "07700 900001"});
        app.post(&format!("{first}/Contacts"), &one).await;
        assert_eq!(app.delete(&first).await.status, 204);
        app.get(&first).await.problem(404);
        app.get(&format!("{first}/Contacts")).await.problem(404);
        app.delete(&first).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_number_stands_once_in_its_group() {
    on_each_database(async |app| {
        let group = group(app, "Regulars").await;
        let address = format!("{group}/Contacts");
        let one = json!({"phoneNumber": "07700 900001", "name": "Ann", "custom1": "1"});
        let added = app.post(&address, &one).await.json();
        assert_eq!(added, json!({"added": 1, "updated": 0, "invalid": 0, "duplicates": 0}));
        let id = contacts(app, &group).await[0]["id"].clone();
        let lines = "{\"phoneNumber\":\"+447700900001\",\"custom2\":\"2\"}\n\
             {\"phoneNumber\":\"07700900002\"}\n{\"phoneNumber\":\"07700900002\",\"name\":\"late\"}\n";
        let answer = send(app, &address, "application/x-ndjson", lines).await;
        assert_eq!(answer.header("x-duplicate-contacts"), Some("1"));
        assert_eq!(
            answer.json(),
            json!({"added": 1, "updated": 1, "invalid": 0, "duplicates": 1})
        );
        let csv = "name,phoneNumber\nBob,07700900003\n";
        assert_eq!(send(app, &address, "text/csv", csv).await.status, 200);
        let found = contacts(app, &group).await;
        let ann = json!({
            "phoneNumber": "+447700900001", "name": "Ann", "custom1": "1", "custom2": "2", "id": id,
            "timeZone": null,
        });
        assert_eq!(found[0], ann);
        let numbers: Vec<_> = found.iter().map(|contact| &contact["phoneNumber"]).collect();
        assert_eq!(numbers, ["+447700900001", "+447700900002", "+447700900003"]);
        let filtered = app
            .get(&format!("{address}?filters=id=={},name==Ann", id.as_str().expect("an id")))
            .await;
        assert_eq!(filtered.json()["items"], json!([ann]));
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn an_invalid_contact_refuses_all_unless_it_may_be_left_out() {
    on_each_database(async |app| {
        let group = group(app, "Regulars").await;
        let address = format!("{group}/Contacts");
        let some = json!([{"phoneNumber": "07700 900001"}, {"phoneNumber": "1"}]);
        app.post(&address, &some)
            .await
            .has_fault("contacts[1].phoneNumber", "");
        assert_eq!(contacts(app, &group).await, Vec::<Value>::new());
        let leaving_out = format!("{address}?ignoreInvalidPhoneNumbers=true");
        let answer = app.post(&leaving_out, &some).await;
        assert_eq!(answer.header("x-invalid-contacts"), Some("1"));
        assert_eq!(contacts(app, &group).await.len(), 1);
        app.post(&address, &json!([]))
            .await
            .has_fault("contacts", "must hold at least one contact");
        app.holds_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn a_contact_is_changed_and_removed_and_its_id_is_not_given_again() {
    on_each_database(async |app| {
        let group = group(app, "Regulars").await;
        let address = format!("{group}/Contacts");
        let two = json!([{"phoneNumber": "07700 900001", "name": "Ann"}, {"phoneNumber": "07700 900002"}]);
        app.post(&address, &two).await;
        let found = contacts(app, &group).await;
        let of = |at: usize| format!("{address}/{}", found[at]["id"].as_str().expect("an id"));
        let moved = json!({"phoneNumber": "07700 900009"});
        assert_eq!(app.put(&of(0), &moved).await.status, 204);
        let now = contacts(app, &group).await;
        assert_eq!(now[0]["phoneNumber"], "+447700900009");
        assert_eq!((&now[0]["name"], &now[0]["id"]), (&Value::Null, &found[0]["id"]));
        app.put(&of(1), &moved).await.problem(409);
        app.put(&of(1), &json!({"phoneNumber": "x"}))
            .await
            .has_fault("phoneNumber", "");
        assert_eq!(app.delete(&of(1)).await.status, 204);
        app.delete(&of(1)).await.problem(404);
        app.put(&of(1), &moved).await.problem(404);
        app.post(&address, &json!({"phoneNumber": "07700 900002"})).await;
        let last = contacts(app, &group).await;
        assert_ne!(last[1]["id"], found[1]["id"]);
    })
    .await;
}

#[tokio::test]
async fn another_clients_group_does_not_exist() {
    on_each_database(async |app| {
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let theirs = group(app, "Regulars").await;
        let one = json!({"phoneNumber": "07700 900001", "name": "x"});
        app.post(&format!("{theirs}/Contacts"), &one).await;
        let contact = contacts(app, &theirs).await[0]["id"].clone();
        let contact = format!("/Contacts/{}", contact.as_str().expect("an id"));
        let before = app.get(&theirs).await.json();
        for (method, part) in [
            (Method::GET, ""),
            (Method::PUT, ""),
            (Method::DELETE, ""),
            (Method::GET, "/Contacts"),
            (Method::POST, "/Contacts"),
            (Method::PUT, contact.as_str()),
            (Method::DELETE, contact.as_str()),
        ] {
            let about = async |group: &str| {
                let request = app.anonymous(method.clone(), &format!("{group}{part}"));
                let request = request.bearer_auth(key(9).as_str()).json(&one);
                let mut problem = Answer::to(request).await.problem(404);
                problem["instance"] = Value::Null;
                problem
            };
            let nobodys = "/api/ContactGroups/01920000-0000-7000-8000-000000000000";
            assert_eq!(
                about(&theirs).await,
                about(nobodys).await,
                "{method} {part}"
            );
        }
        assert_eq!(app.get(&theirs).await.json(), before);
        let request = app.anonymous(Method::GET, "/api/ContactGroups");
        let list = Answer::to(request.bearer_auth(key(9).as_str())).await;
        assert_eq!(list.json()["totalRecords"], 0);
    })
    .await;
}

#[tokio::test]
async fn groups_need_the_scopes_of_contacts() {
    on_each_database(async |app| {
        app.add_key(&key(8), OTHER_CLIENT, &["contacts:read"]).await;
        let request = app.anonymous(Method::GET, "/api/ContactGroups");
        let list = Answer::to(request.bearer_auth(key(8).as_str())).await;
        assert_eq!(list.status, 200);
        let request = app.anonymous(Method::POST, "/api/ContactGroups");
        let request = request.bearer_auth(key(8).as_str());
        let refused = Answer::to(request.json(&json!({"name": "x"}))).await;
        refused.problem(403);
        let campaign = app
            .create(&campaign_to(json!([{"phoneNumber": "07700900001"}])))
            .await;
        app.get(&format!("/api/ContactGroups/{campaign}"))
            .await
            .problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_campaigns_contact_goes_into_the_group_that_it_names() {
    on_each_database(async |app| {
        let (first, second) = (group(app, "First").await, group(app, "Second").await);
        let id = |address: &str| address.rsplit('/').next().map(str::to_owned);
        let ann = json!({"phoneNumber": "07700 900001", "name": "Ann"});
        app.post(&format!("{first}/Contacts"), &ann).await;
        let to = json!([
            {"phoneNumber": "07700 900001", "custom1": "1", "contactGroupId": id(&first)},
            {"phoneNumber": "07700 900002", "contactGroupId": id(&second)},
            {"phoneNumber": "07700 900003"},
            {"phoneNumber": "07700 900002", "contactGroupId": id(&first)},
        ]);
        let campaign = format!("/api/Campaigns/{}", app.create(&campaign_to(to)).await);
        let named = app.get(&format!("{campaign}/Contacts")).await.json();
        assert_eq!(named["items"][0]["contactGroupId"], json!(id(&first)));
        let in_first = contacts(app, &first).await;
        assert_eq!(in_first.len(), 1);
        assert_eq!(
            (&in_first[0]["name"], &in_first[0]["custom1"]),
            (&json!("Ann"), &json!("1"))
        );
        let in_second = contacts(app, &second).await;
        assert_eq!(in_second.len(), 1);
        assert_eq!(in_second[0]["phoneNumber"], "+447700900002");
        let more = json!([{"phoneNumber": "07700 900004", "contactGroupId": id(&second)}]);
        app.post(&format!("{campaign}/Contacts"), &more).await;
        let numbers: Vec<_> = contacts(app, &second)
            .await
            .iter()
            .map(|contact| contact["phoneNumber"].clone())
            .collect();
        assert_eq!(numbers, ["+447700900002", "+447700900004"]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_campaign_puts_nobody_into_a_group_and_another_clients_group_is_unknown() {
    on_each_database(async |app| {
        let group = group(app, "Regulars").await;
        let id = group.rsplit('/').next().expect("an id");
        let to = json!([
            {"phoneNumber": "07700 900001", "contactGroupId": id},
            {"phoneNumber": "07700 900002", "contactGroupId": "01920000-0000-7000-8000-000000000000"},
        ]);
        app.post("/api/Campaigns", &campaign_to(to))
            .await
            .has_fault("contacts[1].contactGroupId", "names no contact group");
        assert_eq!(contacts(app, &group).await, Vec::<Value>::new());
        app.add_key(&key(9), OTHER_CLIENT, &["admin"]).await;
        let to = json!([{"phoneNumber": "07700 900001", "contactGroupId": id}]);
        let request = app.anonymous(Method::POST, "/api/Campaigns");
        let request = request.bearer_auth(key(9).as_str());
        Answer::to(request.json(&campaign_to(to)))
            .await
            .has_fault("contacts[0].contactGroupId", "names no contact group");
        assert_eq!(contacts(app, &group).await, Vec::<Value>::new());
    })
    .await;
}
