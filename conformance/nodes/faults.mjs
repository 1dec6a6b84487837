// What breaks: the way to the database, the way of the feed, PostgreSQL itself, a node in the middle of its work, a clock.
import { faketime } from "../faketime.mjs";
import { PATIENCE_MS } from "../harness/until.mjs";
import { STALE_S } from "./cluster.mjs";
import { BOUND_MS, api, check, json, signIn, signOut, signUp, untilRefused, untilStatus } from "./checks.mjs";

const email = "ada@example.com";

export async function faults(world) {
  await databaseAway(world);
  await feedCut(world);
  await postgresCrashes(world);
  await nodeKilled(world);
  await clocksApart(world);
}

async function databaseAway({ cluster, nodes: [a] }) {
  const url = new URL(cluster.database);
  const proxy = await cluster.proxyTo(Number(url.port || 5432));
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  const d = await cluster.node("d", { environment: { DATABASE_URL: url.toString() } });
  const far = await cluster.guard(d.origin);
  const { token: known } = await signIn(a, email);
  const { token: unknown } = await signIn(a, "eve@example.com");
  check("a node behind a network admits", (await api(d, known)) === 200);
  check("and so does a guard that follows it", await untilStatus(far, known, 200));
  proxy.cut();
  const [stays, waits] = [await api(d, known), await api(d, unknown)];
  check("with the database away a known user is admitted", stays === 200, String(stays));
  check("and one not yet known waits with 503, never 401", waits === 503, String(waits));
  await signOut(a, known);
  check(`after ${STALE_S} s without news the node refuses with 503`, await untilStatus(d, known, 503));
  check("and the guard elsewhere, which hears how old the node's news are, after its 30 s", await untilStatus(far, known, 503));
  proxy.mend();
  check("back again neither has missed anything", Number.isFinite(await untilRefused([d, far], known)));
  const back = await api(d, unknown);
  check("and who was not known is admitted", back === 200, String(back));
}

/** The guard's stream breaks; the node it follows is well. */
async function feedCut({ cluster, nodes: [a, b] }) {
  const proxy = await cluster.proxyTo(new URL(b.origin).port);
  const far = await cluster.guard(`http://127.0.0.1:${proxy.port}`);
  const [before, during] = [await signIn(a, email), await signIn(a, email)];
  check("a guard behind a network admits", await untilStatus(far, before.token, 200));
  proxy.cut();
  await signOut(a, during.token);
  check("without its stream it goes on admitting whom it knows", (await api(far, before.token)) === 200);
  proxy.mend();
  const took = await untilRefused([far], during.token);
  check("with its stream back it has missed nothing", Number.isFinite(took), `${took.toFixed(0)} ms`);
  check("and refuses nobody else", (await api(far, before.token)) === 200);
}

/** One of PostgreSQL's processes is killed, so it ends them all and recovers, as after a crash. */
async function postgresCrashes({ cluster, nodes, verifiers }) {
  const [a] = nodes;
  const [doomed, live] = [await signIn(a, email), await signIn(a, email)];
  await Promise.all(verifiers.map((each) => untilStatus(each, live.token, 200)));
  const [victim, witness] = [await cluster.session(), await cluster.session()];
  const { rows } = await victim.query("SELECT pg_backend_pid() AS pid");
  const ended = Promise.all([victim, witness].map((session) => new Promise((resolve) => session.once("end", resolve))));
  process.kill(rows[0].pid, "SIGKILL");
  await ended;
  const during = await Promise.all(verifiers.map((each) => api(each, live.token)));
  check("PostgreSQL crashing refuses nobody", during.every((status) => status === 200), during.join(" "));
  let out;
  const deadline = Date.now() + PATIENCE_MS;
  do out = await signOut(a, doomed.token);
  while (out.status !== 200 && Date.now() < deadline);
  check("a sign-out that it delayed is answered when it is repeated", out.status === 200, String(out.status));
  const took = await untilRefused(verifiers, doomed.token);
  check("and holds everywhere within the bound", took < BOUND_MS, `${took.toFixed(0)} ms`);
  const after = await Promise.all(verifiers.map((each) => api(each, live.token)));
  check("and nobody else was signed out", after.every((status) => status === 200), after.join(" "));
}

/** A node dies while it signs people out: what it acknowledged holds everywhere, and all agree about the rest. */
async function nodeKilled({ cluster, nodes: [a, b, c], verifiers }) {
  const doomed = await cluster.node("killed");
  const sessions = [];
  while (sessions.length < 24) sessions.push(await signIn(a, email));
  const waiting = [...sessions];
  const answers = [];
  let acknowledged = 0;
  let killed;
  // A few at a time, so that some are still to come whenever it dies.
  const visitor = async () => {
    for (let session = waiting.pop(); session; session = waiting.pop()) {
      const answer = await signOut(doomed, session.token).catch(() => undefined);
      answers.push({ token: session.token, acknowledged: answer?.status === 200 });
      if (answer?.status === 200 && ++acknowledged === 6) killed = doomed.kill();
    }
  };
  await Promise.all(Array.from({ length: 8 }, visitor));
  await killed;
  const [done, open] = [answers.filter((each) => each.acknowledged), answers.filter((each) => !each.acknowledged)];
  check("a node was killed in the middle of signing out", done.length >= 6 && open.length > 0, `${done.length} of ${answers.length} acknowledged`);
  const waits = await Promise.all(done.map(({ token }) => untilRefused(verifiers, token)));
  check("what it acknowledged holds everywhere within the bound", Math.max(...waits) < BOUND_MS, `${Math.max(...waits).toFixed(0)} ms`);
  check("what it had begun is over", await untilAllBegunIsOver(cluster));
  // A sign-out that comes later is known later, so whatever came before it is known by now.
  const last = await signIn(a, email);
  await signOut(b, last.token);
  await untilRefused(verifiers, last.token);
  const agreed = await Promise.all(open.map(({ token }) => Promise.all(verifiers.map((each) => api(each, token)))));
  check("about what it did not acknowledge all agree", agreed.every((each) => new Set(each).size === 1));
  await doomed.restart();
  const again = await Promise.all(open.map(async ({ token }, at) => (await api(doomed, token)) === agreed[at][0]));
  check("and so does the node when it is back", again.every(Boolean));
  check("nobody else was signed out by it", (await api(c, (await signIn(b, email)).token)) === 200);
}

/**
 * Waits until no transaction is open any more that is open now; whether that was in time. PostgreSQL notices late that a client
 * is dead: it may still be committing for it.
 */
async function untilAllBegunIsOver(cluster) {
  const { rows: [{ now }] } = await cluster.sql("SELECT clock_timestamp()::text AS now");
  const open = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start < $1`;
  const deadline = Date.now() + PATIENCE_MS;
  while ((await cluster.sql(open, [now])).rowCount > 0) if (Date.now() > deadline) return false;
  return true;
}

/** One node is a minute ahead of all others, another a minute behind. */
async function clocksApart({ cluster, nodes: [a, b] }) {
  await signUp(a, "clock@example.com");
  for (const [what, offset] of [["ahead", "+60s"], ["behind", "-60s"]]) {
    const apart = await cluster.node(what, { command: [...faketime, "-f", offset, cluster.tasks], environment: { FAKETIME_DONT_FAKE_MONOTONIC: "1" } });
    const said = await untilNotReady(apart);
    check(`a node a minute ${what} finds out and says that it is not ready`, said?.includes("clocks"), said);
    const { token, cookie } = await signIn(apart, "clock@example.com");
    check("it admits what it signs", (await api(apart, token)) === 200);
    await byCookie(a, "POST", "/api/auth/sign-out", cookie);
    const theirs = await untilRefused([apart], token);
    check("a sign-out elsewhere holds there within the bound", theirs < BOUND_MS, `${theirs.toFixed(0)} ms`);
    const mine = await signIn(a, "clock@example.com");
    const known = await byCookie(apart, "GET", "/api/auth/get-session", mine.cookie);
    check("it knows a session opened elsewhere by its cookie", known.body?.user?.email === "clock@example.com");
    await byCookie(apart, "POST", "/api/auth/sign-out", mine.cookie);
    const others = await untilRefused([a, b], mine.token);
    check("and a sign-out there holds elsewhere within the bound", others < BOUND_MS, `${others.toFixed(0)} ms`);
  }
}

const byCookie = (node, method, path, cookie) => json(node, method, path, { headers: { cookie }, body: method === "POST" ? {} : undefined });

/** What a node says when it is no longer ready; nothing when it stays ready. */
async function untilNotReady(node) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(`${node.origin}/readyz`);
    if (answer.status === 503) return (await answer.text()).trim();
  }
}
