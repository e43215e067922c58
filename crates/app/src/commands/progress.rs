//! How far a file has been read: a bar on a terminal, a line now and then elsewhere, and nothing at all where it is soon
//! done.

use std::io::{self, IsTerminal as _, Read, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less is not worth a word.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How often a line is written where there is no terminal.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(10);

const MEGABYTE: u64 = 1_000_000;

/// A file that is watched while it is read.
pub(super) struct Watched<R> {
    file: R,
    read: u64,
    size: Option<u64>,
    next_word: Instant,
    voice: Voice,
}

/// How to tell.
enum Voice {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl<R: Read> Watched<R> {
    /// Watches a file of this size, where it is known.
    pub(super) fn new(file: R, size: Option<u64>, is_quiet: bool) -> Self {
        let voice = if is_quiet {
            Voice::Silent
        } else if io::stderr().is_terminal() {
            Voice::Bar(bar(size))
        } else {
            Voice::Lines
        };
        Self {
            file,
            read: 0,
            size,
            next_word: Instant::now() + PATIENCE,
            voice,
        }
    }

    fn tell(&mut self) {
        if Instant::now() < self.next_word {
            return;
        }
        match &self.voice {
            Voice::Silent => {}
            Voice::Bar(bar) => {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.set_position(self.read);
            }
            Voice::Lines => {
                self.next_word += LINE_EVERY;
                // Whom it does not reach it does not matter to.
                let _ = writeln!(io::stderr(), "clarion: {}", progress(self.read, self.size));
            }
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.read += count as u64;
        self.tell();
        Ok(count)
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        if let Voice::Bar(bar) = &self.voice {
            bar.finish_and_clear();
        }
    }
}

/// A bar that is not shown yet.
fn bar(size: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::hidden());
    let template = match size {
        Some(_) => {
            "{bar:40} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left"
        }
        None => "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn progress(read: u64, size: Option<u64>) -> String {
    let megabytes = read / MEGABYTE;
    match size {
        Some(size) if size > 0 => {
            format!(
                "{megabytes} of {} MB read ({} %)",
                size / MEGABYTE,
                read * 100 / size
            )
        }
        _ => format!("{megabytes} MB read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is() {
        assert_eq!(
            progress(250_000_000, Some(1_000_000_000)),
            "250 of 1000 MB read (25 %)"
        );
        assert_eq!(progress(2_000_000, None), "2 MB read");
        assert_eq!(progress(0, Some(0)), "0 MB read");
    }
}
