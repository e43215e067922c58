//! What must be gone when the test process ends.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Waits until the test process has ended, by whatever means: its end of the pipe is then closed. A static is never
/// dropped and a handler at exit does not run when the process is killed, so another process has to do it.
const WATCHDOG: &str = r#"
    trap '' HUP INT TERM
    cat >/dev/null
    if read -r pid 2>/dev/null <"$1/postgres/data/postmaster.pid"; then
        kill -QUIT "$pid"
        tries=0
        while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
    fi
    rm -rf "$1"
"#;

/// A directory for everything, removed after the process, and a PostgreSQL server in it stopped before.
pub(super) fn directory() -> PathBuf {
    // With it, its end of the pipe stays open as long as this process lives.
    static CHILD: OnceLock<Child> = OnceLock::new();
    let directory = tempfile::Builder::new()
        .prefix("clarion-test-")
        .tempdir()
        .expect("a temporary directory can be made")
        .keep();
    // The server may run as another user.
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755))
        .expect("the temporary directory is ours");
    let watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "sh"])
        .arg(&directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("sh can be started");
    CHILD.get_or_init(|| watchdog);
    directory
}
