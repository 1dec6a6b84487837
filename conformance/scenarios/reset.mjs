// A forgotten password: POST /request-password-reset, GET and POST /reset-password; and POST /verify-password
import { PASSWORD } from "../harness/app.mjs";

const NEW = "another password";
const ask = (app, body, rule) => app.program().send("POST", "/request-password-reset", { body, rule });
const reset = (app, body, rule) => app.program().send("POST", "/reset-password", { body, rule });
const signIn = (app, email, password) => app.program().send("POST", "/sign-in/email", { body: { email, password } });
const follow = (app, link, rule) => app.program().send("GET", link, { rule });

/** A member to whom a link was mailed. */
async function forgetful(app, redirectTo = "/choose") {
  const browser = await app.member();
  await ask(app, { email: browser.email, redirectTo });
  return { browser, email: browser.email, ...(await app.mail(browser.email)) };
}

const rows = (app, email) =>
  app.rows('select v.* from verification v join "user" u on v.value = u.id where u.email = ? order by v."createdAt"', email);

export default [
  {
    name: "leads from a mail to another password",
    settings: { emailAndPassword: { revokeSessionsOnPasswordReset: true } },
    async run(app) {
      const { browser, email, link, secret } = await forgetful(app, "/choose?x=1#part");
      await follow(app, link, "reset link");
      const [row] = await rows(app, email);
      app.note("row", { ...row, id: undefined, value: row.value === browser.user.id }, "reset row");
      await reset(app, { newPassword: NEW, token: secret }, "reset once");
      await reset(app, { newPassword: NEW, token: secret }, "reset once");
      await follow(app, link, "reset once");
      app.note("rows left", (await rows(app, email)).length, "reset once");
      await signIn(app, email, PASSWORD);
      await signIn(app, email, NEW);
      await browser.send("GET", "/get-session", { rule: "reset sessions" });
    },
  },
  {
    name: "leaves or ends the sessions",
    async run(app) {
      const { browser, secret } = await forgetful(app);
      await reset(app, { newPassword: NEW, token: secret }, "reset sessions");
      await browser.send("GET", "/get-session", { rule: "reset sessions" });
    },
  },
  {
    name: "leaves the sessions alone where that is set",
    settings: { emailAndPassword: { revokeSessionsOnPasswordReset: false } },
    async run(app) {
      const browser = await app.member();
      await app.program().send("POST", "/send-verification-email", { body: { email: browser.email } });
      await follow(app, (await app.mail(browser.email)).link);
      await ask(app, { email: browser.email, redirectTo: "/choose" });
      const { secret } = await app.mail(browser.email);
      await reset(app, { newPassword: NEW, token: secret }, "reset sessions");
      await browser.send("GET", "/get-session", { rule: "reset sessions" });
    },
  },
  {
    name: "of somebody whose address was not verified",
    settings: { emailAndPassword: { revokeSessionsOnPasswordReset: false } },
    async run(app) {
      const { browser, secret } = await forgetful(app);
      await reset(app, { newPassword: NEW, token: secret }, "reset unverified");
      await browser.send("GET", "/get-session", { rule: "reset unverified" });
    },
  },
  {
    name: "by the official client",
    async run(app) {
      const browser = await app.member();
      await browser.call((client) => client.requestPasswordReset({ email: browser.email, redirectTo: "/choose" }), { rule: "client reset" });
      const { secret } = await app.mail(browser.email);
      await browser.call((client) => client.resetPassword({ newPassword: NEW, token: "bad" }), { rule: "client reset" });
      await browser.call((client) => client.resetPassword({ newPassword: NEW, token: secret }), { rule: "client reset" });
      await browser.call((client) => client.signIn.email({ email: browser.email, password: NEW }), { rule: "client reset" });
    },
  },
  {
    name: "of an address nobody has",
    async run(app) {
      const email = app.email("nobody");
      await ask(app, { email, redirectTo: "/choose" });
      await app.mail(email);
    },
  },
  {
    name: "without a page of one's own",
    async run(app) {
      for (const [name, redirectTo] of [["ada"], ["eve", ""]]) {
        const browser = await app.member(name);
        await ask(app, { email: browser.email, redirectTo });
        const { secret } = await app.mail(browser.email);
        await follow(app, `/reset-password/${secret}?callbackURL=`);
      }
      await follow(app, "/reset-password/unknown?callbackURL=");
    },
  },
  {
    name: "asked for in other words",
    settings: { trustedOrigins: ["https://app.example", "https://*.wild.example", "myapp://"] },
    async run(app) {
      const { email } = await app.member();
      await ask(app, { email: email.toUpperCase(), redirectTo: `${app.origin}/x?y=1&z=ü` });
      await follow(app, (await app.mail(email)).link, "reset link");
      for (const redirectTo of ["https://app.example/r", "https://a.wild.example", "myapp://open/r"]) {
        await ask(app, { email, redirectTo });
        await follow(app, (await app.mail(email)).link, "reset link");
      }
      for (const redirectTo of ["https://evil.example", "choose", "//evil.example", "/\\evil", "/%2f", "javascript:alert(1)", 5, null, {}]) {
        await ask(app, { email, redirectTo });
      }
      for (const body of [{}, undefined, [], { email: "nobody" }, { email: 5 }]) await ask(app, body);
      await app.mail(email);
    },
  },
  {
    name: "by links that are not right",
    async run(app) {
      const { secret } = await forgetful(app);
      await follow(app, "/reset-password/unknown?callbackURL=/r%3Fa%3Db");
      await follow(app, `/reset-password/${secret}?callbackURL=/r%3Ftoken%3Devil%26a%3Db`);
      await follow(app, `/reset-password/${secret}`);
      await follow(app, `/reset-password/${secret}?callbackURL=/a&callbackURL=/b`);
      await follow(app, `/reset-password/${secret}?callbackURL=https://evil.example`);
      await follow(app, `/reset-password/${secret}?callbackURL=choose`);
    },
  },
  {
    name: "refused",
    async run(app) {
      const { secret: token } = await forgetful(app);
      await reset(app, { newPassword: "short" }, "reset order");
      await reset(app, { newPassword: "short", token: "unknown" }, "reset order");
      await reset(app, { newPassword: NEW, token: "unknown" }, "reset order");
      await reset(app, { newPassword: "a".repeat(129), token });
      await reset(app, { newPassword: "", token });
      await reset(app, { newPassword: NEW, token: "" });
      for (const body of [{}, undefined, [], { newPassword: 5 }, { newPassword: NEW, token: 5 }, { newPassword: NEW, token: null }]) {
        await reset(app, body);
      }
      await app.program().send("POST", `/reset-password?token=${token}`, { body: { newPassword: NEW, token: "unknown" }, rule: "reset query" });
      await app.program().send("POST", "/reset-password?token=unknown", { body: { newPassword: NEW, token }, rule: "reset query" });
    },
  },
  {
    name: "with the token in the query",
    async run(app) {
      const { secret: token } = await forgetful(app);
      await app.program().send("POST", `/reset-password?token=${token}`, { body: { newPassword: NEW }, rule: "reset query" });
    },
  },
  {
    name: "of a user without a password, and of one who is gone",
    alone: true,
    async run(app) {
      const { browser, email, secret } = await forgetful(app);
      await app.meddle((db) => db.run("delete from account"));
      await reset(app, { newPassword: NEW, token: secret }, "reset without a password");
      await signIn(app, email, NEW);
      await app.meddle((db) => db.run("update account set password = null"));
      await browser.send("POST", "/sign-in/email", { body: { email, password: NEW } });
      await ask(app, { email, redirectTo: "/choose" });
      const again = await app.mail(email);
      await reset(app, { newPassword: PASSWORD, token: again.secret }, "reset without a password");
      await signIn(app, email, PASSWORD);
      await ask(app, { email, redirectTo: "/choose" });
      const late = await app.mail(email);
      await app.meddle((db) => db.run('delete from "user"'));
      await follow(app, late.link);
      await reset(app, { newPassword: NEW, token: late.secret });
    },
  },
  {
    name: "too late",
    alone: true,
    async run(app) {
      const { link, secret } = await forgetful(app);
      await app.meddle((db) => db.run('update verification set "expiresAt" = ?', new Date(Date.now() - 1000).toISOString()));
      await follow(app, link, "reset expired");
      await reset(app, { newPassword: NEW, token: secret }, "reset expired");
    },
  },
  {
    name: "within a time that is set",
    settings: { emailAndPassword: { resetPasswordTokenExpiresIn: 600 } },
    async run(app) {
      const { email } = await forgetful(app);
      app.note("expiresAt", (await rows(app, email))[0].expiresAt);
    },
  },
  {
    name: "switched off",
    settings: { emailAndPassword: { sendResetPassword: false } },
    async run(app) {
      await ask(app, { email: app.email("ada") });
      await ask(app, {});
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    async run(app) {
      const { email, secret } = await forgetful(app);
      await app.meddle((db) => db.refuse("account", "update", "raise"));
      await reset(app, { newPassword: NEW, token: secret });
      await app.meddle((db) => db.relent());
      await reset(app, { newPassword: NEW, token: secret });
      await app.meddle((db) => db.refuse("verification", "insert", "raise"));
      await ask(app, { email });
    },
  },
  {
    name: "confirms a password",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const verify = (visitor, body) => visitor.send("POST", "/verify-password", { body });
      for (const body of [{ password: PASSWORD }, { password: "wrong" }, { password: "" }, { password: "a".repeat(129) }, { password: 5 }, {}, undefined]) {
        await verify(browser, body);
      }
      await verify(app.program(), { password: PASSWORD });
      await verify(app.program(), {});
      await app.meddle((db) => db.run("update account set password = null"));
      await verify(browser, { password: PASSWORD });
    },
  },
];
