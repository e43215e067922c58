//! Foreign programs in a test: found, started, listened to.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::support::soon;

/// Where `.ci/interop-tools` puts what it installs.
pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/interop")
}

/// The folder of the scripts.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(name)
}

/// Whether all of them are there; where one is not, tells so or fails.
pub(crate) fn are_there(needed: &[PathBuf]) -> bool {
    let Some(missing) = needed.iter().find(|path| !path.exists()) else {
        return true;
    };
    assert!(
        std::env::var_os("REQUIRE_INTEROP").is_none(),
        "{} is missing: run .ci/interop-tools",
        missing.display()
    );
    eprintln!("NOT RUN: {} is missing", missing.display());
    false
}

/// A program that tells what happens, one JSON per line, and ends with the test.
pub(crate) struct Program {
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            _child: child,
        }
    }

    pub(crate) async fn say(&mut self, line: &Value) {
        let line = format!("{line}\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next event of that kind; others are passed over.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        loop {
            let line = soon(self.lines.next_line()).await.unwrap();
            let event: Value = serde_json::from_str(&line.expect("it has ended")).unwrap();
            assert_ne!(event["event"], "error", "{event}");
            if event["event"] == kind {
                return event;
            }
        }
    }
}
