// Nodes on one PostgreSQL database of their own, guards elsewhere, and the ways in which both break.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";

import { proxyTo } from "../harness/proxy.mjs";
import { binary, startOurs } from "../ours.mjs";

const built = (name) => join(dirname(binary), name);
const tasks = process.env.COUNTERSIGN_TASKS_BIN ?? built("countersign-tasks");
const guarded = process.env.COUNTERSIGN_REMOTE_BIN ?? built("countersign-remote");

/** Seconds without news after which a node refuses. */
export const STALE_S = 3;

/** A new database on the server of this maintenance database, with nodes and guards to come. */
export async function openCluster(maintenance) {
  const secret = randomBytes(24).toString("hex");
  const directory = mkdtempSync(join(tmpdir(), "countersign-nodes-"));
  const name = `nodes_${randomBytes(6).toString("hex")}`;
  const admin = await session(maintenance);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(maintenance);
  url.pathname = `/${name}`;
  const database = url.toString();
  const closing = [];

  /** A program that serves, with what it is told on top of what all are told. */
  const start = async (place, command, environment) => {
    const running = await startOurs({ secret, directory: mkdtempSync(join(directory, `${place}-`)), command, environment });
    closing.push(() => running.stop());
    return running;
  };
  return {
    secret,
    /** The URL of the database. */
    database,
    /** A connection to the database; whoever takes it may lose it. */
    session: () => session(database),
    /** A connection to the database that is made anew when it is lost. */
    sql: async (...query) => {
      const client = await session(database);
      try {
        return await client.query(...query);
      } finally {
        await client.end();
      }
    },
    /** A way to a port of loopback that can be cut and mended. */
    async proxyTo(port) {
      const proxy = await proxyTo(port);
      closing.push(() => proxy.close());
      return proxy;
    },
    /** A node: the to-do API with every endpoint of ours beside its own. */
    node: (letter, { environment = {}, command = [tasks] } = {}) =>
      start(letter, command, { DATABASE_URL: database, COUNTERSIGN__FEED__MAX_STALENESS: String(STALE_S), ...environment }),
    /** A guard in a service of its own, which knows the database only through the feed at this origin. */
    guard: async (origin) => ({
      ...(await start("guard", [guarded], { COUNTERSIGN_FEED: `${origin}/api/auth/revocations` })),
      path: "/me",
    }),
    tasks,
    async close() {
      await Promise.all(closing.map((close) => close()));
      const admin = await session(maintenance);
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function session(url) {
  const client = new pg.Client({ connectionString: url });
  // A server that goes away ends the connection; whoever uses it next is told.
  client.on("error", () => {});
  await client.connect();
  return client;
}
