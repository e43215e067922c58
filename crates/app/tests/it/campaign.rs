//! The example campaign from the post to its end.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::example::{self, Expected};
use crate::service::{Service, Setup};
use crate::smsc_log;

const COMPLETED: i64 = 5;

/// Messages end in every way that a receipt can tell.
const SCRIPT: &str = "[[rules]]
receipt = { delivered = 80, undeliverable = 5, expired = 5, rejected = 5, deleted = 5, duplicate_share = 0.1 }
";

/// The decisions of the simulator's log, and the statuses of the API that they must become.
const ENDS: [(&str, i64); 5] = [
    ("delivered", 1),
    ("expired", 3),
    ("deleted", 4),
    ("undeliverable", 5),
    ("rejected", 7),
];

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
    let setup = setup.with("CLARION__SIMULATOR__SCRIPT", "ends.toml");
    setup.write("ends.toml", SCRIPT);
    let service = setup.start().await;
    is_refused_whole(&service, &expected).await;
    let id = is_taken_without_the_invalid(&service, &expected).await;
    service.wait_for(&id, COMPLETED).await;
    let ends = are_listed(&service, &id, &expected).await;
    service.stop().await;

    have_ended_as_decided(&ends, &smsc_log::decisions(&setup.log()));
    let received = smsc_log::received(&setup.log());
    assert_eq!(received.len(), expected.accepted.len());
    for (number, texts) in received {
        assert_eq!(texts, [expected.texts[&number].clone()], "{number}");
    }
}

fn have_ended_as_decided(ends: &HashMap<String, i64>, decided: &HashMap<String, String>) {
    for (decision, status) in ENDS {
        let numbers = decided.iter().filter(|(_, one)| *one == decision);
        let numbers: Vec<&String> = numbers.map(|(number, _)| number).collect();
        assert!(numbers.len() > 100, "{} were {decision}", numbers.len());
        for number in numbers {
            assert_eq!(ends[number], status, "{number} was {decision}");
        }
    }
    assert_eq!(ends.len(), decided.len());
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

/// Whether all are listed that must be; the status of each accepted number.
async fn are_listed(service: &Service, id: &str, expected: &Expected) -> HashMap<String, i64> {
    let campaign = service.get(&format!("/Campaigns/{id}")).await;
    assert_eq!(campaign["recipientCount"], expected.accepted.len());
    let contacts = service
        .get(&format!("/Campaigns/{id}/Contacts?pageSize=10000"))
        .await;
    let contacts: Vec<(&str, i64)> = contacts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| {
            let number = contact["phoneNumber"].as_str().unwrap();
            (number, contact["status"].as_i64().unwrap())
        })
        .collect();
    let numbers: Vec<&str> = contacts.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, expected.accepted);
    let invalid = service
        .get(&format!("/Campaigns/{id}/InvalidContacts"))
        .await;
    assert_eq!(invalid["totalRecords"], expected.faults.len());
    let owned = |(number, status): (&str, i64)| (number.to_owned(), status);
    contacts.into_iter().map(owned).collect()
}
