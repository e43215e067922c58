//! Files in `docs/` that are made from the description. With the environment variable `UPDATE_DOCS` they are written anew.

use std::path::Path;

use serde_json::Value;

/// The file says the same as `value`.
pub(super) fn check(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if is_update() {
        std::fs::write(&path, format!("{value:#}\n")).expect("a writable file");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    // As values: the order of properties depends on what else is compiled in.
    let published: Value = serde_json::from_str(&published).unwrap_or_default();
    assert!(
        published == *value,
        "docs/{name} is not what is served: run the test with UPDATE_DOCS=1"
    );
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}
