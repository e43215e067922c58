//! The tests of this crate, one binary; each test of the store's contents runs on both databases.

mod fixtures;
mod keys;
