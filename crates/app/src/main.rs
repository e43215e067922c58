//! The binary clarion: commands, settings, wiring, telemetry.
fn main() {}
