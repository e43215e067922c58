//! The example campaign from the post to its end.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::example::{self, Expected};
use crate::service::{Service, Setup};
use crate::smsc_log;

const COMPLETED: i64 = 5;

#[tokio::test]
async fn every_contact_of_the_example_is_accounted_for_on_sqlite() {
    goes_out_as_expected(Setup::new()).await;
}

#[tokio::test]
async fn every_contact_of_the_example_is_accounted_for_on_postgresql() {
    let Some(url) = clarion_persistence::testing::new_postgres_url() else {
        return;
    };
    goes_out_as_expected(Setup::new().with("CLARION__DATABASE__URL", &url)).await;
}

async fn goes_out_as_expected(setup: Setup) {
    let expected = example::expected();
    let service = setup.start().await;
    is_refused_whole(&service, &expected).await;
    let id = is_taken_without_the_invalid(&service, &expected).await;
    service.wait_for(&id, COMPLETED).await;
    are_listed(&service, &id, &expected).await;
    service.stop().await;

    let received = smsc_log::received(&setup.log());
    assert_eq!(received.len(), expected.accepted.len());
    for (number, texts) in received {
        assert_eq!(texts, [expected.texts[&number].clone()], "{number}");
    }
}

async fn is_refused_whole(service: &Service, expected: &Expected) {
    let answer = service.post("/Campaigns/false", example::body()).await;
    assert_eq!(answer.status(), 400);
    let problem: Value = answer.json().await.unwrap();
    let errors = problem["errors"].as_object().unwrap();
    let named: BTreeSet<String> = errors.keys().cloned().collect();
    assert_eq!(named, expected.faults);
    let campaigns = service.get("/Campaigns").await;
    assert_eq!(campaigns["totalRecords"], 0);
}

async fn is_taken_without_the_invalid(service: &Service, expected: &Expected) -> String {
    let answer = service.post("/Campaigns/true", example::body()).await;
    assert_eq!(answer.status(), 201);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("X-Invalid-Contacts"),
        expected.faults.len().to_string()
    );
    assert_eq!(
        header("X-Duplicate-Contacts"),
        expected.duplicates.to_string()
    );
    answer.json().await.unwrap()
}

async fn are_listed(service: &Service, id: &str, expected: &Expected) {
    let campaign = service.get(&format!("/Campaigns/{id}")).await;
    assert_eq!(campaign["recipientCount"], expected.accepted.len());
    let contacts = service
        .get(&format!("/Campaigns/{id}/Contacts?pageSize=10000"))
        .await;
    let numbers: Vec<&str> = contacts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["phoneNumber"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, expected.accepted);
    let invalid = service
        .get(&format!("/Campaigns/{id}/InvalidContacts"))
        .await;
    assert_eq!(invalid["totalRecords"], expected.faults.len());
}
