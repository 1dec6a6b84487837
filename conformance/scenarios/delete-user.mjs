// Deleting oneself: POST /delete-user, and the link that is mailed for it
import { PASSWORD } from "../harness/app.mjs";

const ask = (visitor, body = {}, rule) => visitor.send("POST", "/delete-user", { body, rule });
const follow = (visitor, link, rule) => visitor.send("GET", link, { rule });
const plain = (link) => link.split("&callbackURL")[0];
const on = (deleteUser = {}, rest = {}) => ({ user: { deleteUser: { enabled: true, ...deleteUser } }, ...rest });
const withMail = on({ sendDeleteAccountVerification: true });
const withoutMail = on({ sendDeleteAccountVerification: false });

/** What is left of a user in the database. */
async function left(app, email, rule) {
  const count = async (sql) => Number((await app.row(sql, email)).count);
  const user = await count('select count(*) as count from "user" where email = ?');
  const sessions = await count('select count(*) as count from session s join "user" u on s."userId" = u.id where u.email = ?');
  app.note("left", { user, sessions }, rule);
}

const makeOld = (app, email) =>
  app.meddle((db) => db.run('update session set "createdAt" = ? where "userId" = (select id from "user" where email = ?)', new Date(Date.now() - 2 * 86_400_000), email));

export default [
  {
    name: "at once, with a fresh session",
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      const other = app.browser();
      await other.send("POST", "/sign-in/email", { body: { email: ada.email, password: PASSWORD } });
      await ask(ada, { callbackURL: "/bye" }, "delete at once");
      await left(app, ada.email, "delete at once");
      await ada.send("GET", "/get-session", { rule: "delete at once" });
      await other.send("GET", "/get-session", { rule: "delete at once" });
      await app.program().send("POST", "/sign-in/email", { body: { email: ada.email, password: PASSWORD } });
      await app.member();
    },
  },
  {
    name: "at once, with the password",
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      for (const password of ["not the password", "x".repeat(129)]) await ask(ada, { password });
      await left(app, ada.email);
      await ask(ada, { password: PASSWORD }, "delete with password");
      await left(app, ada.email, "delete with password");
    },
  },
  {
    name: "with an old session",
    alone: true,
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      await makeOld(app, ada.email);
      await ask(ada);
      await ask(ada, { password: "" });
      await ask(ada, { password: PASSWORD }, "delete with password");
      await left(app, ada.email, "delete with password");
    },
  },
  {
    name: "with an old session where none is too old",
    alone: true,
    settings: { ...withoutMail, session: { freshAge: 0 } },
    async run(app) {
      const ada = await app.member();
      await makeOld(app, ada.email);
      await ask(ada, {}, "delete at once");
      await left(app, ada.email, "delete at once");
    },
  },
  {
    name: "without a password",
    alone: true,
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      await app.meddle((db) => db.run('delete from account where "userId" = (select id from "user" where email = ?)', ada.email));
      await ask(ada, { password: PASSWORD });
      await ask(ada, {}, "delete at once");
      await left(app, ada.email, "delete at once");
    },
  },
  {
    name: "by a mailed link",
    settings: withMail,
    async run(app) {
      const ada = await app.member();
      await ask(ada, { callbackURL: "/bye?x=1" }, "delete link");
      const { link, secret } = await app.mail(ada.email, "delete link");
      const [row] = await app.rows('select v.* from verification v join "user" u on v.value = u.id where u.email = ?', ada.email);
      app.note("row", { ...row, id: undefined, value: row.value === ada.user.id, identifier: row.identifier.replace(secret, "") }, "delete row");
      await follow(app.program(), link);
      await follow(ada, link.replace(secret, "x"));
      await left(app, ada.email, "delete link");
      await follow(ada, link, "delete link");
      await left(app, ada.email, "delete link");
      await ada.send("GET", "/get-session", { rule: "delete link" });
      await follow(ada, link);
    },
  },
  {
    name: "by a mailed link that leads nowhere else",
    settings: withMail,
    async run(app) {
      const ada = await app.member();
      await ask(ada, { password: "not the password" });
      await ask(ada, { password: PASSWORD }, "delete link");
      await follow(ada, plain((await app.mail(ada.email, "delete link")).link), "delete link");
      await left(app, ada.email, "delete link");
    },
  },
  {
    name: "by the secret of a mailed link",
    settings: withMail,
    async run(app) {
      const ada = await app.member();
      await ask(ada);
      const { secret } = await app.mail(ada.email);
      await ask(ada, { token: "unknown" });
      await ask(ada, { token: "" });
      await ask(ada, { token: secret, password: "not the password" });
      await ask(ada, { token: secret }, "delete link");
      await left(app, ada.email, "delete link");
    },
  },
  {
    name: "by the link of somebody else",
    settings: withMail,
    async run(app) {
      const [ada, eve] = [await app.member(), await app.member("eve")];
      await ask(ada);
      const { link, secret } = await app.mail(ada.email);
      await follow(eve, link, "delete other");
      await ask(eve, { token: secret }, "delete other");
      await left(app, eve.email, "delete other");
      await follow(ada, plain(link), "delete other spends");
      await left(app, ada.email, "delete other spends");
    },
  },
  {
    name: "by a link whose time has passed",
    alone: true,
    settings: withMail,
    async run(app) {
      const ada = await app.member();
      await ask(ada);
      const { link } = await app.mail(ada.email);
      await app.meddle((db) => db.run('update verification set "expiresAt" = ?', new Date(Date.now() - 1000)));
      await follow(ada, plain(link), "delete expired");
      await left(app, ada.email, "delete expired");
    },
  },
  {
    name: "by the official client",
    settings: withMail,
    async run(app) {
      const ada = await app.member();
      await ada.call((client) => client.deleteUser({ password: "not the password" }), { rule: "client delete" });
      await ada.call((client) => client.deleteUser({ callbackURL: "/bye" }), { rule: "client delete" });
      const { secret } = await app.mail(ada.email);
      await ada.call((client) => client.deleteUser({ token: secret }), { rule: "client delete" });
      await ada.call((client) => client.getSession(), { rule: "client delete" });
    },
  },
  {
    name: "refused",
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      for (const body of [{ password: 5 }, { token: null }, { callbackURL: 5 }, [], undefined]) await ask(app.program(), body);
      for (const body of [{ password: 5 }, { token: null, callbackURL: {} }, []]) await ask(ada, body);
      for (const callbackURL of ["https://evil.example", "account"]) await ask(ada, { callbackURL });
      await ask(app.program());
      for (const query of ["", "?token=", "?token=a&token=b", "?callbackURL=/a", "?token=a&callbackURL=https://evil.example"]) {
        await follow(ada, `/delete-user/callback${query}`);
      }
      await left(app, ada.email);
    },
  },
  {
    name: "switched off",
    async run(app) {
      const ada = await app.member();
      await ask(ada, { password: 5 });
      await ask(ada);
      await ask(app.program());
      await follow(ada, "/delete-user/callback?token=x");
      await follow(app.program(), "/delete-user/callback?token=x&callbackURL=/a");
      await follow(ada, "/delete-user/callback");
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    settings: withoutMail,
    async run(app) {
      const ada = await app.member();
      await app.meddle((db) => db.refuse("user", "delete", "raise"));
      await ask(ada);
    },
  },
];
