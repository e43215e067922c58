//! Work that may break: where a message makes the program panic, that is this message's affair, and must not end what sends all
//! the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// After breaking so often a message is parked: nobody tries it again.
pub const MOST: i16 = 3;

/// What came of the work; `None` where it broke.
///
/// What the work has changed by then stays as it is: it should only make something new.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// A fail point: breaks where a test has asked for it by the words of a message, as in `[break at rendering]`. In a build
/// without the feature `fail-points` it does nothing.
#[inline]
pub fn fail_point(place: &str, text: &str) {
    #[cfg(feature = "fail-points")]
    assert!(
        !text.contains(&format!("[break at {place}]")),
        "a test has asked for this at {place}"
    );
    #[cfg(not(feature = "fail-points"))]
    let _ = (place, text);
}

/// Where a crash leaves the most in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillPoint {
    /// Recipients are staged by an intake, and not committed.
    Staging,
    /// A campaign is made, and nobody has been told so.
    Made,
    /// Messages are marked, and none of them is handed to a gateway.
    Marked,
    /// A message's outcome is known, and noted nowhere.
    Answered,
    /// Outcomes are written to the database, and not committed.
    Settling,
    /// Receipts and replies are stored, and not acknowledged.
    Received,
}

/// A kill point: the process ends here, at once and without a word, where the fault harness has asked for it by
/// `kill_at`. In a build without the feature `fail-points` it does nothing.
#[inline]
pub fn kill_point(point: KillPoint) {
    #[cfg(feature = "fail-points")]
    kills::pass(point);
    #[cfg(not(feature = "fail-points"))]
    let _ = point;
}

#[cfg(feature = "fail-points")]
pub use kills::kill_at;

#[cfg(feature = "fail-points")]
mod kills {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::KillPoint;

    /// Where the process ends, and how often that is passed before.
    static ASKED: OnceLock<(KillPoint, AtomicU32)> = OnceLock::new();

    /// Has the process end the nth time that it comes to this point, of `nth` from 1. Only the first call counts.
    pub fn kill_at(point: KillPoint, nth: u32) {
        ASKED.get_or_init(|| (point, AtomicU32::new(nth)));
    }

    pub(super) fn pass(point: KillPoint) {
        let asked = ASKED.get().filter(|(asked, _)| *asked == point);
        if asked.is_some_and(|(_, left)| left.fetch_sub(1, Ordering::AcqRel) == 1) {
            std::process::abort();
        }
    }
}

#[cfg(feature = "fail-points")]
impl std::str::FromStr for KillPoint {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "staging" => Self::Staging,
            "made" => Self::Made,
            "marked" => Self::Marked,
            "answered" => Self::Answered,
            "settling" => Self::Settling,
            "received" => Self::Received,
            _ => return Err(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_comes_to_nothing() {
        assert_eq!(guarded(|| 1), Some(1));
        let (empty, at) = (Vec::<u8>::new(), 7);
        assert_eq!(guarded(|| empty[at]), None);
    }
}
