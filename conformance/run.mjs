// Runs every scenario against the real Better Auth and against Countersign, and says where they disagree.
//
//   node run.mjs [--filter TEXT] [--real-only] [--show]
//
// --real-only   compares the real server with itself: shows that scenarios repeat exactly
// --filter      runs only scenarios whose file or name contains TEXT; coverage is not judged then
// --show        prints the transcript of the real side
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { differences } from "./differences.mjs";
import { App, SECRET } from "./harness/app.mjs";
import { differencesBetween, judge } from "./harness/compare.mjs";
import { Coverage } from "./harness/coverage.mjs";
import { startOurs } from "./ours.mjs";
import { startReal } from "./real.mjs";
import { answerRow, asideRows, rows } from "./table.mjs";

const { values: options } = parseArgs({
  options: { filter: { type: "string" }, "real-only": { type: "boolean" }, show: { type: "boolean" } },
});
const other = options["real-only"] ? startReal : startOurs;
const listed = options["real-only"] ? [] : differences;
const scratch = mkdtempSync(join(tmpdir(), "conformance-"));
const shared = new Map();

try {
  process.exitCode = await main();
} finally {
  for (const pair of shared.values()) await stop(await pair);
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const scenarios = await load();
  if (scenarios.length === 0) throw new Error(`no scenario contains ${options.filter}`);
  const coverage = new Coverage(rows, answerRow);
  const outcomes = [];
  let next = serversFor(scenarios[0], 0);
  for (const [index, scenario] of scenarios.entries()) {
    const pair = await next;
    next = scenarios[index + 1] && serversFor(scenarios[index + 1], index + 1);
    const { real, ours } = await perform(scenario, pair, index);
    coverage.take(scenario.name, real);
    const verdict = judge(differencesBetween(scenario.name, real, ours), listed);
    outcomes.push({ scenario, ...verdict });
    tell(scenario, real, verdict);
  }
  return summarise(outcomes, coverage);
}

/** Every scenario of every file in `scenarios/`, each with the file it stands in. */
async function load() {
  const folder = new URL("./scenarios/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).sort();
  const found = [];
  for (const file of files) {
    const { default: scenarios } = await import(new URL(file, folder));
    const feature = file.replace(".mjs", "");
    found.push(...scenarios.map((scenario) => ({ ...scenario, name: `${feature}: ${scenario.name}` })));
  }
  return found.filter(({ name }) => name.includes(options.filter ?? ""));
}

/** Plays one scenario on both sides at once. The servers of the next one start meanwhile. */
async function perform(scenario, pair, number) {
  const [real, ours] = await Promise.all(
    pair.map(async (target) => {
      const app = new App(target, number);
      await scenario.run(app).catch((error) => app.transcript.broke(error));
      return app.transcript;
    }),
  );
  if (scenario.alone) await stop(pair);
  return { real, ours };
}

/** Scenarios with equal settings share servers, except those that stand `alone` because they meddle or count. */
async function serversFor({ settings = {}, alone }, number) {
  if (alone) return launch(settings, `alone-${number}`);
  const key = JSON.stringify(settings);
  if (!shared.has(key)) shared.set(key, launch(settings, `shared-${shared.size}`));
  return shared.get(key);
}

function launch(settings, name) {
  return Promise.all(
    [startReal, other].map((startServer, side) => {
      const directory = join(scratch, `${name}-${side}`);
      mkdirSync(directory);
      return startServer({ settings, secret: SECRET, directory });
    }),
  );
}

function stop(pair) {
  return Promise.all(pair.map((target) => target.stop()));
}

function tell({ name }, real, { unexplained }) {
  console.log(`${unexplained.length === 0 ? "ok  " : "FAIL"} ${name}`);
  if (options.show) for (const step of real.steps) console.log(step);
  for (const { step, method, path, fact, real: theirs, ours } of unexplained) {
    console.log(`     step ${step} ${method} ${path} · ${fact}\n       real ${theirs}\n       ours ${ours}`);
  }
}

function summarise(outcomes, coverage) {
  const agreeing = outcomes.filter(({ unexplained }) => unexplained.length === 0);
  const standing = new Set(listed.filter((entry) => entry.standing).map(({ id }) => id));
  const reasoned = agreeing.filter((outcome) => [...outcome.used].some((id) => !standing.has(id))).length;
  const unexplained = outcomes.reduce((sum, outcome) => sum + outcome.unexplained.length, 0);
  const used = new Set(outcomes.flatMap((outcome) => [...outcome.used]));
  const partial = options.filter !== undefined;
  const stale = partial ? [] : listed.filter(({ id }) => !used.has(id));
  const unexercised = partial ? [] : coverage.unexercised();

  console.log("");
  for (const { id, reason } of listed.filter(({ id }) => used.has(id))) console.log(`differs: ${id}: ${reason}`);
  for (const { id } of stale) console.log(`no longer differs, strike it off the list: ${id}`);
  for (const { id, expects } of unexercised) console.log(`row not exercised: ${id} (${expects})`);
  for (const problem of coverage.unknown) console.log(`not in the table: ${problem}`);
  for (const { id, reason } of partial ? [] : asideRows) console.log(`set aside: ${id}: ${reason}`);
  console.log(
    `${outcomes.length} scenarios, ${agreeing.length} agree (${reasoned} with a listed reason), ${unexplained} unexplained; ` +
      `${coverage.exercised()} of ${rows.length} rows exercised`,
  );
  const clean = unexplained + stale.length + unexercised.length + coverage.unknown.length === 0;
  return clean ? 0 : 1;
}
