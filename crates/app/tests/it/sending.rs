//! `clarion send` and `clarion campaigns`, at a running service.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::example;
use crate::service::{DEADLINE, Service, Setup};
use crate::smsc_log;
use crate::tls;

const CONTACTS: &str = "phone,name\n07700 900001,Ann\n07700 900002,\"Bob\nB.\"\n123,Cid\n";

/// What a command did: its exit status and what it wrote to both outputs.
type Outcome = (i32, String, String);

/// `clarion` as somebody runs it who has the service's address and key.
fn client(setup: &Setup, service: &Service, arguments: &[&str]) -> Command {
    let mut command = setup.command(arguments);
    command
        .env("CLARION_URL", service.value_of("API").unwrap())
        .env("CLARION_API_KEY", service.key());
    command
}

async fn run(mut command: Command) -> Outcome {
    let output = timeout(DEADLINE, command.output()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The id of the campaign that `send` told of.
fn id_in(text: &str) -> &str {
    let rest = text.strip_prefix("Campaign ").unwrap();
    &rest[..36]
}

#[tokio::test]
async fn a_file_is_sent_and_watched_to_its_end() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let send = [
        "send",
        "--from",
        "ACME",
        "--message",
        "Hi {Name}",
        "--ignore-invalid",
        "--quiet",
        "contacts.csv",
    ];
    let (status, text, error) = run(client(&setup, &service, &send)).await;
    assert_eq!((status, error.as_str()), (0, ""), "{text}");
    assert!(text.contains("\nCompleted, 2 recipients\n"), "{text}");
    service.stop().await;
    let received = smsc_log::received(&setup.log());
    assert_eq!(received["+447700900001"], ["Hi Ann"]);
    assert_eq!(received["+447700900002"], ["Hi Bob\nB."]);
    assert_eq!(received.len(), 2);
}

#[tokio::test]
async fn a_file_is_sent_once_however_often_the_command_is_repeated() {
    let setup = Setup::new();
    let service = setup.start().await;
    let file = example::path("contacts.csv");
    let arguments = [
        "send",
        "--from",
        "ACME",
        "--message",
        "Hi {Name|there}",
        "--ignore-invalid",
        "--quiet",
        &file,
    ];
    // Killed as soon as the service has the campaign: the command may not even have learned of it.
    let mut killed = client(&setup, &service, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while service.get("/Campaigns").await["totalRecords"] == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    killed.kill().await.unwrap();

    let (status, text, error) = run(client(&setup, &service, &arguments)).await;
    assert_eq!((status, error.as_str()), (0, ""), "{text}");
    assert!(
        text.contains("created before by the same command"),
        "{text}"
    );
    assert!(text.contains("\nCompleted, 9,450 recipients\n"), "{text}");
    let campaigns = service.get("/Campaigns").await;
    assert_eq!(campaigns["totalRecords"], 1);
    service.stop().await;
    let received = smsc_log::received(&setup.log());
    assert_eq!(received.len(), 9_450);
    assert!(received.values().all(|texts| texts.len() == 1));
}

#[tokio::test]
async fn the_same_is_sent_once_more_only_when_asked_for() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let send = async |more: &[&str], campaigns: u64| {
        let usual = [
            "send",
            "--from=ACME",
            "--at=2999-12-01",
            "--no-follow",
            "--ignore-invalid",
            "contacts.csv",
        ];
        let arguments = [&usual[..], more].concat();
        let (status, text, error) = run(client(&setup, &service, &arguments)).await;
        assert_eq!(status, 0, "{error}");
        let list = service.get("/Campaigns").await;
        assert_eq!(list["totalRecords"], campaigns, "{more:?}");
        id_in(&text).to_owned()
    };
    let first = send(&["--message=Hi"], 1).await;
    assert_eq!(send(&["--message=Hi"], 1).await, first);
    send(&["--message=Ho"], 2).await;
    send(&["--message=Hi", "--again"], 3).await;
    send(&["--message=Hi", "--idempotency-key=my-own"], 4).await;
    setup.write("contacts.csv", "phone\n07700 900003\n");
    send(&["--message=Hi"], 5).await;
    service.stop().await;
}

#[tokio::test]
async fn an_interrupt_stops_the_watching_and_nothing_else() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let send = [
        "send",
        "--from=ACME",
        "--message=Hi",
        "--at=2999-12-01",
        "--ignore-invalid",
        "contacts.csv",
    ];
    let mut watching = client(&setup, &service, &send)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stderr.take().unwrap()).lines();
    let line = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap();
    assert_eq!(
        line.as_deref(),
        Some("clarion: starts at 2999-12-01T00:00:00.000Z")
    );
    let process = watching.id().unwrap().to_string();
    let interrupted = std::process::Command::new("kill")
        .args(["-s", "INT", &process])
        .status();
    assert!(interrupted.unwrap().success());
    let output = timeout(DEADLINE, watching.wait_with_output())
        .await
        .unwrap();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\nNo longer watched; it goes on."), "{text}");
    let campaign = service.get(&format!("/Campaigns/{}", id_in(&text))).await;
    assert_eq!(campaign["status"], 0);
    service.stop().await;
}

#[tokio::test]
async fn faults_are_told_with_the_lines_of_the_file() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let send = ["send", "--from", "ACME", "--message", "Hi", "contacts.csv"];
    let (status, text, error) = run(client(&setup, &service, &send)).await;
    assert_eq!((status, text.as_str()), (1, ""));
    assert!(
        error.contains("line 5: phoneNumber is not a valid phone number"),
        "{error}"
    );
    assert!(error.contains("--ignore-invalid"), "{error}");
    assert_eq!(service.get("/Campaigns").await["totalRecords"], 0);

    setup.write(
        "torn.csv",
        "phone,name\n07700900001,Ann\n07700900002,Bob,B.\n",
    );
    let send = ["send", "--from", "ACME", "--message", "Hi", "torn.csv"];
    let (status, _, error) = run(client(&setup, &service, &send)).await;
    assert_eq!(status, 1);
    assert!(
        error.starts_with("line 3: the line has 3 values"),
        "{error}"
    );
    assert_eq!(service.get("/Campaigns").await["totalRecords"], 0);
    service.stop().await;
}

#[tokio::test]
async fn a_campaign_is_listed_held_back_ended_exported_and_deleted() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let send = [
        "send",
        "--from",
        "ACME",
        "--message",
        "Hi",
        "--at",
        "2999-12-01T09:00",
        "--ignore-invalid",
        "--no-follow",
        "contacts.csv",
    ];
    let (status, text, error) = run(client(&setup, &service, &send)).await;
    assert_eq!(status, 0, "{error}");
    assert!(text.ends_with(": 1 invalid contacts left out\n"), "{text}");
    let id = id_in(&text);

    let campaigns = async |arguments: &[&str]| {
        let arguments = [&["campaigns"], arguments].concat();
        let (status, text, error) = run(client(&setup, &service, &arguments)).await;
        assert_eq!(status, 0, "{error}");
        text
    };
    let list = campaigns(&["list", "--filters", "sender==ACME"]).await;
    assert!(
        list.contains("  2999-12-01T09:00:00.000Z  Pending "),
        "{list}"
    );
    assert!(list.ends_with("Page 1 of 1, 1 in all\n"), "{list}");
    for (action, status) in [
        ("pause", "Paused"),
        ("resume", "Pending"),
        ("cancel", "Cancelled"),
    ] {
        let told = campaigns(&[action, id]).await;
        assert!(told.starts_with(status), "{action}: {told}");
    }
    let shown = campaigns(&["show", id, "--format", "json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["counts"]["sent"], 0);
    let contacts = campaigns(&["contacts", id]).await;
    assert!(contacts.starts_with("+447700900001 "), "{contacts}");
    campaigns(&["export", id, "--out", "export.csv"]).await;
    let export = std::fs::read(setup.folder.path().join("export.csv")).unwrap();
    let records: Vec<_> = csv::Reader::from_reader(&*export)
        .records()
        .map(|record| record.unwrap())
        .collect();
    assert_eq!(
        (&records[1][0], &records[1][1]),
        ("+447700900002", "Bob\nB.")
    );
    campaigns(&["delete", id]).await;

    let gone = client(&setup, &service, &["campaigns", "show", id]);
    let (status, _, error) = run(gone).await;
    assert_eq!(status, 1);
    assert_eq!(error, "clarion: there is no campaign with this id\n");
    service.stop().await;
}

#[tokio::test]
async fn what_keeps_a_command_from_the_service_is_told_with_what_to_do_next() {
    let setup = Setup::new();
    setup.write("contacts.csv", CONTACTS);
    setup.write("home/.config/clarion/config.toml", "api_key = \"wrong\"\n");
    let home = setup.folder.path().join("home");
    let told = async |url: &str, has_home: bool| {
        let mut command = setup.command(&["campaigns", "list", "--url", url]);
        command.env(
            "HOME",
            if has_home {
                &*home
            } else {
                setup.folder.path()
            },
        );
        let (status, _, error) = run(command).await;
        assert_eq!(status, 2, "{error}");
        error
    };
    let nobody = "http://127.0.0.1:1";
    let error = told(nobody, false).await;
    assert!(
        error.contains("say --key KEY, set CLARION_API_KEY"),
        "{error}"
    );
    let error = told(nobody, true).await;
    assert!(
        error.starts_with("clarion: http://127.0.0.1:1: cannot be reached: "),
        "{error}"
    );
    let error = told("ftp://127.0.0.1", true).await;
    assert!(error.contains("begins with https:// or http://"), "{error}");
    let service = setup.start().await;
    let error = told(&service.value_of("API").unwrap(), true).await;
    assert!(error.contains("does not know this key"), "{error}");
    service.stop().await;
}

#[tokio::test]
async fn standard_input_is_sent_once_too() {
    let setup = Setup::new();
    let service = setup.start().await;
    let send = [
        "send",
        "--from=ACME",
        "--message=Hi {Name}",
        "--ignore-invalid",
        "--quiet",
        "-",
    ];
    let mut told = Vec::new();
    for _ in 0..2 {
        let mut command = client(&setup, &service, &send);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(CONTACTS.as_bytes()).await.unwrap();
        drop(input);
        let output = timeout(DEADLINE, child.wait_with_output()).await.unwrap();
        let output = output.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &*error), (Some(0), ""));
        told.push(String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(id_in(&told[0]), id_in(&told[1]));
    service.stop().await;
    let received = smsc_log::received(&setup.log());
    assert_eq!(received["+447700900001"], ["Hi Ann"]);
    assert_eq!(received["+447700900002"], ["Hi Bob\nB."]);
    assert_eq!(received.len(), 2);
}

#[tokio::test]
async fn a_service_behind_tls_is_spoken_to_where_its_certificate_is_trusted() {
    let setup = Setup::new();
    let service = setup.start().await;
    setup.write("contacts.csv", CONTACTS);
    let front = tls::Front::before(&service.value_of("API").unwrap()).await;
    let authority = setup.write("ca.pem", &front.certificate);
    let send = [
        "send",
        "--from=ACME",
        "--message=Hi",
        "--ignore-invalid",
        "--quiet",
        "contacts.csv",
    ];
    let mut distrustful = client(&setup, &service, &send);
    distrustful.env("CLARION_URL", &front.url);
    let (status, _, error) = run(distrustful).await;
    assert_eq!(status, 2, "{error}");
    assert!(error.contains("invalid peer certificate"), "{error}");

    let mut trusting = client(&setup, &service, &send);
    trusting
        .env("CLARION_URL", &front.url)
        .env("SSL_CERT_FILE", authority);
    let (status, text, error) = run(trusting).await;
    assert_eq!((status, error.as_str()), (0, ""), "{text}");
    assert!(text.contains("\nCompleted, 2 recipients\n"), "{text}");
    service.stop().await;
}
