//! What the harnesses stand on: processes of the real `clarion`, PostgreSQL servers of their own, HTTP, and waiting.
//!
//! It shares no code with the product: what measures or breaks the service may not be wrong in the same way.

pub mod http;
pub mod node;
pub mod postgres;
pub mod program;
pub mod wait;

use std::io::Write as _;

/// Writes a line to standard output.
///
/// # Errors
/// It is closed.
pub fn say(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
