// The recipes of `examples/` beside a server of ours: each admits our token and refuses a suspended user. `examples/fastapi` has a
// check of its own, in Python.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { exchange } from "./harness/http.mjs";
import { until } from "./harness/until.mjs";
import { binary, startOurs } from "./ours.mjs";

const SECRET = randomBytes(24).toString("hex");
const RECIPES = { hono, ssr };

/** An API: Hono and jose. */
async function hono(origin, suspend) {
  const me = (token) => exchange(origin, "GET", "/me", { headers: token ? { authorization: `Bearer ${token}` } : {} });
  const { token, email, user } = await signUp("hono");
  await until("the token is admitted", async () => (await me(token)).status === 200);
  assert.deepEqual((await me(token)).json, { id: user.id, email });
  const [nobody, altered] = [await me(), await me(`${token.slice(0, -4)}AAAA`)];
  assert.deepEqual([nobody.status, nobody.headers["www-authenticate"]], [401, "Bearer"]);
  assert.deepEqual([altered.status, altered.headers["www-authenticate"]], [401, 'Bearer error="invalid_token"']);
  return refusedAfter(() => suspend(email), async () => (await me(token)).status === 401);
}

/** Pages rendered on a server, from what the cookie remembers or else from what the server says. */
async function ssr(origin, suspend) {
  const page = async (cookie = "") => (await exchange(origin, "GET", "/", { headers: { cookie } })).text;
  const { cookies, email } = await signUp("ssr");
  const [remembering, unremembering] = [cookies.join("; "), cookies.filter((text) => !isRemembered(text)).join("; ")];
  assert.notEqual(remembering, unremembering, "no session_data cookie came");
  const forged = cookies.filter(isRemembered).map((text) => text.replace(/.{8}$/, "AAAAAAAA")).join("; ");
  assert.match(await page(), /Sign in/);
  assert.match(await page(forged), /Sign in/);
  assert.ok((await page(unremembering)).includes(`Hello ${email}, says the server`));
  await until("the refusals are known", async () => (await page(remembering)).includes(`Hello ${email}, says the cookie`));
  const took = await refusedAfter(() => suspend(email), async () => (await page(remembering)).includes("Sign in"));
  assert.match(await page(unremembering), /Sign in/);
  return took;
}

const isRemembered = (cookie) => cookie.includes("session_data=");

async function signUp(name) {
  const body = { name, email: `${name}@example.com`, password: "four unrelated words here" };
  const made = await exchange(server.origin, "POST", "/api/auth/sign-up/email", { body });
  assert.equal(made.status, 200, made.text);
  return { ...made.json, email: body.email, cookies: made.setCookies.map((text) => text.split(";")[0]) };
}

/** Milliseconds until `isRefused`, from when the command that suspends has ended. */
async function refusedAfter(suspend, isRefused) {
  suspend();
  const begin = performance.now();
  await until("a suspended user is refused", isRefused);
  return performance.now() - begin;
}

/** Starts a recipe on a free port, and answers where it is. */
async function start(name, environment) {
  const folder = fileURLToPath(new URL(`../examples/${name}/`, import.meta.url));
  const child = spawn(process.execPath, ["app.mjs"], { cwd: folder, env: { PATH: process.env.PATH, PORT: "0", ...environment } });
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (said += chunk));
  process.once("exit", () => child.kill("SIGKILL"));
  await until(`${name} runs`, () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    return /running on (\S+)/.test(said);
  });
  return { child, origin: /running on (\S+)/.exec(said)[1] };
}

const directory = mkdtempSync(join(tmpdir(), "recipes-"));
const server = await startOurs({ settings: { session: { cookieCache: { enabled: true } } }, secret: SECRET, directory });
try {
  const environment = { PATH: process.env.PATH, BETTER_AUTH_SECRET: SECRET, DATABASE_URL: server.database };
  const command = (...words) => execFileSync(binary, words, { cwd: directory, env: environment, encoding: "utf8" });
  const credential = command("token", "feed").trim();
  const given = { BETTER_AUTH_SECRET: SECRET, COUNTERSIGN_URL: server.origin, COUNTERSIGN_FEED_CREDENTIAL: credential };
  for (const [name, check] of Object.entries(RECIPES)) {
    const { child, origin } = await start(name, given);
    const took = await check(origin, (email) => command("user", "suspend", email));
    child.kill();
    console.log(`${name}: admits our token, and refuses a suspended user ${took.toFixed(0)} ms after the command has ended`);
  }
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
