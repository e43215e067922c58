//! The files of a journal: one is written at a time, and each is removed when all that it holds is settled.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::warn;

use super::record::{self, Beginning};

/// Octets after which a new file is begun. What is on the disk is little more than what waits to be settled.
const FULL: u64 = 1 << 20;

/// How the files' names end.
pub(super) const SUFFIX: &str = "journal";

/// A file of the journal. Its lock tells other processes that this one lives.
pub(crate) struct Segment {
    file: File,
    path: PathBuf,
    noted: AtomicUsize,
    settled: AtomicUsize,
}

/// Writes one segment after the other.
pub(super) struct Writer {
    directory: PathBuf,
    node: String,
    database: String,
    next: u64,
    current: Option<(Arc<Segment>, u64)>,
}

impl Segment {
    fn create(path: PathBuf) -> io::Result<Self> {
        let file = private().create_new(true).write(true).open(&path)?;
        file.try_lock()?;
        Ok(Self {
            file,
            path,
            noted: AtomicUsize::new(0),
            settled: AtomicUsize::new(0),
        })
    }

    /// One outcome that it holds is settled.
    pub(crate) fn settled(&self) {
        self.settled.fetch_add(1, Ordering::AcqRel);
    }
}

impl Drop for Segment {
    /// What is not settled is left for the next start.
    fn drop(&mut self) {
        if self.noted.load(Ordering::Acquire) == self.settled.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!(%error, path = %self.path.display(), "a file of the journal cannot be removed");
        }
    }
}

impl Writer {
    pub(super) fn new(directory: PathBuf, node: String, database: String) -> Self {
        Self {
            directory,
            node,
            database,
            next: 1,
            current: None,
        }
    }

    /// Writes so many frames in one go; where they are.
    pub(super) fn write(&mut self, frames: &[u8], count: usize) -> io::Result<Arc<Segment>> {
        let (segment, length) = match self.current.take() {
            Some((segment, length)) if length < FULL => (segment, length),
            _ => self.begin()?,
        };
        // Where this fails the file may have a torn end, and nothing more is written to it.
        (&segment.file).write_all(frames)?;
        segment.noted.fetch_add(count, Ordering::AcqRel);
        let length = length + u64::try_from(frames.len()).unwrap_or(u64::MAX);
        self.current = Some((Arc::clone(&segment), length));
        Ok(segment)
    }

    fn begin(&mut self) -> io::Result<(Arc<Segment>, u64)> {
        fs::create_dir_all(&self.directory)?;
        let name = format!("{}-{:08}.{SUFFIX}", self.node, self.next);
        self.next += 1;
        let segment = Segment::create(self.directory.join(name))?;
        let beginning = record::frame(&Beginning {
            database: self.database.clone(),
        });
        (&segment.file).write_all(&beginning)?;
        let length = u64::try_from(beginning.len()).unwrap_or(u64::MAX);
        Ok((Arc::new(segment), length))
    }
}

/// The files hold numbers and texts: nobody else is to read them.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are Unix's"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A file that a process left behind which is gone. Its lock keeps others from it.
pub(super) struct Leftover {
    /// Keeps the lock.
    _file: File,
    path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Leftover {
    /// All of them in a directory.
    pub(super) fn all_in(directory: &Path) -> io::Result<Vec<Self>> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == SUFFIX) {
                found.extend(Self::open(path)?);
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// `None` where its process lives, or somebody else has taken it up.
    fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        let bytes = fs::read(&path)?;
        Ok(Some(Self {
            _file: file,
            path,
            bytes,
        }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All of it is settled.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_in(directory: &Path) -> usize {
        Leftover::all_in(directory).unwrap().len()
    }

    #[test]
    fn a_file_is_removed_when_all_of_it_is_settled_and_left_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        assert_eq!(left_in(&path), 0);
        let mut writer = Writer::new(path.clone(), "a".to_owned(), "1".to_owned());
        let first = writer.write(b"some", 2).unwrap();
        // Its process lives.
        assert_eq!(left_in(&path), 0);
        first.settled();
        drop((writer, first));
        assert_eq!(left_in(&path), 1);

        let mut writer = Writer::new(path.clone(), "b".to_owned(), "1".to_owned());
        let second = writer.write(b"more", 1).unwrap();
        second.settled();
        drop((writer, second));
        assert_eq!(left_in(&path), 1);
    }

    #[test]
    fn a_full_file_is_followed_by_another() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(directory.path().to_owned(), "a".to_owned(), "1".to_owned());
        let much = vec![0; usize::try_from(FULL).unwrap()];
        let first = writer.write(&much, 1).unwrap();
        let second = writer.write(b"more", 1).unwrap();
        assert_ne!(first.path, second.path);
    }
}
