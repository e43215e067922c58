//! PyPI's `smpplib` as a client of our simulator.

use tokio::process::Command;

use super::process::{Program, are_there, script, tools};
use crate::support::{log_lines, simulator};

#[tokio::test]
async fn smpplib_submits_and_gets_its_receipts_and_a_reply() {
    let python = tools().join("venv/bin/python");
    if !are_there(std::slice::from_ref(&python)) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator(
        "password = 'secret'\n[[rules]]\nreceipt.delay_ms = [0, 20]",
        Some(&log),
    )
    .await;
    let mut esme = Program::start(
        Command::new(python)
            .arg(script("esme.py"))
            .arg(simulator.local_addr().port().to_string()),
    );
    esme.event("bound").await;
    let reply = "Да, пожалуйста! ".repeat(6);
    assert_eq!(simulator.inject_mo("+447700900001", "PYTHON", &reply), 1);
    assert_eq!(esme.event("reply").await["text"], reply);
    esme.event("unbound").await;
    simulator.stop().await;

    let submits = log_lines(&log, "submit");
    let texts: Vec<_> = submits
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 4);
    assert_eq!(texts[0], "Hello from Python @ 5");
    assert_eq!(texts[1..3].concat(), "long ".repeat(40));
    assert_eq!(texts[3], "emoji 🐳 and Здравствуйте");
    let answers = log_lines(&log, "receipt_response");
    assert_eq!(answers.len(), 4);
    assert!(answers.iter().all(|line| line["decision"] == "0x00000000"));
}
