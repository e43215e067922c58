//! Writes the example campaign into `examples/`: `cargo run -p clarion-batch --example make_campaign`.
//!
//! The seed is fixed, so the files only change when this generator does; a test compares them.

// The test includes the same file by its path, and a file named by path looks for its modules beside itself.
#[path = "campaign.rs"]
mod campaign;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for (name, text) in campaign::files() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
