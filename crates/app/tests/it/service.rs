//! A running `clarion`, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use clarion_gateway::web_hooks::choose_cryptography;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// No step of a test takes longer on any machine that can run it at all.
pub(crate) const DEADLINE: Duration = Duration::from_secs(180);

/// What a service is started with.
pub(crate) struct Setup {
    pub(crate) folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// A service that has said that it is ready.
pub(crate) struct Service {
    child: Child,
    /// What it wrote to standard output.
    pub(crate) greeting: Vec<String>,
    http: reqwest::Client,
    key: String,
}

/// A client of any service.
pub(crate) fn http() -> reqwest::Client {
    choose_cryptography();
    reqwest::Client::new()
}

impl Setup {
    /// The sandbox at any free ports; its files in a new folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            variables: Vec::new(),
        }
        .with("CLARION__SERVER__LISTEN", "127.0.0.1:0")
        .with("CLARION__SIMULATOR__LISTEN", "127.0.0.1:0")
        .with("CLARION__LOG__LEVEL", "warn")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The simulated provider's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("data/simulator.ndjson")
    }

    /// A file in the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `clarion` with these arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clarion"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().cloned())
            .kill_on_drop(true);
        command
    }

    /// Runs `clarion` to its end: whether it did well, and what it wrote to both outputs.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (ExitStatus, String, String) {
        let output = self.command(arguments).output();
        let output = timeout(DEADLINE, output).await.unwrap().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status, text(output.stdout), text(output.stderr))
    }

    /// Starts the service for the first time.
    pub(crate) async fn start(&self) -> Service {
        self.start_as(&["serve"]).await
    }

    /// Starts the service where a key exists already.
    pub(crate) async fn start_with_key(&self, key: String) -> Service {
        self.start_as_with_key(&["serve"], &key).await
    }

    /// The same with these arguments.
    pub(crate) async fn start_as_with_key(&self, arguments: &[&str], key: &str) -> Service {
        let mut service = self.start_as(arguments).await;
        service.key = key.to_owned();
        service
    }

    /// Starts the service with these arguments, and takes the key that it prints, if any.
    pub(crate) async fn start_as(&self, arguments: &[&str]) -> Service {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.lines();
        let mut greeting = Vec::new();
        let read = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.starts_with("Ready") {
                    return;
                }
                greeting.push(line);
            }
            panic!("it ended before it was ready: {greeting:?}");
        };
        timeout(DEADLINE, read).await.unwrap();
        let mut service = Service {
            child,
            greeting,
            http: http(),
            key: String::new(),
        };
        service.key = service.value_of("API key").unwrap_or_default();
        service
    }
}

impl Service {
    /// The first word behind a title of the greeting.
    pub(crate) fn value_of(&self, title: &str) -> Option<String> {
        let line = self.greeting.iter().find_map(|line| {
            let (before, after) = line.split_once(title)?;
            before.trim().is_empty().then_some(after)
        })?;
        line.split_whitespace().next().map(ToOwned::to_owned)
    }

    pub(crate) fn key(&self) -> String {
        self.key.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.value_of("API").unwrap())
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Response {
        self.http
            .post(self.url(path))
            .bearer_auth(&self.key)
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(self.url(path)).bearer_auth(&self.key);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Waits until a campaign has the status.
    pub(crate) async fn wait_for(&self, campaign: &str, status: i64) {
        let path = format!("/Campaigns/{campaign}");
        let mut last = Value::Null;
        let wait = async {
            while last["status"] != status {
                tokio::time::sleep(Duration::from_millis(50)).await;
                last = self.get(&path).await;
            }
        };
        if timeout(DEADLINE, wait).await.is_err() {
            panic!("status {status} was never reached: {last}");
        }
    }

    /// Waits until it takes no more requests.
    pub(crate) async fn wait_until_deaf(&self) {
        let url = self.url("/Campaigns");
        let wait = async {
            while http().get(&url).send().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(DEADLINE, wait).await.unwrap();
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        send(name, &self.child.id().unwrap().to_string());
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        timeout(DEADLINE, self.child.wait()).await.unwrap().unwrap()
    }

    /// Waits for its end, sending a signal again and again.
    pub(crate) async fn ended_by_repeated(self, signal: &str) -> ExitStatus {
        let process = self.child.id().unwrap().to_string();
        let mut ended = Box::pin(self.ended());
        loop {
            if let Ok(status) = timeout(Duration::from_millis(200), &mut ended).await {
                return status;
            }
            send(signal, &process);
        }
    }

    /// Asks it to end, and waits for it.
    pub(crate) async fn stop(self) {
        self.signal("TERM");
        assert!(self.ended().await.success());
    }
}

fn send(signal: &str, process: &str) {
    let status = std::process::Command::new("kill")
        .args(["-s", signal, process])
        .status();
    assert!(status.unwrap().success());
}

/// Waits until a file holds so many lines.
pub(crate) async fn wait_for_lines(path: &Path, lines: usize) {
    let count = || std::fs::read(path).map_or(0, |text| bytecount(&text));
    let wait = async {
        while count() < lines {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, wait).await.unwrap();
}

fn bytecount(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}
