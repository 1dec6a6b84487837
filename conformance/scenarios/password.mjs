// POST /change-password
import { PASSWORD } from "../harness/app.mjs";

const NEW = "another password";
const change = (visitor, over, rule) => visitor.send("POST", "/change-password", { body: { currentPassword: PASSWORD, newPassword: NEW, ...over }, rule });
const signIn = (app, email, password, rule) => app.program().send("POST", "/sign-in/email", { body: { email, password }, rule });

export default [
  {
    name: "changes it",
    async run(app) {
      const browser = await app.member();
      await change(browser, {}, "password changed");
      await signIn(app, browser.email, PASSWORD, "password changed");
      await signIn(app, browser.email, NEW, "password changed");
      await browser.send("GET", "/get-session", { rule: "password changed" });
      await change(browser, { currentPassword: NEW, newPassword: NEW }, "password changed");
      await change(browser, { currentPassword: NEW, newPassword: PASSWORD, revokeOtherSessions: false }, "password changed");
    },
  },
  {
    name: "ends the other sessions when asked",
    async run(app) {
      const rule = "password revokes";
      const browser = await app.member();
      const other = app.browser();
      await other.send("POST", "/sign-in/email", { body: { email: browser.email, password: PASSWORD } });
      const headers = { cookie: browser.cookies() };
      await change(browser, { revokeOtherSessions: true }, rule);
      await app.program().send("GET", "/get-session", { headers, rule });
      await other.send("GET", "/get-session", { rule });
      await browser.send("GET", "/get-session", { rule });
      await browser.send("GET", "/list-sessions", { rule });
    },
  },
  {
    name: "refuses",
    async run(app) {
      const browser = await app.member();
      await change(browser, { newPassword: "1234567" });
      await change(browser, { newPassword: "" });
      await change(browser, { newPassword: "a".repeat(129) });
      await change(browser, { currentPassword: "a".repeat(129) });
      await change(browser, { currentPassword: "wrong password" });
      await change(browser, { currentPassword: "" });
      await change(browser, { currentPassword: "wrong password", newPassword: "short" }, "password order");
      await change(browser, { newPassword: "😀".repeat(4) });
      await change(app.program(), {});
    },
  },
  {
    name: "refuses without a credential account, and works in an old session",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.run('update session set "createdAt" = ?', new Date(Date.now() - 90_000_000).toISOString()));
      await change(browser, { newPassword: PASSWORD }, "password not fresh");
      await app.meddle((db) => db.run("update account set password = null"));
      await change(browser, {});
      await app.meddle((db) => db.run("delete from account"));
      await change(browser, {});
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.refuse("account", "update", "raise"));
      await change(browser, {});
    },
  },
];
