//! Kannel as a client of our simulator: its bearerbox binds, its smsbox takes the texts over HTTP and calls back.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::process::{are_there, script};
use crate::support::{log_lines, simulator, soon};

const BEARERBOX: &str = "/usr/sbin/bearerbox";
const SMSBOX: &str = "/usr/sbin/smsbox";

/// A port that was free a moment ago; Kannel cannot be given any other.
async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

fn start(program: &str, configuration: &Path) -> Child {
    Command::new(program)
        .arg(configuration)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// What an HTTP server answers; `None` where there is none yet.
async fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

/// Asks until the answer has this in it: a program of its own tells nobody when it is ready.
async fn get_until(port: u16, path: &str, expected: &str) {
    soon(async {
        while !get(port, path)
            .await
            .is_some_and(|answer| answer.contains(expected))
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// The path of the next request that Kannel makes of us.
async fn called(listener: &TcpListener) -> String {
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let mut request = [0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(answer).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    request.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn kannel_submits_and_gets_its_receipts_and_a_reply() {
    if !are_there(&[PathBuf::from(BEARERBOX), PathBuf::from(SMSBOX)]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [0, 20]", Some(&log)).await;
    let callback = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (admin, http) = (free_port().await, free_port().await);
    let configuration = folder.path().join("kannel.conf");
    let mut text = std::fs::read_to_string(script("kannel.conf")).unwrap();
    for (word, port) in [
        ("ADMIN_PORT", admin),
        ("SMSBOX_PORT", free_port().await),
        ("HTTP_PORT", http),
        ("SMPP_PORT", simulator.local_addr().port()),
        ("CALLBACK_PORT", callback.local_addr().unwrap().port()),
    ] {
        text = text.replace(word, &port.to_string());
    }
    std::fs::write(&configuration, text).unwrap();

    let _bearerbox = start(BEARERBOX, &configuration);
    get_until(admin, "/status.txt?password=secret", "(online").await;
    let _smsbox = start(SMSBOX, &configuration);
    let receipts = callback.local_addr().unwrap().port();
    let send = |text: &str| {
        format!(
            "/cgi-bin/sendsms?username=tester&password=secret&from=ACME&to=%2B447700900001&text={text}\
             &dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A{receipts}%2Freceipt%3Fkind%3D%25d"
        )
    };
    get_until(http, &send("Hello+from+Kannel"), "Accepted").await;
    assert_eq!(called(&callback).await, "/receipt?kind=1");
    let long = "kannel+".repeat(30);
    get_until(http, &send(&long), "Accepted").await;
    assert_eq!(called(&callback).await, "/receipt?kind=1");

    assert_eq!(
        simulator.inject_mo("+447700900001", "ACME", "Yes please"),
        1
    );
    let reply = called(&callback).await;
    assert!(
        reply.starts_with("/reply?source=") && reply.ends_with("447700900001&text=Yes+please"),
        "{reply}"
    );
    simulator.stop().await;
    let submits = log_lines(&log, "submit");
    let texts: Vec<_> = submits
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts[0], "Hello from Kannel");
    assert_eq!(texts[1..].concat(), "kannel ".repeat(30));
    assert!(
        submits
            .iter()
            .all(|line| line["destination"] == "+447700900001")
    );
}
