// Several nodes on one PostgreSQL: how soon each knows what another did, or anybody wrote into the database; what holds
// while the database is away, across restarts and across a change of the secret.
//
// `cargo xtask postgres -- npm run nodes --prefix conformance` (TRIALS=200 for the full count).
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { once } from "node:events";
import pg from "pg";

import { binary, startOurs } from "./ours.mjs";

const maintenance = process.env.COUNTERSIGN_TEST_POSTGRES;
if (!maintenance) {
  console.error("nodes: no PostgreSQL; run `cargo xtask postgres -- npm run nodes --prefix conformance`");
  process.exit(2);
}
const trials = Number(process.env.TRIALS ?? 20);
const tasks = process.env.COUNTERSIGN_TASKS_BIN ?? fileURLToPath(new URL("../target/debug/countersign-tasks", import.meta.url));
const guarded = process.env.COUNTERSIGN_REMOTE_BIN ?? fileURLToPath(new URL("../target/debug/countersign-remote", import.meta.url));
const secret = randomBytes(24).toString("hex");
const password = "a long password";
const BOUND_MS = 1_000;

const failures = [];
const check = (what, holds, detail = "") => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${detail && `: ${detail}`}`);
  if (!holds) failures.push(what);
};

/** A way to the database that can be cut and mended: what a network does to a node. */
async function proxyTo(host, port) {
  const open = new Set();
  let cut = false;
  const server = createServer((near) => {
    if (cut) return near.destroy();
    const far = connect(port, host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => (open.delete(one), other.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    cut() {
      cut = true;
      open.forEach((socket) => socket.destroy());
    },
    mend: () => (cut = false),
    close: () => (open.forEach((socket) => socket.destroy()), server.close()),
  };
}

const json = async (node, method, path, { token, body, headers = {} } = {}) => {
  const answer = await fetch(node.origin + path, {
    method,
    headers: {
      origin: node.origin,
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text };
};
const signUp = (node, email) => json(node, "POST", "/api/auth/sign-up/email", { body: { name: "N", email, password } });
const signIn = async (node, email) => {
  const answer = await json(node, "POST", "/api/auth/sign-in/email", { body: { email, password } });
  if (answer.status !== 200) throw new Error(`sign-in: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const api = async (node, token) => (await json(node, "GET", node.path ?? "/tasks", { token })).status;

/** Asks until the API of every node refuses; milliseconds until the last one did. */
async function untilRefused(nodes, token, limit = 5_000) {
  const begun = performance.now();
  const waits = nodes.map(async (node) => {
    for (;;) {
      const status = await api(node, token);
      const waited = performance.now() - begun;
      if (status === 401) return waited;
      if (waited > limit) return Number.POSITIVE_INFINITY;
    }
  });
  return Math.max(...(await Promise.all(waits)));
}

async function untilAdmitted(node, token) {
  const deadline = Date.now() + BOUND_MS;
  while ((await api(node, token)) !== 200) {
    if (Date.now() > deadline) throw new Error("a good token is not admitted");
  }
}

/** Runs `trials` trials of `end`, each on a user signed in anew, and prints how long the other nodes took. */
async function measure(what, nodes, email, end, restore = async () => {}) {
  const delays = [];
  for (let trial = 0; trial < trials; trial++) {
    const { token, user } = await signIn(nodes[0], email);
    // Where a ban was lifted by another, the others know as soon as they know of anything else.
    await Promise.all(nodes.map((node) => untilAdmitted(node, token)));
    await end({ token, user });
    delays.push(await untilRefused(nodes.slice(1), token));
    await restore(user);
  }
  delays.sort((a, b) => a - b);
  const [median, worst] = [delays[Math.floor(delays.length / 2)], delays.at(-1)];
  check(what, worst < BOUND_MS, `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms of ${trials}`);
}

const directory = mkdtempSync(join(tmpdir(), "countersign-nodes-"));
const name = `nodes_${randomBytes(6).toString("hex")}`;
const admin = new pg.Client({ connectionString: maintenance });
await admin.connect();
await admin.query(`CREATE DATABASE ${name}`);
const url = new URL(maintenance);
url.pathname = `/${name}`;
const direct = url.toString();
const proxy = await proxyTo(url.hostname || "127.0.0.1", Number(url.port || 5432));
url.hostname = "127.0.0.1";
url.port = String(proxy.port);
const sql = new pg.Client({ connectionString: direct });
await sql.connect();

const started = [];
const STALE_S = 3;
const node = async (letter, database = direct) => {
  const place = mkdtempSync(join(directory, `${letter}-`));
  const environment = { DATABASE_URL: database, COUNTERSIGN__FEED__MAX_STALENESS: String(STALE_S) };
  const running = await startOurs({ secret, directory: place, command: [tasks], environment });
  started.push(running);
  return running;
};

/** A guard in a service of its own, which knows the nodes' database only through the feed of one of them. */
const remoteGuard = async (of) => {
  const environment = { COUNTERSIGN_FEED: `${of.origin}/api/auth/revocations` };
  const running = await startOurs({ secret, directory, command: [guarded], environment });
  started.push(running);
  return { ...running, path: "/me" };
};

try {
  const nodes = [await node("a"), await node("b"), await node("c")];
  const [a, b, c] = nodes;
  const verifiers = [...nodes, await remoteGuard(b)];
  const ada = await signUp(a, "ada@example.com");
  await signUp(a, "root@example.com");
  await sql.query(`UPDATE "user" SET role = 'admin' WHERE email = 'root@example.com'`);
  const root = (await signIn(a, "root@example.com")).token;
  const unban = (user) => sql.query(`UPDATE "user" SET banned = false, "banExpires" = null WHERE id = $1`, [user.id]);

  console.log(`three nodes on one PostgreSQL and a guard elsewhere; ${trials} trials each, until the last of the others refuses`);
  const suspend = ({ user }) => json(a, "POST", `/admin/users/${user.id}/suspend`, { token: root });
  await measure("suspended on one node", verifiers, "ada@example.com", suspend, unban);
  const signOut = ({ token }) => json(a, "POST", "/api/auth/sign-out", { token, body: {} });
  await measure("signed out on one node", verifiers, "ada@example.com", signOut);
  const deleted = ({ user }) => sql.query(`DELETE FROM session WHERE "userId" = $1`, [user.id]);
  await measure("session deleted by plain SQL", verifiers, "ada@example.com", deleted);

  const real = new Worker(new URL("./nodes-real.mjs", import.meta.url), { workerData: { secret, database: direct } });
  const [typescript] = await once(real, "message");
  const theirs = await signIn({ origin: typescript }, "root@example.com");
  const ban = async ({ user }) => {
    const answer = await json({ origin: typescript }, "POST", "/api/auth/admin/ban-user", { token: theirs.token, body: { userId: user.id } });
    if (answer.status !== 200) throw new Error(`ban: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  await measure("banned by a TypeScript Better Auth", verifiers, "ada@example.com", ban, unban);
  await real.terminate();

  // Transactions of others
  const [one, two] = [new pg.Client({ connectionString: direct }), new pg.Client({ connectionString: direct })];
  await Promise.all([one.connect(), two.connect()]);
  await signUp(a, "eve@example.com");
  await one.query("BEGIN");
  await one.query(`UPDATE "user" SET name = 'idle' WHERE email = 'eve@example.com'`);
  const idle = performance.now();
  const out = await json(a, "POST", "/api/auth/sign-out", { token: (await signIn(a, "ada@example.com")).token, body: {} });
  check("a writer idle in a transaction delays nobody's sign-out", out.status === 200, `${(performance.now() - idle).toFixed(0)} ms with its sign-in`);
  await two.query("BEGIN");
  const touch = (client, email) =>
    client.query(`UPDATE session SET "updatedAt" = now() WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)`, [email]);
  await two.query(`UPDATE "user" SET name = 'other' WHERE email = 'root@example.com'`);
  await touch(one, "root@example.com");
  await touch(two, "eve@example.com");
  const crossed = await Promise.allSettled([one.query("COMMIT"), two.query("COMMIT")]);
  check("crossing transactions commit", crossed.every(({ status }) => status === "fulfilled"));
  await Promise.all([one.end(), two.end()]);

  // The database away
  const d = await node("d", url.toString());
  const far = await remoteGuard(d);
  const untilStatus = async (at, bearer, expected) => {
    const deadline = Date.now() + 60_000;
    while ((await api(at, bearer)) !== expected) if (Date.now() > deadline) return false;
    return true;
  };
  const { token: known } = await signIn(a, "ada@example.com");
  const { token: unknown } = await signIn(a, "eve@example.com");
  check("a node behind a network admits", (await api(d, known)) === 200);
  check("and so does a guard that follows it", await untilStatus(far, known, 200));
  proxy.cut();
  const [stays, waits] = [await api(d, known), await api(d, unknown)];
  check("with the database away a known user is admitted", stays === 200, String(stays));
  check("and one not yet known waits with 503, never 401", waits === 503, String(waits));
  await json(a, "POST", "/api/auth/sign-out", { token: known, body: {} });
  check(`after ${STALE_S} s without news the node refuses with 503`, await untilStatus(d, known, 503));
  check("and the guard elsewhere, which hears how old the node's news are, after its 30 s", await untilStatus(far, known, 503));
  proxy.mend();
  check("back again neither has missed anything", (await untilRefused([d, far], known)) < 5_000);
  const back = await api(d, unknown);
  check("and who was not known is admitted", back === 200, String(back));

  // Renewal
  const { token } = await signIn(a, "ada@example.com");
  const other = await signIn(b, "ada@example.com");
  const begun = await json(a, "POST", "/api/auth/refresh/start", { token, body: {} });
  const { refreshToken } = begun.body;
  const refresh = (at, text) => json(at, "POST", "/api/auth/refresh", { body: { refreshToken: text } });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => refresh(nodes[n % 3], refreshToken)));
  const successors = new Set(answers.map(({ body }) => body.refreshToken));
  check("100 parallel refreshes on three nodes all succeed", answers.every(({ status }) => status === 200));
  check("with one successor", successors.size === 1, `${successors.size}`);
  await sql.query(`UPDATE countersign_session SET "advancedAt" = "advancedAt" - interval '1 hour'`);
  const replay = await refresh(b, refreshToken);
  check("a replay after the grace is refused", replay.status === 401, String(replay.status));
  check("and ends that session everywhere", (await untilRefused(nodes, answers[0].body.token)) < BOUND_MS);
  check("the user's other session lives on", (await api(c, other.token)) === 200);

  // Restarts and rotation
  const doomed = await signIn(a, "ada@example.com");
  await json(a, "POST", "/api/auth/sign-out", { token: doomed.token, body: {} });
  const live = await signIn(a, "ada@example.com");
  const renewable = await json(a, "POST", "/api/auth/refresh/start", { token: live.token, body: {} });
  await Promise.all(nodes.map((each) => each.restart()));
  const still = await Promise.all(nodes.map((each) => api(each, doomed.token)));
  check("refused before a restart of all nodes, refused after it", still.every((status) => status === 401), still.join(" "));
  const rotated = { BETTER_AUTH_SECRETS: `2:${randomBytes(24).toString("hex")},1:${secret}`, BETTER_AUTH_SECRET: secret };
  await Promise.all(nodes.map((each) => each.restart(rotated)));
  const after = await Promise.all(nodes.map((each) => api(each, live.token)));
  check("a new secret signs no bearer out", after.every((status) => status === 200), after.join(" "));
  const anew = await refresh(b, renewable.body.refreshToken);
  check("nor a refresh token", anew.status === 200, String(anew.status));
  check("and what it signs is taken by all", (await Promise.all(nodes.map((each) => api(each, anew.body.token)))).every((status) => status === 200));
  const why = execFileSync(binary, ["token", "why"], { input: live.token, env: { PATH: process.env.PATH, DATABASE_URL: direct, ...rotated } });
  check("and `token why` says so", why.toString().startsWith(`admitted: user ${ada.body.user.id}`), why.toString().trim());
} finally {
  await Promise.all(started.map((each) => each.stop()));
  proxy.close();
  await sql.end();
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.end();
  rmSync(directory, { recursive: true, force: true });
}
console.log(failures.length ? `${failures.length} failed` : "all hold");
process.exit(failures.length ? 1 : 0);
