// Open and crossing transactions of others.
import { check, signIn, signOut, signUp } from "./checks.mjs";

export async function transactions({ cluster, nodes: [a] }) {
  const [one, two] = [await cluster.session(), await cluster.session()];
  await signUp(a, "eve@example.com");
  await one.query("BEGIN");
  await one.query(`UPDATE "user" SET name = 'idle' WHERE email = 'eve@example.com'`);
  const idle = performance.now();
  const out = await signOut(a, (await signIn(a, "ada@example.com")).token);
  const took = `${(performance.now() - idle).toFixed(0)} ms with its sign-in`;
  check("a writer idle in a transaction delays nobody's sign-out", out.status === 200, took);

  await two.query("BEGIN");
  const touch = (client, email) =>
    client.query(`UPDATE session SET "updatedAt" = now() WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)`, [email]);
  await two.query(`UPDATE "user" SET name = 'other' WHERE email = 'root@example.com'`);
  await touch(one, "root@example.com");
  await touch(two, "eve@example.com");
  const crossed = await Promise.allSettled([one.query("COMMIT"), two.query("COMMIT")]);
  check("crossing transactions commit", crossed.every(({ status }) => status === "fulfilled"));
  await Promise.all([one.end(), two.end()]);
}
