//! The tests of this crate, one binary; each runs on both databases.
