//! The benchmark as it is called.

use std::process::Command;

/// A run itself takes a release build and a quiet machine; that it tells what it knows does not.
#[test]
fn what_is_not_known_is_refused_with_what_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .arg("--fast")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("--fast?") && said.contains("--quick"),
        "{said}"
    );
}
