//! What the steps need beside a Rust toolchain, and how a bare Debian machine gets it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::Step;
use crate::{postgres, root, run};

/// Something a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The programs of a PostgreSQL server.
    Postgres,
    /// Node.js with npm, and a compiler for what npm builds.
    Node,
    /// The packages of [`NODE_FOLDERS`].
    NodePackages,
    /// Python with its `venv` module.
    Python,
    /// A browser.
    Chromium,
    /// A clock that is wrong, or set.
    Faketime,
}

/// Where a `package-lock.json` lies whose packages a step needs.
const NODE_FOLDERS: &[&str] = &["clients/js", "conformance", "examples/tasks/web", "examples/hono", "examples/ssr"];

/// The oldest Node.js that the official client's packages take.
const NODE: (u32, u32) = (20, 19);

impl Need {
    /// The Debian packages that bring it, and what they are for. None where npm brings it.
    const fn packages(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Postgres => (&["postgresql"], "the second database"),
            Self::Node => {
                (&["nodejs", "npm", "build-essential", "python3"], "the official client and its native packages")
            }
            Self::NodePackages => (&[], "the official client, and what builds and tests ours"),
            Self::Python => (&["python3", "python3-venv"], "a second reader of our tokens"),
            Self::Chromium => (&["chromium"], "our pages in a real browser"),
            Self::Faketime => (&["faketime"], "a server whose clock is wrong, or set"),
        }
    }

    fn is_met(self) -> bool {
        match self {
            Self::Postgres => postgres::programs().is_some(),
            Self::Node => ["node", "npm", "make", "g++", "python3"].into_iter().all(|name| in_path(name).is_some()),
            Self::NodePackages => NODE_FOLDERS.iter().all(|folder| node_packages_are_installed(folder)),
            Self::Python => succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])),
            Self::Chromium => {
                ["chromium", "chromium-browser", "google-chrome"].into_iter().any(|name| in_path(name).is_some())
            }
            Self::Faketime => in_path("faketime").is_some(),
        }
    }
}

/// Says what the steps lack, and installs it.
pub(crate) fn missing(steps: &[&Step]) -> Result<(), String> {
    let needs = steps.iter().flat_map(|step| step.needs).copied().collect::<BTreeSet<_>>();
    let missing = needs.into_iter().filter(|need| !need.is_met()).collect::<Vec<_>>();
    if missing.is_empty() {
        println!("Nothing to install.");
        return node_is_new_enough(steps);
    }
    println!("About to install what is missing:");
    for need in &missing {
        let (packages, purpose) = need.packages();
        match packages {
            [] => println!("  npm ci in {} ({purpose})", NODE_FOLDERS.join(", ")),
            packages => println!("  apt-get install {} ({purpose})", packages.join(" ")),
        }
    }
    let packages = missing.iter().flat_map(|need| need.packages().0).copied().collect::<BTreeSet<_>>();
    if !packages.is_empty() {
        install_debian(&packages)?;
    }
    node_is_new_enough(steps)?;
    if missing.contains(&Need::NodePackages) {
        for folder in NODE_FOLDERS.iter().filter(|folder| !node_packages_are_installed(folder)) {
            install_node_packages(folder)?;
        }
    }
    Ok(())
}

fn install_debian(packages: &BTreeSet<&str>) -> Result<(), String> {
    if in_path("apt-get").is_none() {
        let packages = packages.iter().copied().collect::<Vec<_>>().join(", ");
        return Err(format!("there is no apt-get here; please install what these Debian packages bring: {packages}"));
    }
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// `apt-get`, through sudo where we are not root, without questions. It waits for a lock that another `apt-get` holds (a new
/// machine often upgrades itself in the background) for up to five minutes.
fn apt_get() -> Command {
    let mut command = if is_root() { Command::new("env") } else { Command::new("sudo") };
    if !is_root() {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300"]);
    command
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn node_is_new_enough(steps: &[&Step]) -> Result<(), String> {
    if !steps.iter().any(|step| step.needs.contains(&Need::Node)) {
        return Ok(());
    }
    let output = Command::new("node").arg("--version").output().map_err(|error| format!("node: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if node_version(&version).is_some_and(|version| version >= NODE) {
        return Ok(());
    }
    Err(format!(
        "Node.js {}.{} or newer is needed, and `node --version` says {version}: please install a newer one",
        NODE.0, NODE.1
    ))
}

fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix('v')?.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn install_node_packages(folder: &str) -> Result<(), String> {
    let place = root().join(folder);
    run(Command::new("npm").arg("ci").current_dir(&place))?;
    std::fs::copy(place.join("package-lock.json"), lock_of_last_install(folder))
        .map(drop)
        .map_err(|error| error.to_string())
}

/// `npm ci` deletes and builds everything anew, so it runs only when the lock file is not the one it last ran with.
fn node_packages_are_installed(folder: &str) -> bool {
    let wanted = std::fs::read(root().join(folder).join("package-lock.json"));
    let installed = std::fs::read(lock_of_last_install(folder));
    matches!((wanted, installed), (Ok(wanted), Ok(installed)) if wanted == installed)
}

fn lock_of_last_install(folder: &str) -> PathBuf {
    root().join(folder).join("node_modules/.installed-lock.json")
}

/// A program of the search path.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_node_says() {
        assert_eq!(node_version("v20.19.2"), Some((20, 19)));
        assert_eq!(node_version("v8"), None);
        assert_eq!(node_version(""), None);
    }

    #[test]
    fn finds_programs_and_only_programs() {
        assert!(in_path("sh").is_some());
        assert!(in_path("a-program-nobody-has").is_none());
        assert!(!is_program(Path::new("/etc/passwd")));
    }
}
