//! The file jobs: streams of contacts through the domain, without database and network.
//!
//! So far that is reading contacts out of CSV files. Nothing here sends, stores or serves.

pub mod contact_file;
