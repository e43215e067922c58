//! The jobs on files, as people run them.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::example::{body, path as example};
use crate::service::Setup;

/// Runs a job: its exit status and what it wrote to both outputs.
async fn run(setup: &Setup, arguments: &[&str]) -> (i32, String, String) {
    let (status, output, error) = setup.run(arguments).await;
    (status.code().unwrap(), output, error)
}

#[tokio::test]
async fn the_example_is_validated() {
    let setup = Setup::new();
    let file = example("contacts.csv");
    let arguments = [
        "validate",
        &file,
        "--dedupe",
        "--out",
        "accepted.ndjson",
        "--rejects",
        "rejects.csv",
    ];
    let (status, text, error) = run(&setup, &arguments).await;
    assert_eq!((status, error.as_str()), (1, ""));
    assert!(
        text.contains("10,000 contacts: 9,450 accepted, 300 refused, 250 duplicates left out\n"),
        "{text}"
    );
    let read = |name: &str| std::fs::read_to_string(setup.folder.path().join(name)).unwrap();
    assert_eq!(read("accepted.ndjson").lines().count(), 9_450);
    assert_eq!(read("rejects.csv").lines().count(), 551);

    let (status, text, error) =
        run(&setup, &["validate", "accepted.ndjson", "--format", "json"]).await;
    assert_eq!((status, error.as_str()), (0, ""));
    let summary: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["accepted"], 9_450);
    assert_eq!(summary["countries"]["GB"], 1_000);
    assert_eq!(summary["reasons"], serde_json::json!([]));
}

#[tokio::test]
async fn the_example_is_previewed_with_its_own_message() {
    let setup = Setup::new();
    setup.write(
        "config/tariffs.toml",
        "currency = \"GBP\"\ndefault = 1\n[countries]\nGB = 0.5\n",
    );
    let file = example("campaign.json");
    let (status, text, error) = run(&setup, &["preview", &file, "--format", "json"]).await;
    assert_eq!((status, error.as_str()), (1, ""));
    let preview: Value = serde_json::from_str(&text).unwrap();
    // Of 9,450 accepted ones, those in countries that take no names as senders are refused.
    let outside = preview["outsideSenderPolicy"].as_array().unwrap().iter();
    let outside: u64 = outside.map(|one| one["contacts"].as_u64().unwrap()).sum();
    assert_eq!((&preview["messages"], outside), (&Value::from(8_605), 845));
    assert_eq!(preview["currency"], "GBP");
    let parts = |of: &Value| of["parts"].as_u64().unwrap();
    let countries = preview["countries"].as_array().unwrap();
    let all: u64 = countries.iter().map(parts).sum();
    assert_eq!(all, parts(&preview));
    let british = countries
        .iter()
        .find(|country| country["country"] == "GB")
        .unwrap();
    let cents = (all - parts(british)) * 100 + parts(british) * 50;
    assert_eq!(
        preview["cost"],
        format!("{}.{:02}", cents / 100, cents % 100)
    );
    let sample = preview["samples"][0]["message"].as_str().unwrap();
    assert!(
        sample.starts_with("Hello Արամ, your order A-27519 is ready."),
        "{sample}"
    );

    let (_, text, _) = run(&setup, &["preview", &file, "--samples", "1"]).await;
    assert!(text.contains("8,605 messages of "), "{text}");
    assert!(text.contains(sample), "{text}");
}

/// A job on a file, a request, and a stored campaign count alike, to the last part.
#[tokio::test]
async fn the_service_previews_the_example_as_the_command_does() {
    let setup = Setup::new().with("CLARION__LINKS__PUBLIC_URL", "https://c.example");
    setup.write(
        "config/tariffs.toml",
        "currency = \"GBP\"\ndefault = 1\n[countries]\nGB = 0.5\n",
    );
    let file = example("campaign.json");
    let arguments = ["preview", &file, "--format", "json", "--samples", "5"];
    let (_, text, _) = run(&setup, &arguments).await;
    let of_file: Value = serde_json::from_str(&text).unwrap();

    let service = setup.start().await;
    let answer = service.post("/Campaigns/Preview", body()).await;
    assert_eq!(answer.status(), 200);
    let of_request: Value = answer.json().await.unwrap();
    let made = service.post("/Campaigns/true", later_body()).await;
    let id: String = made.json().await.unwrap();
    let of_stored = service.get(&format!("/Campaigns/{id}/Preview")).await;
    service.stop().await;

    for of_service in [of_request, of_stored] {
        let contacts = |of: &Value, name: &str| of["contacts"][name].clone();
        for name in ["contacts", "duplicates", "refused", "reasons"] {
            let (a, b) = (contacts(&of_service, name), contacts(&of_file, name));
            assert_eq!(sorted(a), sorted(b), "{name}");
        }
        for name in [
            "messages",
            "parts",
            "messagesByParts",
            "gsm7",
            "ucs2",
            "tooLong",
            "currency",
        ] {
            assert_eq!(of_service[name], of_file[name], "{name}");
        }
        assert_eq!(figures(&of_service), figures(&of_file));
        assert_eq!(messages(&of_service), messages(&of_file));
    }
}

/// The example, to be sent when nobody looks any more.
fn later_body() -> String {
    let mut body: Value = serde_json::from_str(&body()).unwrap();
    body["startDateTime"] = "2100-01-01T00:00:00Z".into();
    body.to_string()
}

fn sorted(list: Value) -> Value {
    let mut list = list;
    if let Some(items) = list.as_array_mut() {
        items.sort_by_key(Value::to_string);
    }
    list
}

/// What each country and each character counts; the command writes amounts of money as texts.
fn figures(preview: &Value) -> Vec<String> {
    let amount = |of: &Value| match &of["cost"] {
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    let countries = preview["countries"].as_array().unwrap().iter();
    let countries = countries.map(|country| {
        let (name, cost) = (&country["country"], amount(country));
        format!("{name} {} {} {cost}", country["messages"], country["parts"])
    });
    let characters = preview["ucs2BecauseOf"].as_array().unwrap().iter();
    let characters = characters.map(|one| {
        let (messages, suggestion) = (&one["messages"], &one["suggestion"]);
        format!("{} {messages} {suggestion}", one["character"])
    });
    let mut figures: Vec<_> = countries.chain(characters).collect();
    figures.push(amount(preview).to_string());
    figures.sort();
    figures
}

fn messages(preview: &Value) -> Vec<String> {
    let samples = preview["samples"].as_array().unwrap().iter();
    let shown = samples.chain([&preview["longest"]]);
    shown
        .map(|sample| format!("{} {}", sample["phoneNumber"], sample["message"]))
        .collect()
}

#[tokio::test]
async fn the_example_is_converted_there_and_back() {
    let setup = Setup::new();
    let csv = example("contacts.csv");
    let (status, ndjson, error) = run(&setup, &["convert", &csv, "--to", "ndjson"]).await;
    assert_eq!((status, error.as_str()), (0, "10,000 contacts written\n"));
    setup.write("contacts.ndjson", &ndjson);
    let back = ["convert", "contacts.ndjson", "--out", "back.csv", "--quiet"];
    assert_eq!(run(&setup, &back).await, (0, String::new(), String::new()));
    let back = std::fs::read_to_string(setup.folder.path().join("back.csv")).unwrap();
    assert!(back == std::fs::read_to_string(&csv).unwrap());
}

#[tokio::test]
async fn standard_input_is_read_where_the_file_is_a_dash() {
    let setup = Setup::new();
    let mut command = setup.command(&["validate", "-", "--out", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(b"07700 900001\n07700 900002\n")
        .await
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "phoneNumber,name,custom1,custom2,contactGroupId,timeZone\n+447700900001,,,,,\n+447700900002,,,,,\n"
    );
    let summary = String::from_utf8(output.stderr).unwrap();
    assert!(
        summary.starts_with("standard input: CSV with phoneNumber from column 1\n2 contacts: 2 accepted, 0 refused\n"),
        "{summary}"
    );
}

#[tokio::test]
async fn a_region_of_the_command_line_goes_before_the_configured_one() {
    let setup = Setup::new();
    setup.write("list.txt", "0612345678\n");
    let (status, _, _) = run(&setup, &["validate", "list.txt"]).await;
    assert_eq!(status, 1);
    let (status, text, _) = run(&setup, &["validate", "list.txt", "--region", "fr"]).await;
    assert_eq!(status, 0, "{text}");
    let (status, _, error) = run(&setup, &["validate", "list.txt", "--region", "UK"]).await;
    assert_eq!(status, 2);
    assert!(error.contains("regions are written like GB"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_worked_on_is_told_with_what_to_do_next() {
    let setup = Setup::new();
    setup.write("names.csv", "name,age\nAnn,7\n");
    setup.write(
        "half.csv",
        "phone,name\n07700900001,Ann\n07700900002,\"Bob\n",
    );
    setup.write("tariffs.toml", "defualt = 1\n");
    for (arguments, told) in [
        (
            &["validate", "nowhere.csv"][..],
            "clarion: nowhere.csv: cannot be opened: No such file",
        ),
        (
            &["validate", "names.csv", "--out", "out.csv"],
            "clarion: names.csv: line 1 names no column of phone numbers; its columns are: name, age; \
             name the column with --phone COLUMN",
        ),
        (
            &["validate", "half.csv", "--out", "out.csv"],
            "clarion: half.csv: the line that begins at line 3 has a quote that is never closed; close it",
        ),
        (
            &["validate", "half.csv", "--out", "nowhere/out.csv"],
            "clarion: nowhere/out.csv cannot be written: No such file",
        ),
        (
            &["preview", "half.csv"],
            "clarion: message: no message is given: say --message TEXT",
        ),
        (
            &["preview", "half.csv", "--message", "Hi {Nmae}"],
            "clarion: message: has an unknown token {Nmae} at character 4",
        ),
        (
            &[
                "preview",
                "half.csv",
                "--message",
                "Hi",
                "--tariffs",
                "tariffs.toml",
            ],
            "clarion: prices: tariffs.toml: holds no tariffs: ",
        ),
    ] {
        let (status, output, error) = run(&setup, arguments).await;
        assert_eq!((status, output.as_str()), (2, ""), "{error}");
        assert!(error.starts_with(told), "{error}");
    }
    let left = std::fs::read_dir(setup.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("out.csv")),
        "{left:?}"
    );
}

#[tokio::test]
async fn the_shipped_tariffs_can_be_read() {
    let setup = Setup::new();
    setup.write("list.txt", "07700900001\n");
    let tariffs = example("../config/tariffs.toml");
    let arguments = [
        "preview",
        "list.txt",
        "--message",
        "Hi",
        "--tariffs",
        &tariffs,
    ];
    let (status, text, error) = run(&setup, &arguments).await;
    assert_eq!((status, error.as_str()), (0, ""));
    assert!(text.contains("1 messages of 1 parts, 0.00 GBP"), "{text}");
}
