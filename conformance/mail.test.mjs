// Mails on their way: through a real SMTP server, one that is busy, one that is away, and past a server of ours that is killed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import Database from "better-sqlite3";
import { SMTPServer } from "smtp-server";

import { proxyTo } from "./harness/proxy.mjs";
import { PATIENCE_MS, until } from "./harness/until.mjs";
import { startOurs } from "./ours.mjs";

const secret = randomBytes(24).toString("hex");
const PASSWORD = "correct horse battery";
/** Users that are made while the server is killed again and again, and how often it is killed at least. */
const USERS = Number(process.env.USERS ?? 50);
const KILLS = 4;
/** How many sign-ups and resets are answered at the most, and how long is asked, for a machine on which too few are. */
const REQUESTS_MAX = 20 * USERS + 4_000;
const ASKED_MS = 180_000 + 1_000 * USERS;
const scratch = mkdtempSync(join(tmpdir(), "mail-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** An SMTP server on loopback that keeps what it takes. `refuse(times)` gives the code it answers a recipient with, or none. */
async function postOffice({ refuse = () => undefined, ...options } = {}) {
  const mails = [];
  const asked = new Map();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    ...options,
    onRcptTo({ address }, _session, done) {
      const times = (asked.get(address) ?? 0) + 1;
      asked.set(address, times);
      const responseCode = refuse(address, times);
      done(responseCode ? Object.assign(new Error("not now"), { responseCode }) : undefined);
    },
    async onData(stream, session, done) {
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString(), session });
      done();
    },
  });
  server.on("error", () => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { mails, asked, port: server.server.address().port, stop: () => new Promise((resolve) => server.close(resolve)) };
}

let number = 0;
async function start(email, environment = {}) {
  const file = join(scratch, `${number++}.db`);
  const settings = { email: { from: "Example <no-reply@example.com>" } };
  const ours = await startOurs({ settings, secret, directory: scratch, database: `sqlite:${file}`, environment: { ...email, ...environment } });
  return Object.assign(ours, { file });
}
const smtp = (port) => ({ COUNTERSIGN__EMAIL__SMTP__URL: `smtp://127.0.0.1:${port}` });

async function post(ours, path, body) {
  const headers = { "content-type": "application/json", origin: ours.origin };
  const answer = await fetch(`${ours.origin}/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, json: await answer.json().catch(() => undefined) };
}
const signUp = (ours, email) => post(ours, "/sign-up/email", { name: "Ada", email, password: PASSWORD });
const forget = (ours, email) => post(ours, "/request-password-reset", { email, redirectTo: "/choose" });

/** The text part of a mail, its transfer encoding undone. */
function text({ raw }) {
  const part = raw.split(/\r\n--/).find((part) => /content-type: text\/plain/i.test(part));
  const [head, ...body] = part.split("\r\n\r\n");
  const content = body.join("\r\n\r\n");
  if (/base64/i.test(head)) return Buffer.from(content, "base64").toString();
  if (!/quoted-printable/i.test(head)) return content;
  return content.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

describe("an SMTP server", () => {
  it("gets the mail, whose link leads to a new password", async () => {
    const office = await postOffice();
    const ours = await start(smtp(office.port));
    await signUp(ours, "ada@example.com");
    assert.equal((await forget(ours, "ada@example.com")).status, 200);
    assert.equal((await forget(ours, "nobody@example.com")).status, 200);
    await until("a mail", () => office.mails.length > 0);
    const [mail] = office.mails;
    assert.deepEqual(mail.to, ["ada@example.com"]);
    assert.match(mail.raw, /^From: Example <no-reply@example\.com>\r$/m);
    assert.match(mail.raw, /^Message-ID: <[0-9a-f-]{36}@example\.com>\r$/m);
    assert.match(mail.raw, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(mail.raw, /^Content-Type: text\/html/m);
    const [link] = /http:\/\/localhost:\S+/.exec(text(mail));
    const answer = await fetch(link, { redirect: "manual" });
    const token = new URL(answer.headers.get("location")).searchParams.get("token");
    assert.equal((await post(ours, "/reset-password", { newPassword: "another horse", token })).status, 200);
    assert.equal((await post(ours, "/sign-in/email", { email: "ada@example.com", password: "another horse" })).status, 200);
    const written = new Database(ours.file, { readonly: true }).prepare("select content from countersign_outbox where kind = 'reset-password'");
    await until("it is written down", () => written.all().every(({ content }) => content === null));
    await ours.stop();
    const left = new Database(ours.file, { readonly: true }).prepare("select * from countersign_outbox where kind = 'reset-password'").all();
    assert.deepEqual(left.map(({ content, nextAt }) => [content, nextAt]), [[null, null]], "the link is not kept");
    assert.equal(office.mails.length, 1);
    await office.stop();
  });

  it("is asked again when it was busy, and not when it refused for good", async () => {
    const refuse = (address, times) => (address.startsWith("no") ? 550 : times === 1 ? 451 : undefined);
    const office = await postOffice({ refuse });
    const ours = await start(smtp(office.port));
    for (const email of ["ada@example.com", "no@example.com"]) {
      await signUp(ours, email);
      await forget(ours, email);
    }
    const read = new Database(ours.file, { readonly: true }).prepare("select * from countersign_outbox where recipient = 'no@example.com'");
    await until("the second try", () => office.mails.length === 1);
    await until("the refusal", () => read.get().lastError);
    assert.deepEqual(Object.fromEntries(office.asked), { "ada@example.com": 2, "no@example.com": 1 });
    await ours.stop();
    const { nextAt, sentAt, lastError } = read.get();
    assert.deepEqual([nextAt, sentAt], [null, null]);
    assert.match(lastError, /550/);
    await office.stop();
  });

  it("gets what was written while it was away", async () => {
    const office = await postOffice();
    const way = await proxyTo(office.port);
    way.hold();
    const ours = await start(smtp(way.port));
    await signUp(ours, "ada@example.com");
    assert.equal((await forget(ours, "ada@example.com")).status, 200);
    const read = new Database(ours.file, { readonly: true }).prepare("select lastError from countersign_outbox");
    await until("somebody waits there", () => way.open > 0);
    assert.equal(read.get().lastError, null, "whoever asked has waited for the mail server");
    way.cut();
    await until("a failure", () => read.get().lastError);
    way.mend();
    await until("the mail", () => office.mails.length === 1);
    await ours.stop();
    way.close();
    await office.stop();
  });

  it("is signed in to over TLS, if its certificate is trusted", async () => {
    const signed = [];
    const office = await postOffice({
      disabledCommands: [],
      authOptional: false,
      onAuth: ({ username, password }, session, done) => {
        signed.push({ username, password, secure: session.secure });
        done(undefined, { user: username });
      },
    });
    const url = `smtp://ada:s%40cret@localhost:${office.port}?tls=required`;
    const ours = await start({ COUNTERSIGN__EMAIL__SMTP__URL: url });
    await signUp(ours, "ada@example.com");
    await forget(ours, "ada@example.com");
    const read = new Database(ours.file, { readonly: true }).prepare("select lastError from countersign_outbox");
    await until("a refusal", () => read.get()?.lastError);
    assert.match(read.get().lastError, /certificate/i);
    assert.deepEqual([signed.length, office.mails.length], [0, 0]);
    await ours.stop();
    await office.stop();
  });
});

describe("a server that is killed", () => {
  it("keeps every user and sends every mail it acknowledged", async () => {
    const ours = await start({ COUNTERSIGN__EMAIL__TRANSPORT: "dev" });
    const users = new Set();
    const owed = new Map();
    let asked = 0;
    let kills = 0;
    let over = false;
    const deadline = Date.now() + ASKED_MS;
    const isTooMuch = () => asked >= REQUESTS_MAX || Date.now() > deadline;
    const isEnough = () => over || isTooMuch() || (users.size >= USERS && owed.size >= USERS / 2 && kills >= KILLS);
    /** Asks for something; who finds nobody there waits a little. */
    const attempt = async (ask) => {
      const answer = await ask().catch(() => undefined);
      if (answer) asked++;
      if (answer?.status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
      return answer?.status === 200;
    };
    const visitor = async (number) => {
      for (let turn = 0; !isEnough(); turn++) {
        const email = `user-${number}-${turn}@example.com`;
        if (!(await attempt(() => signUp(ours, email)))) continue;
        users.add(email);
        // Four each: of more than 5,000 mails the page shows the newest.
        for (let reset = 0; reset < 4 && !isEnough(); reset++) {
          if (await attempt(() => forget(ours, email))) owed.set(email, (owed.get(email) ?? 0) + 1);
        }
      }
    };
    const visitors = Promise.all(Array.from({ length: 8 }, (_, number) => visitor(number))).finally(() => (over = true));
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      if (over) break;
      await ours.crash();
      kills++;
    }
    await visitors;
    assert.ok(kills >= KILLS && users.size >= USERS && owed.size >= USERS / 2, `${kills} kills, ${users.size} users`);

    const allAreShown = async () => {
      const answer = await fetch(`${ours.origin}/dev/outbox`);
      assert.equal(answer.status, 200);
      const sent = new Map();
      for (const { to } of await answer.json()) sent.set(to, (sent.get(to) ?? 0) + 1);
      return [...owed].every(([email, mails]) => (sent.get(email) ?? 0) >= mails);
    };
    // What was being carried when the server died is claimed for a few seconds more, and what waits is carried one by one.
    const mails = [...owed.values()].reduce((sum, mails) => sum + mails, 0);
    await until("every mail", allAreShown, { patience: PATIENCE_MS + 50 * mails });
    const known = new Database(ours.file, { readonly: true })
      .prepare(`select u.email from "user" u join account a on a."userId" = u.id where a.password is not null`)
      .all();
    const lost = [...users].filter((email) => !known.some((user) => user.email === email));
    assert.deepEqual(lost, []);
    const [email] = [...users].slice(-1);
    assert.equal((await post(ours, "/sign-in/email", { email, password: PASSWORD })).status, 200);
    console.log(`${asked} requests, ${kills} kills: ${users.size} users and ${mails} mails acknowledged, none lost`);
    await ours.stop();
  });
});
