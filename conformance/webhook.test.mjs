// Messages to a webhook: taken, refused at first, away at first, and never sent where they may not go.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import Database from "better-sqlite3";
import { Webhook } from "standardwebhooks";

import { proxyTo } from "./harness/proxy.mjs";
import { until } from "./harness/until.mjs";
import { startOurs } from "./ours.mjs";

const secret = randomBytes(24).toString("hex");
const shared = `whsec_${randomBytes(32).toString("base64")}`;
const PASSWORD = "correct horse battery";
const scratch = mkdtempSync(join(tmpdir(), "webhook-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A receiver on loopback that keeps what it is sent. `answer(times)` is what it answers the nth request with. */
async function receiver({ answer = () => ({ status: 204 }) } = {}) {
  const got = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    got.push({ method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const { status, headers } = answer(got.length);
    response.writeHead(status, headers).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { got, port: server.address().port, stop };
}

let number = 0;
async function start(url, webhooks = {}) {
  const database = join(scratch, `${number++}.db`);
  const settings = { webhooks: { secret: shared, allowPrivateAddresses: true, ...webhooks, url } };
  const ours = await startOurs({ settings, secret, directory: scratch, database: `sqlite:${database}` });
  return Object.assign(ours, { file: database });
}

async function post(ours, path, body, cookie) {
  const headers = { "content-type": "application/json", origin: ours.origin, ...(cookie && { cookie }) };
  const answer = await fetch(`${ours.origin}/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const set = answer.headers.getSetCookie().find((line) => line.startsWith("better-auth.session_token="));
  return { status: answer.status, json: await answer.json().catch(() => undefined), cookie: set?.split(";")[0] };
}
const signUp = (ours, email) => post(ours, "/sign-up/email", { name: "Ada", email, password: PASSWORD });

/** What the outbox says of its messages. */
function rows(file) {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare("select * from countersign_outbox where kind = 'webhook' order by id").all();
  } finally {
    database.close();
  }
}

describe("a webhook", { concurrency: 2 }, () => {
  it("is told what happened, in messages that the library of the standard verifies", async () => {
    const there = await receiver();
    const ours = await start(`http://127.0.0.1:${there.port}/hooks?from=auth`);
    const ada = await signUp(ours, "ada@example.com");
    assert.equal((await post(ours, "/update-user", { name: "Augusta" }, ada.cookie)).status, 200);
    assert.equal((await post(ours, "/sign-out", {}, ada.cookie)).status, 200);
    await until("four messages", () => there.got.length >= 4);
    const messages = there.got.map(({ method, path, headers, body }) => {
      assert.deepEqual([method, path, headers["content-type"]], ["POST", "/hooks?from=auth", "application/json"]);
      assert.throws(() => new Webhook(shared).verify(`${body} `, headers), "an altered payload");
      return new Webhook(shared).verify(body, headers);
    });
    const told = Object.fromEntries(messages.map(({ type, data }) => [type, data]));
    assert.deepEqual(Object.keys(told).sort(), ["session.created", "session.revoked", "user.created", "user.updated"]);
    const { user } = ada.json;
    assert.deepEqual(told["user.created"], user);
    assert.deepEqual([told["user.updated"].id, told["user.updated"].name], [user.id, "Augusta"]);
    assert.equal(told["session.created"].userId, user.id);
    assert.deepEqual(told["session.revoked"], { userId: user.id, sessionIds: [told["session.created"].id] });
    assert.equal(new Set(there.got.map(({ headers }) => headers["webhook-id"])).size, 4);
    assert.doesNotMatch(there.got.map(({ body }) => body).join(), /token|password/i);
    await until("what was sent is erased", () => rows(ours.file).every(({ content, sentAt }) => content === null && sentAt !== null));
    await ours.stop();
    await there.stop();
  });

  it("that answers 500 is asked again with the same id", async () => {
    const there = await receiver({ answer: (times) => ({ status: times === 1 ? 500 : 200 }) });
    const ours = await start(`http://127.0.0.1:${there.port}`, { events: ["user.created"] });
    await signUp(ours, "ada@example.com");
    await until("a second try", () => there.got.length === 2);
    const [first, second] = there.got.map(({ headers }) => headers);
    assert.equal(first["webhook-id"], second["webhook-id"]);
    assert.ok(Number(second["webhook-timestamp"]) >= Number(first["webhook-timestamp"]) + 4, "after five seconds, by its own time");
    for (const { body, headers } of there.got) assert.equal(new Webhook(shared).verify(body, headers).type, "user.created");
    await until("done", () => rows(ours.file)[0].sentAt !== null);
    assert.equal(rows(ours.file)[0].attempts, 2);
    await ours.stop();
    await there.stop();
  });

  it("that is away keeps nobody waiting and is told when it is back", async () => {
    const there = await receiver();
    const way = await proxyTo(there.port);
    way.hold();
    const ours = await start(`http://127.0.0.1:${way.port}`, { events: ["user.created"] });
    assert.equal((await signUp(ours, "ada@example.com")).status, 200);
    await until("somebody waits there", () => way.open > 0);
    assert.equal(rows(ours.file)[0].lastError, null, "a sign-up has waited for the webhook");
    way.cut();
    await until("a failed try", () => rows(ours.file)[0].lastError);
    assert.match(rows(ours.file)[0].lastError, /^connection closed before message completed$/);
    await ours.crash();
    way.mend();
    await until("the message", () => there.got.length === 1);
    assert.equal(new Webhook(shared).verify(there.got[0].body, there.got[0].headers).data.email, "ada@example.com");
    await ours.stop();
    way.close();
    await there.stop();
  });

  it("that is not there is written down as that", async () => {
    const gone = await receiver();
    await gone.stop();
    const ours = await start(`http://127.0.0.1:${gone.port}`, { events: ["user.created"] });
    assert.equal((await signUp(ours, "ada@example.com")).status, 200);
    await until("a failed try", () => rows(ours.file)[0].lastError);
    assert.match(rows(ours.file)[0].lastError, /no connection/);
    assert.notEqual(rows(ours.file)[0].nextAt, null, "it is asked no more");
    await ours.stop();
  });

  it("is not followed elsewhere, and not asked again once it is gone", async () => {
    const elsewhere = await receiver();
    const there = await receiver({
      answer: (times) => (times === 1 ? { status: 307, headers: { location: `http://127.0.0.1:${elsewhere.port}/` } } : { status: 410 }),
    });
    const ours = await start(`http://127.0.0.1:${there.port}`, { events: ["user.created"] });
    await signUp(ours, "ada@example.com");
    await until("given up", () => rows(ours.file)[0]?.attempts === 2 && rows(ours.file)[0].nextAt === null);
    assert.deepEqual([rows(ours.file)[0].lastError, rows(ours.file)[0].content], ["the receiver answers 410 Gone", null]);
    assert.equal(elsewhere.got.length, 0);
    await ours.stop();
    await there.stop();
    await elsewhere.stop();
  });

  it("on this machine or in a private network is not asked unless that is allowed", async () => {
    const there = await receiver();
    for (const host of ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"]) {
      const ours = await start(`https://${host}:${there.port}`, { allowPrivateAddresses: false, events: ["user.created"] });
      await signUp(ours, "ada@example.com");
      await until("refused", () => rows(ours.file)[0]?.lastError);
      assert.match(rows(ours.file)[0].lastError, /no address that may be asked/);
      await ours.stop();
    }
    assert.equal(there.got.length, 0);
    await there.stop();
  });
});
