//! Programs that are run to their end, and signals.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Sends a signal to a process.
///
/// # Errors
/// It is gone, or not ours.
pub fn signal(name: &str, process: u32) -> anyhow::Result<()> {
    run(Command::new("kill").args(["-s", name, &process.to_string()])).map(|_| ())
}

/// Runs a program to its end; what it wrote to its output.
///
/// # Errors
/// It does not start, or fails.
pub fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} does not start", command.get_program().display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    bail!(
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr).trim()
    )
}

/// Runs a program to its end that leaves a server running: what it says goes to a file, since the server would keep a
/// pipe open.
///
/// # Errors
/// It does not start, or fails.
pub fn run_aside(command: &mut Command, said: &Path) -> anyhow::Result<()> {
    let file = File::create(said)?;
    let status = command
        .stdin(Stdio::null())
        .stderr(file.try_clone()?)
        .stdout(file)
        .status()?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    File::open(said)?.read_to_string(&mut text)?;
    bail!(
        "{} failed: {}",
        command.get_program().display(),
        text.trim()
    )
}
