// The real Better Auth: the other side of every comparison.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Starts the real server on a free port of loopback; `database` is its URL, by default a new file in `directory`.
 *
 * With `drizzle` it goes through Drizzle's adapter, on a database that is there with plural names.
 *
 * `settings` are Better Auth's own options, merged over the defaults of `real-server.mjs`. Every server has a thread of
 * its own, because Better Auth keeps its rate limits in a variable of the module. What it writes to the console when a
 * database fails is swallowed: such failures are provoked.
 */
export async function startReal({ settings = {}, secret, directory, drizzle = false, database = `sqlite:${join(directory, "real.db")}` }) {
  const workerData = { settings, secret, database, drizzle };
  const worker = new Worker(new URL("./real-server.mjs", import.meta.url), { workerData, stdout: true, stderr: true });
  const [origin] = await once(worker, "message");
  return {
    name: "real",
    origin,
    database,
    /** Nothing to do: it keeps nothing of the database in memory. */
    async restart() {},
    async stop() {
      await worker.terminate();
    },
  };
}
