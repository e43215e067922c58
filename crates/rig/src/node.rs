//! A process of the real `clarion`.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::program::signal;
use crate::wait;

/// A service that is not ready by then does not start.
const START: Duration = Duration::from_secs(60);
/// One that has not ended by then does not stop.
const STOP: Duration = Duration::from_secs(60);

/// How nodes are started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The program.
    pub clarion: PathBuf,
    /// The folder of its configuration and its log.
    pub folder: PathBuf,
    /// The command that it is run by, if any.
    pub prefix: Vec<String>,
    /// Variables of its environment.
    pub variables: Vec<(String, String)>,
}

/// A running node; killed when dropped.
pub struct Node {
    child: Child,
    /// Where it answers the API.
    pub api: SocketAddr,
}

impl Setup {
    /// Starts a node and waits until it is ready.
    ///
    /// # Errors
    /// It does not get ready.
    pub fn start(&self, config: &str) -> anyhow::Result<Node> {
        self.start_with(config, None)
    }

    /// The same with another variable in its environment.
    ///
    /// # Errors
    /// It does not get ready.
    pub fn start_with(
        &self,
        config: &str,
        variable: Option<(&str, String)>,
    ) -> anyhow::Result<Node> {
        let file = self.folder.join("clarion.toml");
        fs::write(&file, config)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))?;
        let mut child = self
            .command()
            .args(["serve", "--config"])
            .arg(&file)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .envs(variable)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", self.clarion.display()))?;
        let lines = lines_of(child.stdout.take().context("no output")?);
        match greeting(&lines) {
            Ok(api) => Ok(Node { child, api }),
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                Err(error.context(self.last_words()))
            }
        }
    }

    /// The last line of the log, which goes with its folder.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines()
            .last()
            .unwrap_or("nothing was logged")
            .to_owned()
    }

    fn command(&self) -> Command {
        let Some((program, arguments)) = self.prefix.split_first() else {
            return Command::new(&self.clarion);
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(&self.clarion);
        command
    }
}

/// Reads lines on a thread, so that they can be waited for with a deadline.
#[must_use]
pub fn lines_of(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Read on when nobody listens any more, or the process would get a broken pipe.
            drop(sender.send(line));
        }
    });
    receiver
}

/// The address of the API, once the node is ready.
fn greeting(lines: &mpsc::Receiver<String>) -> anyhow::Result<SocketAddr> {
    let end = Instant::now() + START;
    let mut api = None;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let line = lines
            .recv_timeout(left)
            .context("it ended before it was ready, or took too long")?;
        if let Some((_, address)) = line.split_once("API        http://") {
            api = address.strip_suffix("/api").map(str::parse).transpose()?;
        }
        if line.starts_with("Ready") {
            return api.context("it told no address of its API");
        }
    }
}

impl Node {
    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        signal(name, self.child.id())
    }

    /// Kills it as nothing can be prevented from being killed.
    ///
    /// # Errors
    /// It is gone.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        if wait::until(STOP, || !self.runs()) {
            return Ok(());
        }
        bail!("it did not stop in time")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
