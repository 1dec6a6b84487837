// Better Auth's own readers of cookies read ours, and either server reads what the other wrote, on one database.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { getCookieCache, getSessionCookie } from "better-auth/cookies";

import { PASSWORD, SECRET } from "./harness/app.mjs";
import { open } from "./harness/database.mjs";
import { exchange, Jar } from "./harness/http.mjs";
import { until } from "./harness/until.mjs";
import { startOurs } from "./ours.mjs";
import { startReal } from "./real.mjs";

const NAME = "better-auth.session_data";
const LONG = "x".repeat(6_000);

for (const strategy of ["compact", "jwt", "jwe"]) {
  test(`${strategy}: what we write is read by getCookieCache`, async (t) => {
    const { ours } = await pair(t, strategy);
    const browser = new Browser(ours);
    await browser.post("/sign-up/email", { name: 'Ada "é" \\ 😀', email: "ada@example.com", password: PASSWORD });
    const read = (options) => getCookieCache(new Headers({ cookie: browser.jar.header() }), { secret: SECRET, strategy, ...options });
    const session = await browser.session();
    assert.deepEqual(plain(await read()), session);
    assert.deepEqual(plain(await read({ version: "1" })), session);
    assert.equal(await read({ version: "2" }), null);
    assert.equal(await read({ secret: `${SECRET}x` }), null);
    assert.equal(getSessionCookie(new Headers({ cookie: browser.jar.header() })), decodeURIComponent(browser.jar.value("better-auth.session_token")));

    await browser.post("/update-user", { image: LONG });
    assert.equal(browser.jar.value(NAME), undefined);
    assert.ok(browser.jar.value(`${NAME}.2`), "in chunks");
    assert.equal((await read()).user.image, LONG);
    await browser.post("/sign-out", {});
    assert.equal(browser.jar.header(), undefined, "all chunks are gone");
  });

  for (const [first, second] of [["ours", "real"], ["real", "ours"]]) {
    test(`${strategy}: what ${first} writes is believed by ${second}, whole and in chunks`, async (t) => {
      const servers = await pair(t, strategy);
      const browser = new Browser(servers[first]);
      await browser.post("/sign-up/email", { name: "Ada", email: "ada@example.com", password: PASSWORD });
      for (const image of [null, LONG]) {
        await browser.post("/update-user", { image });
        browser.server = servers[second];
        // Only the cookie still knows this name, so whoever answers with it has believed the cookie.
        await open(servers.database, (db) => db.run('update "user" set name = ?', "Countess"));
        const { user, session } = await browser.session();
        assert.deepEqual([user.name, user.image], ["Ada", image]);
        assert.equal(browser.said, 0, "no cookie is set anew");
        assert.equal(user.id, session.userId);
        assert.equal((await browser.session("?disableCookieCache=1")).user.name, "Countess");
        await open(servers.database, (db) => db.run('update "user" set name = ?', "Ada"));
        browser.server = servers[first];
      }
    });
  }

  test(`${strategy}: what the real server wrote opens nothing here once its session is gone`, async (t) => {
    const { real, ours } = await pair(t, strategy);
    const browser = new Browser(real);
    await browser.post("/sign-up/email", { name: "Ada", email: "ada@example.com", password: PASSWORD });
    const thief = browser.copy(ours);
    assert.ok(await thief.session());
    const stolen = browser.copy(ours);
    await browser.post("/sign-out", {});
    await until("the other server knows of it", async () => (await stolen.copy(ours).session()) === null);
    assert.ok(await stolen.copy(real).session(), "there it does, for up to five minutes");
  });
}

/** Both servers on one database. */
async function pair(t, strategy) {
  const directory = mkdtempSync(join(tmpdir(), "cookie-cache-"));
  const database = `sqlite:${join(directory, "auth.db")}`;
  const settings = { session: { cookieCache: { enabled: true, strategy } } };
  const real = await startReal({ settings, secret: SECRET, directory, database });
  const beside = { ...settings, database: { shared: true }, token: { algorithm: "EdDSA" } };
  const ours = await startOurs({ settings: beside, secret: SECRET, directory, database });
  t.after(async () => {
    await Promise.all([real.stop(), ours.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });
  return { real, ours, database };
}

/** Keeps cookies, and may go from one server to another. */
class Browser {
  jar = new Jar();
  server;
  /** How many cookies the last answer set. */
  said = 0;

  constructor(server) {
    this.server = server;
  }

  async send(method, path, body) {
    const headers = { cookie: this.jar.header(), origin: this.server.origin };
    if (headers.cookie === undefined) delete headers.cookie;
    const answer = await exchange(this.server.origin, method, `/api/auth${path}`, { headers, body });
    assert.equal(answer.status, 200, answer.text);
    answer.setCookies.forEach((cookie) => this.jar.take(cookie));
    this.said = answer.setCookies.length;
    return answer;
  }

  post(path, body) {
    return this.send("POST", path, body);
  }

  session(query = "") {
    return this.send("GET", `/get-session${query}`).then(({ json }) => json);
  }

  /** Another with the same cookies, at a server. */
  copy(server) {
    const other = new Browser(server);
    for (const pair of this.jar.header().split("; ")) other.jar.take(pair);
    return other;
  }
}

/** What a reader gives back, as it went over the wire. */
const plain = ({ session, user }) => JSON.parse(JSON.stringify({ session, user }));
