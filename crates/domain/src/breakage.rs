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
