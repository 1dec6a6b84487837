// The cache cookie `session_data`: what is written when, and what is read from it.
import { createHmac } from "node:crypto";

import { PASSWORD, SECRET } from "../harness/app.mjs";

const HOUR = 3_600_000;
const NAME = "better-auth.session_data";
const STRATEGIES = ["compact", "jwt", "jwe"];
const cached = (strategy, more = {}) => ({ session: { cookieCache: { enabled: true, strategy, ...more } } });
const get = (visitor, rule, query = "", headers) => visitor.send("GET", `/get-session${query}`, { rule, headers });
const sign = (message) => encodeURIComponent(`${message}.${createHmac("sha256", SECRET).update(message).digest("base64")}`);
const rename = (app) => app.meddle((db) => db.run('update "user" set name = ?', "Countess"));
const image = (visitor, length, rule) => visitor.send("POST", "/update-user", { body: { image: length === null ? null : "x".repeat(length) }, rule });

/** The same for each way of writing it. */
const inEach = (name, scenario) =>
  STRATEGIES.map((strategy) => ({ ...scenario, name: `${name} (${strategy})`, settings: cached(strategy, scenario.cache) }));

export default [
  ...inEach("is written with the session and answers for it", {
    async run(app) {
      const browser = await app.member();
      await get(browser, "cache read");
      await browser.send("GET", "/token", { rule: "cache read elsewhere" });
      await get(browser, "cache bypassed", "?disableCookieCache=true");
      await get(browser, "cache bypassed", "?disableCookieCache=false");
      await get(browser, "cache bypassed", "?disableCookieCache=1&disableRefresh=1");
      await get(browser, "cache read", "?disableCookieCache=");
      await browser.send("GET", "/token?disableCookieCache=1", { rule: "cache bypassed" });
      await browser.send("GET", "/list-accounts", { rule: "cache read elsewhere" });
      await browser.send("POST", "/update-user", { body: { name: "B" }, rule: "cache written" });
      await get(browser, "cache read");
      await browser.send("POST", "/verify-password", { body: { password: PASSWORD }, rule: "cache sensitive" });
      await browser.send("POST", "/revoke-other-sessions", { body: {}, rule: "cache sensitive" });
      await browser.send("GET", "/list-sessions", { rule: "cache fresh" });
      const body = { currentPassword: PASSWORD, newPassword: PASSWORD, revokeOtherSessions: true };
      await browser.send("POST", "/change-password", { body, rule: "cache written" });
      await get(browser, "cache read");
      await browser.send("POST", "/sign-out", { body: {}, rule: "cache cleared" });
      await browser.send("POST", "/sign-in/email", { body: { email: browser.email, password: PASSWORD }, rule: "cache written" });
      await get(browser, "cache read");
      await browser.send("POST", "/revoke-sessions", { body: {}, rule: "cache cleared" });
    },
  }),
  ...inEach("is as old as it is", {
    alone: true,
    async run(app) {
      const browser = await app.member();
      await rename(app);
      await get(browser, "cache old");
      await get(browser, "cache old", "?disableCookieCache=1");
      await get(browser, "cache old");
    },
  }),
  ...inEach("goes with the browser without rememberMe", {
    async run(app) {
      const browser = await app.member("forget", { rememberMe: false });
      const rule = "cache don't-remember";
      await get(browser, rule);
      await get(browser, rule, "?disableCookieCache=1");
      await browser.send("POST", "/update-user", { body: { name: "B" }, rule });
      await browser.send("POST", "/sign-in/email", { body: { email: browser.email, password: PASSWORD }, rule });
      await get(browser, rule);
    },
  }),
  ...inEach("is cut into chunks and put together", {
    async run(app) {
      const browser = await app.member();
      const rule = "cache chunks";
      for (const length of [2_000, 6_000, 6_000, 3_500, 2_000, 6_000, null]) {
        await image(browser, length, rule);
        await get(browser, rule);
        await get(browser, rule, "?disableCookieCache=1");
      }
      await image(browser, 6_000, rule);
      await browser.send("POST", "/sign-out", { body: {}, rule });
    },
  }),
  ...inEach("is renewed with the session", {
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.run('update session set "expiresAt" = ?', new Date(Date.now() + 143 * HOUR).toISOString()));
      await get(browser, "cache refreshed");
      await get(browser, "cache refreshed", "?disableCookieCache=1&disableRefresh=1");
      await browser.send("GET", "/token?disableCookieCache=1&disableRefresh=1", { rule: "cache refreshed" });
      await get(browser, "cache refreshed", "?disableCookieCache=1");
      await get(browser, "cache refreshed");
    },
  }),
  ...inEach("that is not this session's is replaced", {
    async run(app) {
      const [ada, bob] = [await app.member("ada"), await app.member("bob")];
      const rule = "cache strange";
      const token = ada.cookies().split("; ").find((pair) => pair.startsWith("better-auth.session_token="));
      const own = ada.cookie(NAME);
      const send = (cookie) => get(app.program(), rule, "", { cookie });
      for (const value of [bob.cookie(NAME), "junk", "", own.slice(0, -1), `${own}A`, own.replace(/.$/, "")]) await send(`${token}; ${NAME}=${value}`);
      await send(`${NAME}=${own}`);
      await send(`better-auth.session_token=${sign("A".repeat(32))}; ${NAME}=${own}`);
      await send(`${token}; ${NAME}.0=${own}`);
      await send(`${token}; ${NAME}.1=${own.slice(300)}; ${NAME}.0=${own.slice(0, 300)}`);
      await send(`${token}; ${NAME}.00=${own}; ${NAME}.x=${own}`);
      await app.program().send("GET", "/token", { headers: { cookie: `${token}; ${NAME}=junk` }, rule });
      const headers = { cookie: `${token}; ${NAME}=junk; ${NAME}.0=junk`, origin: app.origin };
      await app.program().send("POST", "/update-user", { headers, body: { name: "B" }, rule });
    },
  }),
  {
    name: "of another version or age is replaced",
    settings: cached("compact", { version: "2", maxAge: 60 }),
    async run(app) {
      const browser = await app.member();
      const { session, expiresAt } = JSON.parse(Buffer.from(browser.cookie(NAME), "base64url").toString());
      const write = (changed, end = expiresAt) => {
        const payload = { ...session, ...changed };
        const signature = createHmac("sha256", SECRET).update(JSON.stringify({ ...payload, expiresAt: end })).digest("base64url");
        return Buffer.from(JSON.stringify({ session: payload, expiresAt: end, signature })).toString("base64url");
      };
      const token = browser.cookies().split("; ").find((pair) => pair.startsWith("better-auth.session_token="));
      const send = (value) => get(app.program(), "cache strange", "", { cookie: `${token}; ${NAME}=${value}` });
      const ended = { ...session.session, expiresAt: new Date(Date.now() - 1000).toISOString() };
      for (const value of [write({}), write({ version: "1" }), write({ version: undefined }), write({}, Date.now() - 1000), write({ session: ended })]) await send(value);
      for (const value of [write({ user: undefined }), write({ session: { ...session.session, userId: undefined } }), write({ updatedAt: "now" })]) await send(value);
    },
  },
  {
    name: "says nothing of a deferred renewal",
    settings: { session: { deferSessionRefresh: true, cookieCache: { enabled: true } } },
    async run(app) {
      const browser = await app.member();
      await get(browser, "cache deferred");
      await get(browser, "cache deferred", "?disableCookieCache=1");
      await browser.send("POST", "/get-session", { body: {}, rule: "cache deferred" });
      await browser.send("POST", "/get-session?disableCookieCache=1", { body: {}, rule: "cache deferred" });
      await browser.send("GET", "/token?disableCookieCache=1", { rule: "cache deferred" });
    },
  },
  {
    name: "is deleted where none is used",
    async run(app) {
      const browser = await app.member();
      const rule = "cache off";
      const cookies = `${browser.cookies()}; ${NAME}=junk; ${NAME}.0=junk; ${NAME}.7=junk; ${NAME}.x=junk`;
      await get(app.program(), rule, "", { cookie: cookies });
      await get(app.program(), rule, "", { cookie: `${NAME}=junk` });
      await get(app.program(), rule, "", { cookie: `${NAME}.3=junk` });
      await app.program().send("GET", "/token", { headers: { cookie: cookies }, rule });
      await app.program().send("POST", "/sign-out", { headers: { cookie: cookies, origin: app.origin }, rule });
    },
  },
  {
    name: "outlives its session in the real server",
    settings: cached("compact"),
    alone: true,
    async run(app) {
      const browser = await app.member();
      const headers = { cookie: browser.cookies(), origin: app.origin };
      await app.meddle((db) => db.run("delete from session"));
      await get(app.program(), "cache ended", "", headers);
      await app.program().send("GET", "/token", { headers, rule: "cache ended" });
      await app.program().send("GET", "/list-sessions", { headers, rule: "cache ended" });
      await app.program().send("POST", "/revoke-sessions", { headers, rule: "cache ended" });
      await get(app.program(), "cache ended", "?disableCookieCache=1", headers);
    },
  },
];
