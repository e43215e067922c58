//! A process of the real `clarion`.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// A service that is not ready by then does not start.
const START: Duration = Duration::from_secs(60);
/// One that has not ended by then does not stop.
const STOP: Duration = Duration::from_secs(60);
/// The system calls by which anything leaves the process.
const WRITES: &str = "sendto,sendmsg,write,writev,pwrite64,fdatasync";

/// How nodes are started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The program.
    pub(crate) clarion: PathBuf,
    /// The folder of its configuration and its log.
    pub(crate) folder: PathBuf,
    /// The command that it is run by, if any.
    pub(crate) prefix: Vec<String>,
    /// Variables of its environment.
    pub(crate) variables: Vec<(String, String)>,
}

/// A running node; killed when dropped.
pub(crate) struct Node {
    child: Child,
    pub(crate) api: SocketAddr,
}

/// A tracer that will kill the node at one of its writes.
pub(crate) struct Tracer(Child);

impl Setup {
    /// Starts a node and waits until it is ready.
    pub(crate) fn start(&self, config: &str) -> anyhow::Result<Node> {
        self.start_with(config, None)
    }

    /// The same with another variable in its environment.
    pub(crate) fn start_with(
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
fn lines_of(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
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
    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        signal(name, self.child.id())
    }

    /// Kills it as nothing can be prevented from being killed.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Whether it runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        if crate::wait::until(STOP, || !self.runs()) {
            return Ok(());
        }
        bail!("it did not stop in time")
    }

    /// Has it fail to write to a SQLite database, as on a file system that has become read-only, until the tracer goes.
    pub(crate) fn refuse_writes(&self, database: &Path) -> anyhow::Result<Tracer> {
        let mut strace = Command::new("strace");
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            strace.arg("-P").arg(path);
        }
        let refused = "pwrite64,write,ftruncate,fallocate,fdatasync,fsync";
        strace
            .arg(format!("--trace={refused}"))
            .arg(format!("--inject={refused}:error=EROFS"));
        self.traced_by(strace)
    }

    /// Has it killed at the `nth` write that any one of its threads begins from now on.
    pub(crate) fn kill_at_write(&self, nth: u64) -> anyhow::Result<Tracer> {
        let mut strace = Command::new("strace");
        strace
            .arg(format!("--trace={WRITES}"))
            .arg(format!("--inject={WRITES}:signal=KILL:when={nth}"));
        self.traced_by(strace)
    }

    fn traced_by(&self, mut strace: Command) -> anyhow::Result<Tracer> {
        let mut child = strace
            .args(["-f", "-o", "/dev/null", "-p"])
            .arg(self.child.id().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .context("strace does not start")?;
        let said = lines_of(child.stderr.take().context("no output")?);
        let line = said.recv_timeout(START).unwrap_or_default();
        if line.contains("attached") {
            return Ok(Tracer(child));
        }
        drop(child.kill());
        bail!("strace could not attach: {line}")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // It lets go of the process where it has not killed it.
        drop(signal("INT", self.0.id()));
        drop(self.0.wait());
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: u32) -> anyhow::Result<()> {
    run(Command::new("kill").args(["-s", name, &process.to_string()])).map(|_| ())
}

/// Runs a program to its end; what it wrote to its output.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
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
pub(crate) fn run_aside(command: &mut Command, said: &Path) -> anyhow::Result<()> {
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
