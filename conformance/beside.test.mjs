// The real server and ours on one database at the same time, behind one public address: each takes the other's users,
// sessions, cookies, bearers and keys.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

import { PASSWORD, SECRET } from "./harness/app.mjs";
import { dropDatabase, maintenance, newDatabase, open } from "./harness/database.mjs";
import { exchange } from "./harness/http.mjs";
import { until } from "./harness/until.mjs";
import { startOurs } from "./ours.mjs";
import { startReal } from "./real.mjs";

/** What browsers and verifiers know both servers by. */
const PUBLIC = "http://auth.localhost:4000";
const DATABASES = new URL("../crates/testkit/data/databases/", import.meta.url);
const SHARED = { baseURL: PUBLIC, token: { algorithm: "EdDSA", lifetime: 900 } };

const call = (server, method, path, { cookie, bearer, body } = {}) =>
  exchange(server.origin, method, `/api/auth${path}`, {
    body,
    headers: { origin: PUBLIC, ...(cookie && { cookie }), ...(bearer && { authorization: `Bearer ${bearer}` }) },
  });
const cookieOf = (answer) => answer.setCookies[0].split(";")[0];
const session = async (server, credential) => (await call(server, "GET", "/get-session", credential)).json;

/** Databases of Better Auth's own adapter, and of Drizzle's: what drizzle-kit made, the settings of either, real names. */
const WAYS = [
  { way: "better-auth", names: { user: "user", jwks: "jwks", expiresAt: "expiresAt" } },
  {
    way: "drizzle",
    ddl: { sqlite: "drizzle-plural.sqlite.sql", postgres: "drizzle-plural-uuid.postgres.sql" },
    theirs: { sqlite: {}, postgres: { advanced: { database: { generateId: "uuid" } } } },
    ours: { camelCase: false, usePlural: true },
    dates: { sqlite: { dates: "milliseconds" } },
    names: { user: "users", jwks: "jwkss", expiresAt: "expires_at" },
  },
];
const kinds = maintenance ? ["sqlite", "postgres"] : ["sqlite"];
for (const [kind, { way, ddl, theirs, ours: named, dates, names }] of kinds.flatMap((kind) => WAYS.map((way) => [kind, way]))) {
  describe(`side by side on ${kind}, made by ${way}`, () => {
    const OURS = { ...SHARED, database: { shared: true, ...named, ...dates?.[kind] } };
    let folder, database, real, ours, frank;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "beside-"));
      database = await newDatabase(kind, folder);
      if (ddl) await open(database, (db) => db.script(readFileSync(new URL(ddl[kind], DATABASES), "utf8")));
      const common = { secret: SECRET, directory: folder, database };
      real = await startReal({ ...common, drizzle: way === "drizzle", settings: { baseURL: PUBLIC, ...theirs?.[kind] } });
      ours = await startOurs({ ...common, settings: OURS });
      // Ours where it hands out and takes bearers as the real one does.
      frank = await startOurs({
        ...common,
        settings: { ...OURS, token: { ...OURS.token, bearer: "session", payload: "user" }, bearer: { requireSignature: false } },
      });
    });
    after(async () => {
      for (const server of [frank, ours, real]) await server?.stop();
      await dropDatabase(database);
      rmSync(folder, { recursive: true, force: true });
    });

    let number = 0;
    /** Somebody new, signed up at a server. */
    async function member(server) {
      const email = `ada.${++number}@example.com`;
      const answer = await call(server, "POST", "/sign-up/email", { body: { name: "Ada", email, password: PASSWORD } });
      assert.equal(answer.status, 200, answer.text);
      return { email, user: answer.json.user, cookie: cookieOf(answer), answer };
    }
    const signIn = (server, email, password = PASSWORD) => call(server, "POST", "/sign-in/email", { body: { email, password } });

    test("each takes the other's users, sessions and cookies, in turn", async () => {
      for (let turn = 0; turn < 6; turn++) {
        const [here, there] = turn % 2 ? [ours, real] : [real, ours];
        const { email, user, cookie } = await member(here);
        assert.deepEqual((await session(there, { cookie })).user, user);
        const again = await signIn(there, email);
        assert.deepEqual(again.json.user, user, again.text);
        assert.equal((await session(here, { cookie: cookieOf(again) })).user.id, user.id);
        const listed = await call(there, "GET", "/list-sessions", { cookie });
        assert.equal(listed.json.length, 2);
        const taken = await call(there, "POST", "/sign-up/email", { body: { name: "Eve", email, password: PASSWORD } });
        assert.equal(taken.json.code, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");

        await call(there, "POST", "/update-user", { cookie, body: { name: `Ada ${turn}` } });
        await until("the new name", async () => (await session(here, { cookie })).user.name === `Ada ${turn}`);
        const changed = await call(there, "POST", "/change-password", {
          cookie,
          body: { currentPassword: PASSWORD, newPassword: "another password" },
        });
        assert.equal(changed.status, 200, changed.text);
        assert.equal((await signIn(here, email, "another password")).status, 200);
        assert.equal((await signIn(here, email)).status, 401);
        await call(there, "POST", "/sign-out", { cookie, body: {} });
        await until("the sign-out", async () => (await session(here, { cookie })) === null);
        assert.equal((await session(here, { cookie: cookieOf(again) })).user.id, user.id, "the other session goes on");
      }
    });

    test("a suspension by the one is refused by the other", async () => {
      const { email, user, cookie } = await member(real);
      assert.equal((await session(ours, { cookie })).user.id, user.id);
      const { token } = (await call(ours, "GET", "/token", { cookie })).json;
      await open(database, (db) => db.run(`update "${names.user}" set banned = ? where id = ?`, kind === "sqlite" ? 1 : true, user.id));
      await until("the suspension", async () => (await session(ours, { bearer: token })) === null);
      for (const server of [real, ours]) assert.equal((await signIn(server, email)).json.code, "BANNED_USER");
    });

    test("each signs with the key of the other, and publishes all", async () => {
      const { cookie } = await member(ours);
      const kids = async () => {
        const found = [];
        for (const [signer, other] of [[ours, real], [real, ours]]) {
          const { token } = (await call(signer, "GET", "/token", { cookie })).json;
          const published = (await call(other, "GET", "/jwks")).json;
          const checked = await jwtVerify(token, createLocalJWKSet(published), { issuer: PUBLIC, audience: PUBLIC });
          assert.equal(checked.payload.email, (await session(real, { cookie })).user.email);
          found.push(decodeProtectedHeader(token).kid);
        }
        return found;
      };
      const [first, second] = await kids();
      assert.equal(first, second);
      const published = await Promise.all([ours, real].map(async (server) => (await call(server, "GET", "/jwks")).json.keys));
      assert.deepEqual(published[0], published[1]);

      // The key has ended: whoever signs next makes another. Where both do, the newer one is that of both.
      const seen = new Set([first]);
      const ended = way === "drizzle" && kind === "sqlite" ? () => Date.now() : () => new Date();
      for (const next of [real, ours]) {
        const end = `update "${names.jwks}" set "${names.expiresAt}" = ? where "${names.expiresAt}" is null`;
        await open(database, (db) => db.run(end, ended()));
        await call(next, "GET", "/token", { cookie });
        await until("another key for both", async () => {
          const [one, other] = await kids();
          return one === other && !seen.has(one) && seen.add(one);
        });
      }
      const { keys } = (await call(ours, "GET", "/jwks")).json;
      assert.ok(keys.length >= 3 && keys.some(({ kid }) => kid === first), "what has ended still verifies");
    });

    test("a token says of its user what the real one says, where that is set", async () => {
      const { cookie } = await member(real);
      const claims = async (server) => {
        const { token } = (await call(server, "GET", "/token", { cookie })).json;
        const { iat, exp, jti, sid, ...rest } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
        assert.equal(exp - iat, 900);
        return rest;
      };
      assert.deepEqual(await claims(frank), await claims(real));
    });

    test("an access token of ours opens nothing at the real server", async () => {
      const { cookie, answer } = await member(ours);
      const access = answer.json.token;
      assert.equal(access.split(".").length, 3);
      assert.ok(await session(ours, { bearer: access }), "it opens ours");
      assert.equal(await session(real, { bearer: access }), null);
      for (const [method, path, body] of [
        ["GET", "/token"],
        ["GET", "/list-sessions"],
        ["GET", "/list-accounts"],
        ["POST", "/update-user", { name: "Eve" }],
        ["POST", "/change-password", { currentPassword: PASSWORD, newPassword: "another password" }],
        ["POST", "/revoke-sessions", {}],
        ["GET", "/admin/list-users"],
      ]) {
        const refused = await call(real, method, path, { bearer: access, body });
        assert.equal(refused.status, 401, `${path}: ${refused.text}`);
      }
      for (const name of ["session_token", "session_data"]) {
        assert.equal(await session(real, { cookie: `better-auth.${name}=${access}` }), null);
      }
      assert.ok(await session(real, { cookie }), "the session itself is fine");
    });

    test("bearers of the one are taken by the other", async () => {
      const { email } = await member(real);
      const theirs = await signIn(real, email);
      const signed = theirs.headers["set-auth-token"];
      for (const server of [ours, frank, real]) assert.equal((await session(server, { bearer: signed })).user.email, email);
      // Unsigned, as the real server takes it, only where that is set.
      assert.equal(await session(ours, { bearer: theirs.json.token }), null);
      for (const server of [frank, real]) assert.equal((await session(server, { bearer: theirs.json.token })).user.email, email);

      const franks = await signIn(frank, email);
      assert.equal(franks.json.token, franks.headers["set-auth-token"]);
      for (const server of [real, ours]) assert.equal((await session(server, { bearer: franks.json.token })).user.email, email);
    });
  });
}
