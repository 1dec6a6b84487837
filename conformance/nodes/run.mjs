// Several nodes on one PostgreSQL: how soon each knows what another did, what holds while something is broken, renewal,
// restarts and a change of the secret.
//
// `cargo xtask postgres -- npm run nodes --prefix conformance` (TRIALS=200 for the full count).
import { failed, signIn, signUp } from "./checks.mjs";
import { openCluster } from "./cluster.mjs";
import { faults } from "./faults.mjs";
import { propagation } from "./propagation.mjs";
import { renewal } from "./renewal.mjs";
import { rotation } from "./rotation.mjs";
import { transactions } from "./transactions.mjs";

const maintenance = process.env.COUNTERSIGN_TEST_POSTGRES;
if (!maintenance) {
  console.error("nodes: no PostgreSQL; run `cargo xtask postgres -- npm run nodes --prefix conformance`");
  process.exit(2);
}

const cluster = await openCluster(maintenance);
try {
  const nodes = [await cluster.node("a"), await cluster.node("b"), await cluster.node("c")];
  const verifiers = [...nodes, await cluster.guard(nodes[1].origin)];
  const ada = (await signUp(nodes[0], "ada@example.com")).body.user;
  await signUp(nodes[0], "root@example.com");
  await cluster.sql(`UPDATE "user" SET role = 'admin' WHERE email = 'root@example.com'`);
  const root = (await signIn(nodes[0], "root@example.com")).token;
  const world = { cluster, nodes, verifiers, ada, root };
  for (const part of [propagation, transactions, renewal, faults, rotation]) await part(world);
} finally {
  await cluster.close();
}
console.log(failed() ? `${failed()} failed` : "all hold");
process.exit(failed() ? 1 : 0);
