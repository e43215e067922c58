//! What processes take of the machine, as the kernel tells.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// How the kernel counts time in /proc, on every platform that Linux has.
const TICKS_A_SECOND: f64 = 100.0;

/// The fields of /proc/PID/stat behind the name, by their numbers in proc(5) less 3.
const PARENT: usize = 1;
const USER: usize = 11;
const SYSTEM: usize = 12;
const USER_OF_ENDED: usize = 13;
const SYSTEM_OF_ENDED: usize = 14;

/// A process's line in /proc.
struct Stat(Vec<String>);

impl Stat {
    fn of(process: u32) -> anyhow::Result<Self> {
        Self::read(&Path::new("/proc").join(process.to_string()))
    }

    fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(folder.join("stat"))?;
        let (_, fields) = text.rsplit_once(") ").context("no name")?;
        let fields = fields.split(' ').map(ToOwned::to_owned).collect();
        Ok(Self(fields))
    }

    fn number(&self, field: usize) -> f64 {
        let text = self.0.get(field);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn seconds(&self, fields: &[usize]) -> f64 {
        let ticks: f64 = fields.iter().map(|field| self.number(*field)).sum();
        ticks / TICKS_A_SECOND
    }
}

/// What all threads of a process have worked so far, in seconds.
pub(crate) fn processor_seconds(process: u32) -> anyhow::Result<f64> {
    Ok(Stat::of(process)?.seconds(&[USER, SYSTEM]))
}

/// The same of a server with all processes that it has or had.
pub(crate) fn processor_seconds_of_family(process: u32) -> anyhow::Result<f64> {
    let own = Stat::of(process)?.seconds(&[USER, SYSTEM, USER_OF_ENDED, SYSTEM_OF_ENDED]);
    let is_child = |stat: &Stat| stat.number(PARENT) == f64::from(process);
    let children = fs::read_dir("/proc")?.flatten();
    let children = children.filter_map(|entry| Stat::read(&entry.path()).ok());
    let theirs = children
        .filter(is_child)
        .map(|stat| stat.seconds(&[USER, SYSTEM]));
    Ok(own + theirs.sum::<f64>())
}

/// The most memory that a process has had so far, in MB.
pub(crate) fn peak_memory(process: u32) -> anyhow::Result<f64> {
    memory(process, "VmHWM:")
}

/// The memory that a process has now, in MB.
pub(crate) fn present_memory(process: u32) -> anyhow::Result<f64> {
    memory(process, "VmRSS:")
}

fn memory(process: u32, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.context("the kernel does not tell the memory")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024.0 / 1e6)
}

/// What a process has had written to disks so far, in bytes.
pub(crate) fn written(process: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/io"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes:"));
    Ok(line
        .context("the kernel does not tell what is written")?
        .trim()
        .parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_be_looked_at() {
        let own = std::process::id();
        // Each of them only grows, so the lesser one is read first.
        let worked = processor_seconds(own).unwrap();
        assert!(processor_seconds_of_family(own).unwrap() >= worked);
        let present = present_memory(own).unwrap();
        assert!(peak_memory(own).unwrap() >= present);
        assert!(written(own).unwrap() >= 0.0);
    }
}
