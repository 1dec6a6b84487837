// Our own binary on a SQLite file, started the way anyone would start it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { exchange } from "./harness/http.mjs";

const START_TIMEOUT_MS = 60_000;
/** Ports that the system gives to no client, so that one stays free while its server is away. */
const PORTS = { first: 20_000, count: 12_000 };

/** The binary under test: `COUNTERSIGN_BIN`, or the debug build of this checkout. */
export const binary = process.env.COUNTERSIGN_BIN ?? fileURLToPath(new URL("../target/debug/countersign", import.meta.url));
const serve = [binary, "serve"];

/** Servers that must not outlive us. */
const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Starts a server of ours on a free port of loopback; `database` is its URL, by default a new file in `directory`.
 *
 * `command` is `countersign serve` or a program that serves the same endpoints beside its own; `environment` goes before
 * all else, and what is undefined in it is left out.
 */
export async function startOurs({
  settings = {},
  secret,
  directory,
  database = `sqlite:${join(directory, "ours.db")}`,
  command = serve,
  environment: given = {},
}) {
  if (!existsSync(command[0])) throw new Error(`no binary at ${command[0]}: run cargo build, or set COUNTERSIGN_BIN`);
  const environmentAt = (port) => ({
    PATH: process.env.PATH,
    BETTER_AUTH_SECRET: secret,
    BETTER_AUTH_URL: settings.baseURL ?? originAt(port),
    PORT: String(port),
    DATABASE_URL: database,
    ...inEnvironment({ rateLimit: { enabled: false }, ...settings }),
  });
  const at = (port, changed) => start(command, { ...environmentAt(port), ...given, ...changed }, directory, originAt(port));

  let port;
  let server;
  while (!server) {
    port = await freePort();
    server = await at(port).catch((error) => {
      if (!/in use/.test(error.message)) throw error;
    });
  }
  return {
    name: "ours",
    origin: originAt(port),
    database,
    async restart(changed = {}) {
      await server.stop();
      server = await at(port, changed);
    },
    /** Ends it without warning and starts it again. */
    async crash() {
      await server.kill();
      server = await at(port);
    },
    stop: () => server.stop(),
    /** Ends it as a power cut would. */
    kill: () => server.kill(),
  };
}

async function start([program, ...args], environment, directory, origin) {
  const child = spawn(program, args, { env: environment, cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  child.stdout.on("data", (chunk) => said.push(chunk));
  child.stderr.on("data", (chunk) => said.push(chunk));
  running.add(child);
  const ended = once(child, "exit").then(() => running.delete(child));
  await untilReady(child, origin, () => Buffer.concat(said).toString());
  return {
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Asks `/healthz` until it answers. */
async function untilReady(child, origin, said) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}: ${said()}`);
    const answer = await exchange(origin, "GET", "/healthz").catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill("SIGKILL");
  throw new Error(`${child.spawnfile} was not ready in ${START_TIMEOUT_MS} ms: ${said()}`);
}

/** Better Auth's options as our environment variables: `session.freshAge` is `COUNTERSIGN__SESSION__FRESH_AGE`. */
function inEnvironment({ baseURL: _, trustedOrigins, ...settings }) {
  const variables = trustedOrigins ? { BETTER_AUTH_TRUSTED_ORIGINS: trustedOrigins.join(",") } : {};
  const put = (name, value) => {
    if (name.endsWith("__ADDITIONAL_FIELDS")) variables[name] = inToml(value);
    else if (Array.isArray(value) || typeof value !== "object") variables[name] = String(value);
    else for (const [key, inner] of Object.entries(value)) put(`${name}__${constantCase(key)}`, inner);
  };
  for (const [section, options] of Object.entries(settings)) put(`COUNTERSIGN__${constantCase(section)}`, options);
  return variables;
}

/** Fields of one's own, as one value: their names keep their case, and their order counts. */
function inToml(fields) {
  const options = (field) => Object.entries(field).map(([option, value]) => `${constantCase(option).toLowerCase()} = ${JSON.stringify(value)}`);
  return `{ ${Object.entries(fields).map(([name, field]) => `${name} = { ${options(field).join(", ")} }`).join(", ")} }`;
}

/** `onAPIError` is `ON_API_ERROR`, and OAuth is one word. */
const constantCase = (name) =>
  name.replace("OAuth", "Oauth").replace(/([a-z\d])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2").toUpperCase();

const originAt = (port) => `http://localhost:${port}`;
/** How many ports were looked at. Processes begin apart, so that two do not want the same. */
let looked = process.pid * 97;

/** A port of loopback on which nobody listens, and of which nobody here was told before. */
async function freePort() {
  for (let tried = 0; tried < PORTS.count; tried++) {
    const port = PORTS.first + (looked++ % PORTS.count);
    const probe = createServer();
    const isFree = await once(probe.listen(port, "127.0.0.1"), "listening").then(() => true, () => false);
    if (isFree) await new Promise((resolve) => probe.close(resolve));
    if (isFree) return port;
  }
  throw new Error("no free port on loopback");
}
