// What a banned user can still do with a session made before.
import { PASSWORD } from "../harness/app.mjs";

const ban = (app, until = null) =>
  app.meddle((db) => db.run(`update "user" set banned = true, "banReason" = 'because', "banExpires" = ?`, until));

export default [
  {
    name: "reads the session",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const headers = { cookie: browser.cookies() };
      await ban(app);
      await app.program().send("GET", "/get-session", { headers, rule: "banned session" });
    },
  },
  {
    name: "asks the other endpoints",
    alone: true,
    async run(app) {
      const rule = "banned elsewhere";
      const browser = await app.member();
      const headers = { cookie: browser.cookies(), origin: app.origin };
      await ban(app);
      const send = (method, path, body) => app.program().send(method, path, { headers, body, rule });
      await send("GET", "/list-sessions");
      await send("GET", "/token");
      await send("POST", "/update-user", { name: "B" });
      await send("POST", "/change-password", { currentPassword: PASSWORD, newPassword: PASSWORD, revokeOtherSessions: true });
      await send("POST", "/revoke-other-sessions", {});
      await send("POST", "/sign-out", {});
    },
  },
  {
    name: "reads the session after the ban has elapsed",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await ban(app, new Date(Date.now() - 60_000).toISOString());
      await browser.send("GET", "/get-session", { rule: "banned session" });
      await browser.send("GET", "/list-sessions", { rule: "banned elsewhere" });
    },
  },
];
