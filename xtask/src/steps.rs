//! Everything that is checked, in order.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::install::{Need, succeeds};
use crate::{postgres, root, run};

/// One thing that is checked.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    purpose: &'static str,
    pub(crate) needs: &'static [Need],
    run: fn() -> Result<Outcome, String>,
}

/// How a step that found no fault ended.
enum Outcome {
    Passed,
    /// Why there was nothing to do.
    Skipped(&'static str),
}

const STEPS: &[Step] = &[
    Step { name: "fmt", purpose: "the code is formatted", needs: &[], run: fmt },
    Step { name: "clippy", purpose: "no lint complains", needs: &[], run: clippy },
    Step {
        name: "tests",
        purpose: "every test of the workspace, on SQLite and PostgreSQL",
        needs: &[Need::Postgres],
        run: tests,
    },
    Step { name: "doc", purpose: "the documentation builds without a warning", needs: &[], run: doc },
    Step { name: "generated", purpose: "generated files are as the code makes them", needs: &[], run: generated },
    Step { name: "deny", purpose: "licences, sources and advisories of dependencies", needs: &[], run: deny },
    Step {
        name: "client",
        purpose: "the browser helper: its types, its size, its tests",
        needs: &[Need::Node, Need::NodePackages],
        run: client,
    },
    Step {
        name: "conformance",
        purpose: "the official client against us and against the real Better Auth, on SQLite and PostgreSQL",
        needs: &[Need::Node, Need::NodePackages, Need::Postgres],
        run: conformance,
    },
    Step {
        name: "tokens",
        purpose: "our tokens under PyJWT and jose, theirs under our guard",
        needs: &[Need::Node, Need::NodePackages, Need::Python],
        run: tokens,
    },
    Step {
        name: "pages",
        purpose: "the hosted pages in a real browser",
        needs: &[Need::Node, Need::NodePackages, Need::Chromium],
        run: pages,
    },
    Step {
        name: "browser",
        purpose: "the to-do example and the browser helper in a real browser: a tour, renewals, where the token goes",
        needs: &[Need::Node, Need::NodePackages, Need::Chromium, Need::Faketime],
        run: browser,
    },
    Step {
        name: "nodes",
        purpose: "several nodes on one PostgreSQL: revocation, renewal, faults, restarts, rotation",
        needs: &[Need::Node, Need::NodePackages, Need::Postgres, Need::Faketime],
        run: nodes,
    },
    Step {
        name: "mail",
        purpose: "mails through an SMTP server, past a server that is killed, and messages to a webhook",
        needs: &[Need::Node, Need::NodePackages],
        run: mail,
    },
    Step {
        name: "recipes",
        purpose: "services in JavaScript that follow the refusals: an API, and pages rendered on a server",
        needs: &[Need::Node, Need::NodePackages],
        run: recipes,
    },
    Step {
        name: "fastapi",
        purpose: "a Python service that follows the refusals",
        needs: &[Need::Python],
        run: fastapi,
    },
    Step { name: "fuzz", purpose: "a minute of fuzzing", needs: &[], run: fuzz },
];

/// The names of all steps.
pub(crate) fn names() -> String {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

/// The steps of these names, or all of them when no name is given.
pub(crate) fn chosen(only: &[&str]) -> Result<Vec<&'static Step>, String> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step `{unknown}`; there are {}", names()));
    }
    Ok(STEPS.iter().filter(|step| only.is_empty() || only.contains(&step.name)).collect())
}

/// Runs steps one after the other, a failed one not stopping the next, and sums up.
pub(crate) fn run_all(steps: &[&Step]) -> Result<(), String> {
    let mut summary = Vec::new();
    let mut failed = Vec::new();
    for (position, step) in steps.iter().enumerate() {
        println!("\n=== [{}/{}] {}: {}", position + 1, steps.len(), step.name, step.purpose);
        let begin = Instant::now();
        let result = (step.run)();
        let line = line(step.name, &result, begin.elapsed());
        println!("--- {line}");
        summary.push(line);
        if result.is_err() {
            failed.push(step.name);
        }
    }
    println!("\n=== summary\n{}", summary.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn line(name: &str, result: &Result<Outcome, String>, took: Duration) -> String {
    let seconds = took.as_secs_f32();
    match result {
        Ok(Outcome::Passed) => format!("{name:<12} passed   {seconds:>7.1} s"),
        Ok(Outcome::Skipped(why)) => format!("{name:<12} skipped  {seconds:>7.1} s  {why}"),
        Err(why) => format!("{name:<12} FAILED   {seconds:>7.1} s  {why}"),
    }
}

fn fmt() -> Result<Outcome, String> {
    passed(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Outcome, String> {
    passed(cargo().args(["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))
}

fn tests() -> Result<Outcome, String> {
    let server = postgres::Server::start()?;
    passed(cargo().args(["test", "--workspace", "--no-fail-fast"]).env(postgres::VARIABLE, server.url()))
}

fn doc() -> Result<Outcome, String> {
    passed(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn generated() -> Result<Outcome, String> {
    generate(true).map(|()| Outcome::Passed)
}

/// Writes the generated files, or compares them with what the code makes.
pub(crate) fn generate(check: bool) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--package", "countersign-server", "--test", "generated"]);
    if !check {
        command.env("UPDATE_GENERATED", "1");
    }
    run(&mut command)
}

fn deny() -> Result<Outcome, String> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        return Ok(Outcome::Skipped("cargo-deny is not installed"));
    }
    passed(cargo().args(["deny", "check"]))
}

fn client() -> Result<Outcome, String> {
    npm_build("clients/js")?;
    passed(Command::new("npm").arg("test").current_dir(root().join("clients/js")))
}

fn npm_build(folder: &str) -> Result<(), String> {
    run(Command::new("npm").args(["run", "build"]).current_dir(root().join(folder)))
}

fn conformance() -> Result<Outcome, String> {
    npm("conformance")?;
    let server = postgres::Server::start()?;
    npm_with("conformance:postgres", &[(postgres::VARIABLE, &server.url())])
}

/// The to-do example is the API whose guard is asked.
fn tokens() -> Result<Outcome, String> {
    run(cargo().args(["build", "--package", "countersign-tasks"]))?;
    npm("tokens")
}

fn pages() -> Result<Outcome, String> {
    npm("pages")
}

/// The helper is built into the page, the page is served by the example.
fn browser() -> Result<Outcome, String> {
    npm_build("clients/js")?;
    npm_build("examples/tasks/web")?;
    run(cargo().args(["build", "--package", "countersign-tasks"]))?;
    npm("browser")
}

fn nodes() -> Result<Outcome, String> {
    run(cargo().args(["build", "--package", "countersign-tasks", "--package", "countersign-remote"]))?;
    let server = postgres::Server::start()?;
    // A second, and what a machine with other work takes.
    npm_with("nodes", &[(postgres::VARIABLE, &server.url()), ("BOUND_MS", "3000")])
}

fn mail() -> Result<Outcome, String> {
    npm("mail")
}

fn recipes() -> Result<Outcome, String> {
    npm_build("clients/js")?;
    npm("recipes")
}

/// The example in an environment of its own, below `target`.
fn fastapi() -> Result<Outcome, String> {
    run(cargo().args(["build", "--package", "countersign-server", "--bin", "countersign"]))?;
    let (example, place) = (root().join("examples/fastapi"), target().join("fastapi"));
    run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    let python = place.join("bin/python");
    let packages = example.join("requirements.txt");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(packages))?;
    passed(Command::new(&python).arg(example.join("check.py")).arg(target().join("debug/countersign")))
}

fn npm(script: &str) -> Result<Outcome, String> {
    npm_with(script, &[])
}

/// Runs a script of `conformance/package.json` against our binary, freshly built.
fn npm_with(script: &str, environment: &[(&str, &str)]) -> Result<Outcome, String> {
    let conformance = root().join("conformance");
    let package = std::fs::read_to_string(conformance.join("package.json")).map_err(|error| error.to_string())?;
    if !package.contains(&format!("\"{script}\":")) {
        return Ok(Outcome::Skipped("conformance/package.json has no such script yet"));
    }
    run(cargo().args(["build", "--package", "countersign-server", "--bin", "countersign"]))?;
    let binary = target().join("debug/countersign");
    let mut npm = Command::new("npm");
    npm.args(["run", script]).current_dir(conformance).env("COUNTERSIGN_BIN", binary);
    passed(npm.envs(environment.iter().copied()))
}

fn fuzz() -> Result<Outcome, String> {
    if !root().join("fuzz/Cargo.toml").exists() {
        return Ok(Outcome::Skipped("there is no fuzz/ yet"));
    }
    if !succeeds(cargo().args(["fuzz", "--version"])) {
        return Ok(Outcome::Skipped("cargo-fuzz is not installed"));
    }
    let listed = cargo().args(["fuzz", "list"]).output().map_err(|error| error.to_string())?;
    let targets = String::from_utf8_lossy(&listed.stdout).into_owned();
    let seconds = 60 / targets.lines().count().max(1);
    for target in targets.lines() {
        run(cargo().args(["fuzz", "run", target, "--"]).arg(format!("-max_total_time={seconds}")))?;
    }
    Ok(Outcome::Passed)
}

fn passed(command: &mut Command) -> Result<Outcome, String> {
    run(command).map(|()| Outcome::Passed)
}

/// The cargo that runs us, in the root of the repository.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_all_steps_or_those_named_in_their_order() {
        assert_eq!(chosen(&[]).map(|steps| steps.len()), Ok(STEPS.len()));
        let names = chosen(&["doc", "fmt"]).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>());
        assert_eq!(names, Ok(vec!["fmt", "doc"]));
        assert!(chosen(&["everything"]).is_err());
    }

    #[test]
    fn says_of_each_step_how_it_ended() {
        let second = Duration::from_millis(1500);
        assert_eq!(line("fmt", &Ok(Outcome::Passed), second), "fmt          passed       1.5 s");
        assert_eq!(line("fuzz", &Ok(Outcome::Skipped("none")), second), "fuzz         skipped      1.5 s  none");
        assert_eq!(line("doc", &Err("why".to_owned()), second), "doc          FAILED       1.5 s  why");
    }
}
