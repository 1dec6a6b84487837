//! A PostgreSQL server of our own: in a temporary folder, on a free port of loopback, gone when we are.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::install::{in_path, is_program, is_root, succeeds};

/// The variable by which tests find the server.
pub(crate) const VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

/// Makes a cluster, starts it, says `ready`, and waits for the end of its input. The input is a pipe from us, so it ends when
/// we do, however that comes about: in the normal course, by Ctrl-C (which the script itself ignores) or by `kill -9`.
/// Nothing in it needs to survive, so nothing is written through to the disk.
const KEEPER: &str = r#"
bin=$1 dir=$2 port=$3
trap '' INT TERM HUP
finish() {
  "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop
  rm -rf "$dir"
}
fail() {
  cat "$dir/log" >&2
  finish 2>/dev/null
  exit 1
}
cd "$dir" || exit 1
"$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || fail
"$bin/pg_ctl" -D "$dir/data" -w -s -l "$dir/log" start -o "-c listen_addresses=127.0.0.1 -p $port -k $dir \
  -c fsync=off -c full_page_writes=off -c max_connections=300" >/dev/null 2>&1 || fail
echo ready
cat >/dev/null
finish
"#;

/// A running server. It stops when this is dropped.
pub(crate) struct Server {
    keeper: Child,
    lifeline: Option<ChildStdin>,
    port: u16,
}

impl Server {
    /// Starts a server, as the user `postgres` where we are root, because PostgreSQL refuses to run as root.
    pub(crate) fn start() -> Result<Self, String> {
        let programs =
            programs().ok_or("no PostgreSQL found: `cargo xtask test` installs it, or `apt-get install postgresql`")?;
        let port = free_port().map_err(|error| format!("no free port on loopback: {error}"))?;
        let folder = std::env::temp_dir().join(format!("countersign-postgres-{}", std::process::id()));
        std::fs::create_dir(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let mut command = as_unprivileged(&folder)?;
        command.args(["sh", "-c", KEEPER, "sh"]).arg(programs).arg(&folder).arg(port.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = command.spawn().map_err(|error| format!("cannot start PostgreSQL: {error}"))?;
        let lifeline = keeper.stdin.take();
        let mut said = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut said).map_err(|error| error.to_string())?;
        }
        let server = Self { keeper, lifeline, port };
        if said.trim() == "ready" {
            Ok(server)
        } else {
            Err("PostgreSQL did not start; its log stands above".to_owned())
        }
    }

    /// The URL of its maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        drop(self.keeper.wait());
    }
}

/// The folder of the newest `initdb` and `pg_ctl`. Debian keeps them out of the search path.
pub(crate) fn programs() -> Option<PathBuf> {
    let has_both = |folder: &PathBuf| ["initdb", "pg_ctl"].into_iter().all(|name| is_program(&folder.join(name)));
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions = debian.map(|version| version.path().join("bin")).filter(has_both).collect::<Vec<_>>();
    versions.sort_by_key(|bin| bin.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok());
    versions.pop().or_else(|| in_path("initdb")?.parent().map(PathBuf::from).filter(has_both))
}

/// A command prefix under which PostgreSQL agrees to run, and to which the folder belongs.
fn as_unprivileged(folder: &Path) -> Result<Command, String> {
    if !is_root() {
        return Ok(Command::new("env"));
    }
    let user = if succeeds(Command::new("id").arg("postgres")) { "postgres" } else { "nobody" };
    if !succeeds(Command::new("chown").arg(user).arg(folder)) {
        return Err(format!("cannot give {} to the user {user}", folder.display()));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]);
    Ok(command)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
