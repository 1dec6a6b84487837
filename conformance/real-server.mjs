// Better Auth with the plugins whose wire we speak, on a SQLite file. Runs in a worker thread; see real.mjs.
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, bearer, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";

const { settings, secret, file } = workerData;
const database = new Database(file);
database.pragma("journal_mode = WAL");

let handler;
const server = createServer((request, response) => handler(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://localhost:${server.address().port}`;

const options = merge(
  {
    baseURL: origin,
    secret,
    database,
    rateLimit: { enabled: false },
    logger: { disabled: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true },
    plugins: [jwt(), bearer(), admin()],
  },
  settings,
);
await (await getMigrations(options)).runMigrations();
handler = toNodeHandler(betterAuth(options));
parentPort.postMessage(origin);

/** Lays `over` upon `base`, object by object. */
function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = isPlain(value) && isPlain(base[key]);
    merged[key] = both ? merge(base[key], value) : value;
  }
  return merged;
}

function isPlain(value) {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}
