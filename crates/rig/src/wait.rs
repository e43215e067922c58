//! Waiting for a thing to be so, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const REST: Duration = Duration::from_millis(10);

/// Looks again and again until there is something, or the time is over.
pub fn for_some<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(REST);
    }
}

/// Whether it came to be so in time.
pub fn until(deadline: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    for_some(deadline, || is_so().then_some(())).is_some()
}

/// Lets time pass: the length of a fault, never a guess at when something will be done.
pub fn pass(time: Duration) {
    std::thread::sleep(time);
}
