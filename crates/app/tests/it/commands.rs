//! The other commands.

use std::process::Stdio;
use std::sync::Arc;

use clarion_engine::SystemClock;
use clarion_gateway::simulator::{Script, Simulator, SimulatorSettings};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use crate::service::{DEADLINE, Setup, http};

#[tokio::test]
async fn keys_are_created_listed_and_revoked() {
    let setup = Setup::new();
    let (status, key, error) = setup
        .run(&[
            "keys",
            "create",
            "--name",
            "reader",
            "--scopes",
            "campaigns:read",
            "--expires-at",
            "2999-01-31T00:00:00Z",
        ])
        .await;
    assert!(status.success(), "{error}");
    let key = key.trim();

    let service = setup.start_with_key(key.to_owned()).await;
    assert_eq!(service.get("/Campaigns").await["totalRecords"], 0);
    let refused = service.post("/Campaigns", "{}").await;
    assert_eq!(refused.status(), 403);
    service.stop().await;

    let (_, list, _) = setup.run(&["keys", "list"]).await;
    assert!(list.contains("campaigns:read  reader"), "{list}");
    assert!(!list.contains(key), "{list}");
    let (status, _, _) = setup.run(&["keys", "revoke", "1"]).await;
    assert!(status.success());
    let (_, list, _) = setup.run(&["keys", "list"]).await;
    assert!(list.contains("reader  (revoked "), "{list}");
    assert!(list.contains("(expires 2999-01-31 00:00:00)"), "{list}");
    assert!(list.contains("(last used 2"), "{list}");
    let (status, _, error) = setup.run(&["keys", "revoke", "1"]).await;
    assert_eq!(status.code(), Some(1), "{error}");
}

#[tokio::test]
async fn keys_are_made_and_revoked_beside_a_running_service() {
    let setup = Setup::new();
    let service = setup.start().await;
    let (status, key, error) = setup.run(&["keys", "create"]).await;
    assert!(status.success(), "{error}");
    let url = format!("{}/Campaigns", service.value_of("API").unwrap());
    let asked = async || {
        let request = http().get(&url).bearer_auth(key.trim());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(asked().await, 200);
    let (status, _, error) = setup.run(&["keys", "revoke", "2"]).await;
    assert!(status.success(), "{error}");
    assert_eq!(asked().await, 401);
    service.stop().await;
}

#[tokio::test]
async fn a_sqlite_file_has_one_service_and_the_second_names_it() {
    let setup = Setup::new();
    let service = setup.start().await;
    for command in ["serve", "migrate"] {
        let (status, _, error) = setup.run(&[command]).await;
        assert_eq!(status.code(), Some(1), "{command}");
        let holder = format!("in use by another process ({})", service.process());
        assert!(error.contains(&holder), "{command}: {error}");
    }
    assert_eq!(service.get("/Campaigns").await["totalRecords"], 0);
    service.stop().await;
}

#[tokio::test]
async fn an_unknown_scope_is_refused() {
    let (status, _, error) = Setup::new()
        .run(&["keys", "create", "--scopes", "everything"])
        .await;
    assert_eq!(status.code(), Some(2));
    assert!(error.contains("campaigns:read"), "{error}");
}

#[tokio::test]
async fn migrate_makes_the_database_and_may_be_repeated() {
    let setup = Setup::new();
    for _ in 0..2 {
        let (status, _, error) = setup.run(&["migrate"]).await;
        assert!(status.success(), "{error}");
    }
    assert!(setup.folder.path().join("data/clarion.db").exists());
}

#[tokio::test]
async fn check_config_tells_what_would_be_run_and_touches_nothing() {
    let setup = Setup::new();
    let gateway = "[[gateways]]\nname = \"main\"\nhost = \"smpp.example.net\"\nsystem_id = \"me\"\n\
                   password = \"sesame\"\n";
    let file = setup.write("my.toml", gateway);
    let file = file.to_str().unwrap();
    let (status, out, error) = setup.run(&["check-config", "--config", file]).await;
    assert!(status.success(), "{error}");
    let (status, same, error) = setup.run(&["--config", file, "check-config"]).await;
    assert!(status.success(), "{error}");
    assert_eq!(same, out);
    assert!(
        out.contains("main (SMPP at smpp.example.net:2775)"),
        "{out}"
    );
    assert!(out.contains(file), "{out}");
    assert!(!out.contains("sesame"), "{out}");
    assert!(!setup.folder.path().join("data").exists());
}

#[tokio::test]
async fn what_is_said_for_serving_is_refused_beside_another_command() {
    let arguments = ["--roles", "api", "check-config"];
    let (status, _, error) = Setup::new().run(&arguments).await;
    assert_eq!(status.code(), Some(2));
    assert!(error.contains("`serve`"), "{error}");
}

#[tokio::test]
async fn the_simulator_runs_alone() {
    let setup = Setup::new();
    let mut child = setup
        .command(&["simulator"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.strip_prefix("SMSC simulator: ").unwrap();
    tokio::net::TcpStream::connect(address).await.unwrap();
    assert!(!setup.folder.path().join("data/clarion.db").exists());
}

#[tokio::test]
async fn shells_and_manuals_are_told_about_every_command() {
    let setup = Setup::new();
    let (status, script, error) = setup.run(&["completions", "bash"]).await;
    assert!(status.success(), "{error}");
    assert!(script.contains("--rejects"), "{script}");
    let (status, _, error) = setup.run(&["man", "manual"]).await;
    assert!(status.success(), "{error}");
    for page in ["clarion.1", "clarion-validate.1", "clarion-keys-create.1"] {
        assert!(
            setup.folder.path().join("manual").join(page).exists(),
            "{page}"
        );
    }
}

#[tokio::test]
async fn binds_are_tried_on_request() {
    let setup = Setup::new();
    let file = setup.folder.path().join("gateways.toml");
    let simulator = Simulator::start_with(
        SimulatorSettings {
            listen: "127.0.0.1:0".to_owned(),
            log: std::path::PathBuf::new(),
            ..SimulatorSettings::default()
        },
        Script {
            password: Some("secret".to_owned()),
            ..Script::default()
        },
        Arc::new(SystemClock),
    )
    .await
    .unwrap();
    let file_name = file.to_str().unwrap();
    for (password, succeeds, says) in [
        (
            "secret",
            true,
            "main: bound as transceiver to \"simulator\"",
        ),
        ("wrong", false, "check system_id and password"),
    ] {
        let text = format!(
            "[[gateways]]\nname = 'main'\nhost = '127.0.0.1'\nport = {}\nsystem_id = 'x'\npassword = '{password}'",
            simulator.local_addr().port()
        );
        std::fs::write(&file, text).unwrap();
        let arguments = ["check-config", "--try-bind", "--config", file_name];
        let (status, output, error) = setup.run(&arguments).await;
        assert_eq!(status.success(), succeeds, "{output}{error}");
        assert!(output.contains(says), "{output}{error}");
    }
}

#[tokio::test]
async fn who_stops_reading_is_told_nothing() {
    let setup = Setup::new();
    let contacts: String = (0..100_000).map(|n| format!("0770{n:07}\n")).collect();
    setup.write("contacts.csv", &format!("phone\n{contacts}"));
    let mut command = setup.command(&["convert", "contacts.csv", "--to", "json", "--quiet"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = timeout(DEADLINE, child.wait_with_output()).await.unwrap();
    let output = output.unwrap();
    assert!(!output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
