// How soon each node and a guard elsewhere know what one node did, or anybody wrote into the database.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { PATIENCE_MS } from "../harness/until.mjs";
import { BOUND_MS, api, check, json, signIn, signOut, untilRefused } from "./checks.mjs";

const trials = Number(process.env.TRIALS ?? 20);
const email = "ada@example.com";

export async function propagation({ cluster, nodes, verifiers, root }) {
  console.log(`three nodes on one PostgreSQL and a guard elsewhere; ${trials} trials each, until the last of the others refuses`);
  const unban = (user) => cluster.sql(`UPDATE "user" SET banned = false, "banExpires" = null WHERE id = $1`, [user.id]);
  const [a] = nodes;

  const suspend = ({ user }) => json(a, "POST", `/admin/users/${user.id}/suspend`, { token: root });
  await measure("suspended on one node", verifiers, suspend, unban);
  await measure("signed out on one node", verifiers, ({ token }) => signOut(a, token));
  const sql = await cluster.session();
  const deleted = ({ user }) => sql.query(`DELETE FROM session WHERE "userId" = $1`, [user.id]);
  await measure("session deleted by plain SQL", verifiers, deleted);
  await sql.end();

  const workerData = { secret: cluster.secret, database: cluster.database };
  const real = new Worker(new URL("./real.mjs", import.meta.url), { workerData });
  const [origin] = await once(real, "message");
  const theirs = await signIn({ origin }, "root@example.com");
  const ban = async ({ user }) => {
    const answer = await json({ origin }, "POST", "/api/auth/admin/ban-user", { token: theirs.token, body: { userId: user.id } });
    if (answer.status !== 200) throw new Error(`ban: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  await measure("banned by a TypeScript Better Auth", verifiers, ban, unban);
  await real.terminate();
}

/** Runs `trials` trials of `end`, each on a user signed in anew, and prints how long the other nodes took. */
async function measure(what, nodes, end, restore = async () => {}) {
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

async function untilAdmitted(node, token) {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await api(node, token)) !== 200) {
    if (Date.now() > deadline) throw new Error("a good token is not admitted");
  }
}
