//! The port through which time is passed in. The system's clock lives in `engine`.

use chrono::{DateTime, Utc};

/// Tells the time, so that every rule that needs it can be tested at any moment.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;
}
