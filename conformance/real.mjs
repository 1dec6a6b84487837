// The real Better Auth on a SQLite file: the other side of every comparison.
import { createServer } from "node:http";
import { join } from "node:path";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, bearer, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";

/**
 * Starts the real server on a free port of loopback.
 *
 * `settings` are Better Auth's own options, merged over the defaults below; `secret` signs the cookies; the database
 * file is made in `directory`. `restart` is there so that scenarios can treat both sides alike.
 */
export async function startReal({ settings = {}, secret, directory }) {
  const file = join(directory, "real.db");
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
  const start = () => {
    handler = toNodeHandler(betterAuth(options));
  };
  start();

  return {
    name: "real",
    origin,
    file,
    async restart() {
      start();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      database.close();
    },
  };
}

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
