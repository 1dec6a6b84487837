// GET and POST /get-session: lifetimes, refresh, ends.
import { createHmac } from "node:crypto";

import { SECRET } from "../harness/app.mjs";

const HOUR = 3_600_000;
const at = (ms) => new Date(Date.now() + ms).toISOString();

/** Lets the only session end in `ms`, and with it the time it was last refreshed. */
const endIn = (app, ms) => app.meddle((db) => db.run('update session set "expiresAt" = ?', at(ms)));
const rowsLeft = async (app) => (await app.row("select count(*) as n from session")).n;
const endOf = (app) => app.row('select "expiresAt" from session');
const get = (visitor, rule, query = "") => visitor.send("GET", `/get-session${query}`, { rule });
const post = (visitor, rule) => visitor.send("POST", "/get-session", { body: {}, rule });

export default [
  {
    name: "is null for nobody and may not be stored",
    async run(app) {
      await get(app.program(), "session no-store");
      await get(await app.member(), "session no-store");
    },
  },
  {
    name: "is null for a token that is unknown",
    async run(app) {
      const token = "A".repeat(32);
      const signature = createHmac("sha256", SECRET).update(token).digest("base64");
      const headers = { cookie: `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`, origin: app.origin };
      const visitor = app.program();
      await visitor.send("GET", "/get-session", { headers, rule: "session unknown" });
      await visitor.send("GET", "/list-sessions", { headers, rule: "session expired elsewhere" });
      await visitor.send("GET", "/token", { headers, rule: "session expired elsewhere" });
      await visitor.send("POST", "/update-user", { headers, body: { name: "B" }, rule: "session expired elsewhere" });
      await visitor.send("POST", "/sign-out", { headers, rule: "session unknown" });
    },
  },
  {
    name: "is null after its end, and the row is gone",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const cookie = browser.cookies();
      await endIn(app, -1000);
      await get(browser, "session expired");
      app.note("rows left", await rowsLeft(app), "session expired");
      await app.program().send("GET", "/get-session", { headers: { cookie }, rule: "session unknown" });
    },
  },
  {
    name: "is a 401 after its end elsewhere",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const headers = { cookie: browser.cookies(), origin: app.origin };
      await endIn(app, -1000);
      const rule = "session expired elsewhere";
      await app.program().send("GET", "/list-sessions", { headers, rule });
      app.note("rows left", await rowsLeft(app), rule);
      await app.program().send("GET", "/token", { headers, rule });
      await app.program().send("POST", "/update-user", { headers, body: { name: "B" }, rule });
      await app.program().send("POST", "/revoke-sessions", { headers, rule });
    },
  },
  {
    name: "is null without its user",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.orphan('delete from "user"'));
      await get(browser, "session user gone");
    },
  },
  {
    name: "is refreshed once it is a day old",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await endIn(app, 145 * HOUR);
      await get(browser, "session not yet due");
      await endIn(app, 143 * HOUR);
      await get(browser, "session refresh disabled", "?disableRefresh=true");
      app.note("not moved", await endOf(app), "session refresh disabled");
      await get(browser, "session query truthy", "?disableRefresh=false");
      app.note("not moved", await endOf(app), "session query truthy");
      await get(browser, "session query truthy", "?disableRefresh=0&disableCookieCache=no");
      await get(browser, "session refreshed", "?disableRefresh=");
      app.note("moved", await endOf(app), "session refreshed");
      await get(browser, "session not yet due");
    },
  },
  {
    name: "is refreshed by other endpoints too",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const rule = "session refreshed elsewhere";
      const due = () => endIn(app, 143 * HOUR);
      await due();
      await browser.send("GET", "/list-sessions", { rule });
      await due();
      await browser.send("GET", "/token", { rule });
      await due();
      await browser.send("POST", "/update-user", { body: { name: "B" }, rule });
      await due();
      await browser.send("POST", "/revoke-other-sessions", { body: {}, rule });
      app.note("moved", await endOf(app), rule);
      await due();
      await browser.send("POST", "/sign-out", { body: {}, rule });
    },
  },
  {
    name: "is never refreshed without rememberMe",
    alone: true,
    async run(app) {
      const browser = await app.member("ada", { rememberMe: false });
      await endIn(app, HOUR);
      await get(browser, "session don't-remember");
      app.note("not moved", await endOf(app), "session don't-remember");
    },
  },
  {
    name: "follows the settings",
    settings: { session: { expiresIn: 7200, updateAge: 600, freshAge: 0 } },
    alone: true,
    async run(app) {
      const browser = await app.member();
      await get(browser, "session updateAge");
      await endIn(app, 6660_000);
      await get(browser, "session updateAge");
      await endIn(app, 6540_000);
      await get(browser, "session updateAge");
      await app.meddle((db) => db.run('update session set "createdAt" = ?', at(-100 * HOUR)));
      await browser.send("GET", "/list-sessions", { rule: "session freshAge off" });
    },
  },
  {
    name: "POST is for deferSessionRefresh and reads no body",
    async run(app) {
      const browser = await app.member();
      await post(browser, "session POST body");
      await browser.send("POST", "/get-session", { body: "junk", headers: { "content-type": "text/plain" }, rule: "session POST body" });
      await browser.send("POST", "/get-session", { body: "{junk", headers: { "content-type": "application/json" }, rule: "session POST body" });
      await post(app.program(), "session POST body");
    },
  },
  {
    name: "defers its refresh",
    settings: { session: { deferSessionRefresh: true } },
    alone: true,
    async run(app) {
      const browser = await app.member();
      const cookie = browser.cookies();
      await get(browser, "session defer GET");
      await endIn(app, 143 * HOUR);
      await get(browser, "session defer GET");
      app.note("not moved", await endOf(app), "session defer GET");
      await post(browser, "session defer POST");
      app.note("moved", await endOf(app), "session defer POST");
      await get(browser, "session defer GET");
      await post(app.program(), "session defer POST");
      await get(app.program(), "session defer GET");
      await endIn(app, -1000);
      await get(browser, "session defer expired");
      app.note("row left", await rowsLeft(app), "session defer expired");
      await app.program().send("POST", "/get-session", { headers: { cookie, origin: app.origin }, body: {}, rule: "session defer expired" });
      app.note("row left", await rowsLeft(app), "session defer expired");
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const headers = { cookie: browser.cookies() };
      await endIn(app, 143 * HOUR);
      for (const how of ["raise", "ignore", "delete"]) {
        await app.meddle((db) => db.refuse("session", "update", how));
        await app.program().send("GET", "/get-session", { headers });
        await app.meddle((db) => db.relent());
      }
    },
  },
];
