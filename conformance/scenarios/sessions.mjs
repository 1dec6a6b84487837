// GET /list-sessions and the POSTs that end sessions.
import { PASSWORD } from "../harness/app.mjs";

const count = async (app, user) => (await app.row('select count(*) as n from session where "userId" = ?', user.id)).n;
const tokens = async (app, user) => (await app.rows('select token from session where "userId" = ? order by "createdAt"', user.id)).map(({ token }) => token);
const another = async (app, email) => {
  const browser = app.browser();
  await browser.send("POST", "/sign-in/email", { body: { email, password: PASSWORD } });
  return browser;
};

export default [
  {
    name: "lists the active ones of the caller",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.member("grace");
      await another(app, browser.email);
      await another(app, browser.email);
      await browser.send("GET", "/list-sessions", { rule: "list own" });
      const [, second] = await tokens(app, browser.user);
      await app.meddle((db) => db.run('update session set "expiresAt" = ? where token = ?', new Date(Date.now() - 1000).toISOString(), second));
      await browser.send("GET", "/list-sessions", { rule: "list active" });
      await app.program().send("GET", "/list-sessions");
    },
  },
  {
    name: "lists only for a fresh session",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.run('update session set "createdAt" = ?', new Date(Date.now() - 86_460_000).toISOString()));
      await browser.send("GET", "/list-sessions");
      await app.meddle((db) => db.run('update session set "createdAt" = ?', new Date(Date.now() - 86_340_000).toISOString()));
      await browser.send("GET", "/list-sessions");
    },
  },
  {
    name: "lists no more than a hundred",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const copy = `insert into session (id, token, "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
        select ?, ?, "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId" from session limit 1`;
      await app.meddle(async (db) => {
        for (let n = 0; n < 104; n++) await db.run(copy, `copy${n}`, `copy${n}`.padEnd(32, "x"));
      });
      const { json } = await app.program().send("GET", "/list-sessions", { headers: { cookie: browser.cookies() } });
      app.note("listed", json.length, "list hundred");
    },
  },
  {
    name: "ends one of the caller's own",
    async run(app) {
      const browser = await app.member();
      const stranger = await app.member("grace");
      const other = await another(app, browser.email);
      const revoke = (token, rule) => browser.send("POST", "/revoke-session", { body: { token }, rule });
      const [current, second] = await tokens(app, browser.user);
      const [foreign] = await tokens(app, stranger.user);
      const headers = { cookie: browser.cookies(), origin: app.origin };

      await revoke("unknown", "revoke unknown");
      await revoke("", "revoke unknown");
      await revoke(foreign, "revoke foreign");
      app.note("the stranger's", await count(app, stranger.user), "revoke foreign");
      await stranger.send("GET", "/get-session", { rule: "revoke foreign" });
      await revoke(second, "revoke own");
      await other.send("GET", "/get-session", { rule: "revoke own" });
      app.note("left", await count(app, browser.user), "revoke own");
      await revoke(current, "revoke current");
      app.note("left", await count(app, browser.user), "revoke current");
      await app.program().send("POST", "/revoke-session", { headers, body: { token: "x" } });
      await app.program().send("POST", "/revoke-session", { body: { token: "x" } });
    },
  },
  {
    name: "ends all but this one",
    async run(app) {
      const browser = await app.member();
      const other = await another(app, browser.email);
      await another(app, browser.email);
      await browser.send("POST", "/revoke-other-sessions", { body: {}, rule: "revoke others" });
      app.note("left", await count(app, browser.user), "revoke others");
      await browser.send("GET", "/get-session", { rule: "revoke others" });
      await other.send("GET", "/get-session", { rule: "revoke others" });
      await browser.send("POST", "/revoke-other-sessions", { rule: "revoke others" });
      await app.program().send("POST", "/revoke-other-sessions", { body: {} });
    },
  },
  {
    name: "ends all",
    async run(app) {
      const browser = await app.member();
      const other = await another(app, browser.email);
      await browser.send("POST", "/revoke-sessions", { body: {}, rule: "revoke all" });
      app.note("left", await count(app, browser.user), "revoke all");
      await browser.send("GET", "/get-session", { rule: "revoke all" });
      await other.send("GET", "/get-session", { rule: "revoke all" });
      await app.program().send("POST", "/revoke-sessions", { body: {} });
    },
  },
  {
    name: "take any JSON where no member is asked for",
    async run(app) {
      const { email } = await app.member();
      for (const body of ["[]", "null", "5", '"s"', '{"x":1}', ""]) {
        for (const path of ["/revoke-sessions", "/revoke-other-sessions"]) {
          const browser = await another(app, email);
          await browser.send("POST", path, { body, headers: { "content-type": "application/json" }, rule: "revoke any body" });
        }
      }
    },
  },
  {
    name: "say what the database made impossible",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const headers = { cookie: browser.cookies(), origin: app.origin };
      const [current] = await tokens(app, browser.user);
      await app.meddle((db) => db.refuse("session", "delete", "raise"));
      const send = (path, body) => app.program().send("POST", path, { headers, body });
      await send("/revoke-session", { token: current });
      await send("/revoke-sessions", {});
      await send("/revoke-other-sessions", {});
      await send("/sign-out", {});
    },
  },
  {
    name: "sign-out ends the session whatever else it is told",
    async run(app) {
      const bodies = [undefined, {}, { callbackURL: "/x", disableRedirect: false, state: "s" }, { unknown: 1 }];
      for (const [index, body] of bodies.entries()) {
        const browser = await app.member(`ada${index}`);
        await browser.send("POST", "/sign-out", { body });
        app.note("left", await count(app, browser.user));
      }
      const refused = [{ callbackURL: "https://evil.example" }, { callbackURL: 5 }, { disableRedirect: "x", state: 5 }, []];
      for (const body of refused) await app.program().send("POST", "/sign-out", { body });
    },
  },
];
