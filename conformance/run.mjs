// Runs every scenario against the real Better Auth and against Countersign, and says where they disagree.
//
//   node run.mjs [--database sqlite|postgres] [--filter TEXT] [--real-only] [--show]
//
// --database    what both keep their rows in; PostgreSQL is the one of `cargo xtask postgres -- ...`
// --real-only   compares the real server with itself: shows that scenarios repeat exactly
// --filter      runs only scenarios whose file or name contains TEXT; coverage is not judged then
// --show        prints the transcript of the real side
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { differences } from "./differences.mjs";
import { App, SECRET } from "./harness/app.mjs";
import { dropDatabase, maintenance, newDatabase } from "./harness/database.mjs";
import { differencesBetween, judge } from "./harness/compare.mjs";
import { Coverage } from "./harness/coverage.mjs";
import { startIdentityProvider } from "./harness/identity-provider.mjs";
import { startOurs } from "./ours.mjs";
import { startReal } from "./real.mjs";
import { answerRow, asideRows, rows } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    database: { type: "string", default: "sqlite" },
    filter: { type: "string" },
    "real-only": { type: "boolean" },
    show: { type: "boolean" },
  },
});
if (!["sqlite", "postgres"].includes(options.database) || (options.database === "postgres" && !maintenance)) {
  console.error("conformance: --database is sqlite, or postgres under `cargo xtask postgres -- npm run conformance:postgres --prefix conformance`");
  process.exit(2);
}
const other = options["real-only"] ? startReal : startOurs;
const listed = options["real-only"] ? [] : differences;
const scratch = mkdtempSync(join(tmpdir(), "conformance-"));
const shared = new Map();
/** Which scenario uses shared servers last: many pairs at once are more connections than a PostgreSQL has. */
const last = new Map();
/** The one provider of identities, once a scenario has asked for it. */
let provider;

try {
  process.exitCode = await main();
} finally {
  for (const pair of shared.values()) await stop(await pair);
  await (await provider)?.stop();
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const scenarios = await load();
  if (scenarios.length === 0) throw new Error(`no scenario contains ${options.filter}`);
  const coverage = new Coverage(rows, answerRow);
  const outcomes = [];
  for (const [index, scenario] of scenarios.entries()) if (!scenario.alone) last.set(keyOf(scenario), index);
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
      const app = new App(target, number, await provider);
      await scenario.run(app).catch((error) => app.transcript.broke(error));
      return app.transcript;
    }),
  );
  const isLast = !scenario.alone && last.get(keyOf(scenario)) === number;
  if (isLast) shared.delete(keyOf(scenario));
  if (scenario.alone || isLast) await stop(pair);
  return { real, ours };
}

/** Scenarios with equal settings share servers, except those that stand `alone` because they meddle or count. */
async function serversFor(scenario, number) {
  const { settings = {}, alone } = scenario;
  if (alone) return launch(settings, `alone-${number}`);
  const key = keyOf(scenario);
  if (!shared.has(key)) shared.set(key, launch(settings, `shared-${number}`));
  return shared.get(key);
}

function keyOf({ settings = {} }) {
  return JSON.stringify(settings);
}

async function launch(wished, name) {
  if (wished.socialProviders) provider ??= startIdentityProvider();
  const settings = JSON.parse(JSON.stringify(wished).replaceAll("<provider>", (await provider)?.origin));
  return Promise.all(
    [startReal, other].map(async (startServer, side) => {
      const directory = join(scratch, `${name}-${side}`);
      mkdirSync(directory);
      const database = await newDatabase(options.database, directory);
      return startServer({ settings, secret: SECRET, directory, database });
    }),
  );
}

function stop(pair) {
  return Promise.all(pair.map((target) => target.stop().then(() => dropDatabase(target.database))));
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
  const unheard = partial ? [] : coverage.unheard();

  console.log("");
  for (const { id, reason } of listed.filter(({ id }) => used.has(id))) console.log(`differs: ${id}: ${reason}`);
  for (const { id } of stale) console.log(`no longer differs, strike it off the list: ${id}`);
  for (const { id, expects } of unexercised) console.log(`row not exercised: ${id} (${expects})`);
  for (const { id, expects } of unheard) console.log(`never given to the official client: ${id} (${expects})`);
  for (const problem of coverage.unknown) console.log(`not in the table: ${problem}`);
  for (const { id, reason } of partial ? [] : asideRows) console.log(`set aside: ${id}: ${reason}`);
  console.log(
    `on ${options.database}: ${outcomes.length} scenarios, ${agreeing.length} agree (${reasoned} with a listed reason), ${unexplained} unexplained; ` +
      `${coverage.exercised()} of ${rows.length} rows exercised, ${coverage.heard()} answers given to the official client`,
  );
  const clean = unexplained + stale.length + unexercised.length + unheard.length + coverage.unknown.length === 0;
  const counted = `${outcomes.length} scenarios, ${agreeing.length} agree, ${rows.length} answers and rules`;
  return clean && (partial || options["real-only"] || isInReadme(counted)) ? 0 : 1;
}

/** What was counted is what newcomers are told. */
function isInReadme(counted) {
  const isTold = readFileSync(new URL("../README.md", import.meta.url), "utf8").replace(/\s+/g, " ").includes(counted);
  if (!isTold) console.log(`README.md must say: ${counted}`);
  return isTold;
}
