//! Places that can be broken: a small disk, a network of its own, a clock of its own. They need root, or a library.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use clarion_rig::program::run;

/// Debian's, which is on the PATH of root alone.
pub(crate) const IP: &str = "/sbin/ip";
const NFT: &str = "/usr/sbin/nft";

/// The size of a small disk: more than the campaigns of a full run take.
const DISK: &str = "size=256m";
const BALLAST: &str = "ballast";

/// A small file system in memory; gone when dropped.
pub(crate) struct Disk(PathBuf);

impl Disk {
    pub(crate) fn mount(at: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir(&at)?;
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", DISK, "tmpfs"])
            .arg(&at))?;
        Ok(Self(at))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let mut file = fs::File::create(self.0.join(BALLAST))?;
        // Down to single bytes, so that nothing fits any more.
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
        Ok(())
    }

    pub(crate) fn make_room(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.0.join(BALLAST))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(run(Command::new("umount").arg("--lazy").arg(&self.0)));
    }
}

/// A network namespace with one cable to the outside; gone when dropped.
pub(crate) struct Network {
    name: String,
    /// Each has addresses of its own, by this.
    number: u32,
}

/// The addresses of all networks.
pub(crate) const NETWORKS: &str = "10.231.0.0/16";
/// How many networks this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

impl Network {
    /// The outer end of the cable, where the oracle listens.
    pub(crate) fn outside(&self) -> String {
        format!("10.231.{}.1", self.number)
    }

    /// The inner end, where the service listens.
    pub(crate) fn inside(&self) -> String {
        format!("10.231.{}.2", self.number)
    }

    pub(crate) fn new() -> anyhow::Result<Self> {
        let process = std::process::id();
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("faults-{process}-{nth}");
        ip(&["netns", "add", &name])?;
        // Those of another run at the same time are most likely others.
        let number = process % 120 * 2 + nth % 2;
        let network = Self { name, number };
        let name = &*network.name;
        // Names of devices are short, and one on the outside is in the way of another run's.
        let (outer, inner) = (format!("fo{process}-{nth}"), format!("fi{process}-{nth}"));
        ip(&[
            "link", "add", &outer, "type", "veth", "peer", "name", &inner, "netns", name,
        ])?;
        let outside = format!("{}/24", network.outside());
        ip(&["address", "add", &outside, "dev", &outer])?;
        ip(&["link", "set", &outer, "up"])?;
        let inside = format!("{}/24", network.inside());
        ip(&["-n", name, "address", "add", &inside, "dev", &inner])?;
        ip(&["-n", name, "link", "set", &inner, "up"])?;
        ip(&["-n", name, "link", "set", "lo", "up"])?;
        Ok(network)
    }

    /// What goes before a command that is to run in it.
    pub(crate) fn prefix(&self) -> Vec<String> {
        [IP, "netns", "exec", &self.name]
            .map(ToOwned::to_owned)
            .to_vec()
    }

    /// Does this to everything that goes to a port, and drops what comes from it.
    pub(crate) fn cut(&self, port: u16, verdict: &str) -> anyhow::Result<()> {
        self.nft("add table inet cut")?;
        self.nft("add chain inet cut out { type filter hook output priority 0 ; }")?;
        self.nft("add chain inet cut in { type filter hook input priority 0 ; }")?;
        self.nft(&format!("add rule inet cut out tcp dport {port} {verdict}"))?;
        self.nft(&format!("add rule inet cut in tcp sport {port} drop"))
    }

    pub(crate) fn heal(&self) -> anyhow::Result<()> {
        self.nft("delete table inet cut")
    }

    fn nft(&self, rule: &str) -> anyhow::Result<()> {
        let prefix = ["netns", "exec", &self.name, NFT];
        run(Command::new(IP).args(prefix).arg(rule)).map(|_| ())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The cable goes with it.
        drop(ip(&["netns", "delete", &self.name]));
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    run(Command::new(IP).args(arguments)).map(|_| ())
}

/// The clock of a process, as a file that libfaketime reads.
pub(crate) struct Clock {
    faketime: PathBuf,
    file: PathBuf,
}

impl Clock {
    pub(crate) fn new(file: PathBuf) -> anyhow::Result<Self> {
        let folders = fs::read_dir("/usr/lib")?.flatten();
        let faketime = folders
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|file| file.is_file())
            .context("no libfaketime")?;
        let clock = Self { faketime, file };
        clock.set("+0")?;
        Ok(clock)
    }

    /// So many seconds beside the right time, as in `+3600`.
    pub(crate) fn set(&self, offset: &str) -> anyhow::Result<()> {
        Ok(fs::write(&self.file, offset)?)
    }

    /// What a process needs to go by it. The clock that never jumps is left alone, as a kernel leaves it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        [
            ("LD_PRELOAD", self.faketime.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
