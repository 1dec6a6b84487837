// Writes anew what Better Auth and the tools around it make, or only says what would differ (`--check`).
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { maintenance } from "../harness/database.mjs";
import { drizzle } from "./drizzle.mjs";
import { kysely } from "./kysely.mjs";
import { prisma } from "./prisma.mjs";

const ROOT = new URL("../../", import.meta.url);
const DATABASES = "crates/testkit/data/databases/";

const { check } = parseArgs({ options: { check: { type: "boolean", default: false } } }).values;
if (!maintenance) throw new Error("no PostgreSQL: run it under `cargo xtask postgres --`");

const unmade = new Set(readdirSync(new URL(DATABASES, ROOT)).map((name) => DATABASES + name));
let differing = 0;
for (const made of [kysely(DATABASES), drizzle(DATABASES), prisma(DATABASES)]) {
  for await (const [path, text] of made) {
    const file = new URL(path, ROOT);
    unmade.delete(path);
    compare(path, existsSync(file) ? readFileSync(file, "utf8") : "", text);
    if (!check) writeFileSync(file, text);
  }
}
for (const path of unmade) {
  differing++;
  console.log(`${path}: nothing makes it`);
}
if (check && differing > 0) process.exitCode = 1;

/** Says which lines are gone (`-`) and which are new (`+`). */
function compare(path, before, after) {
  if (before === after) return console.log(`${path}: as it was`);
  differing++;
  console.log(`${path}: differs`);
  const [was, is] = [before, after].map((text) => text.split("\n"));
  for (const line of was) if (!is.includes(line)) console.log(`- ${line}`);
  for (const line of is) if (!was.includes(line)) console.log(`+ ${line}`);
}
