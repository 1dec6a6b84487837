// POST /sign-in/email
import { PASSWORD } from "../harness/app.mjs";

const PATH = "/sign-in/email";
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const signIn = (app, email, over, rule) => app.program().send("POST", PATH, { body: { email, password: PASSWORD, ...over }, rule });

export default [
  {
    name: "gives one answer to all who do not know the password",
    alone: true,
    async run(app) {
      const rule = "sign-in same for all";
      const { email, user } = await app.member();
      await signIn(app, email, { password: "wrong password" }, rule);
      await signIn(app, app.email("nobody"), {}, rule);
      await signIn(app, email, { password: "" }, rule);
      await app.meddle((db) => db.run('update account set password = null where "userId" = ?', user.id));
      await signIn(app, email, {}, rule);
      await app.meddle((db) => db.run('delete from account where "userId" = ?', user.id));
      await signIn(app, email, {}, rule);
    },
  },
  {
    name: "leaves the earlier session alone",
    async run(app) {
      const browser = await app.member();
      const earlier = { cookie: browser.cookies() };
      await browser.send("POST", PATH, { body: { email: browser.email, password: PASSWORD }, rule: "sign-in twice" });
      await browser.send("GET", "/get-session", { rule: "sign-in twice" });
      await app.program().send("GET", "/get-session", { headers: earlier, rule: "sign-in twice" });
      await browser.send("POST", "/sign-up/email", { body: { name: "B", email: app.email("b"), password: PASSWORD }, rule: "sign-in twice" });
      await browser.send("GET", "/get-session", { rule: "sign-in twice" });
    },
  },
  {
    name: "finds the user in any case",
    async run(app) {
      const { email } = await app.member();
      await signIn(app, email.toUpperCase(), {}, "sign-in case");
    },
  },
  {
    name: "refuses what is no address or too long a password before looking",
    async run(app) {
      await signIn(app, "nobody");
      await signIn(app, "");
      await signIn(app, app.email("nobody"), { password: "a".repeat(129) });
      await signIn(app, "nobody", { password: "a".repeat(129) });
    },
  },
  {
    name: "compares passwords after NFKC",
    async run(app) {
      const { email } = await app.member("nfkc", { password: "\ufb01le pass\u00adwo\u0308rd" });
      await signIn(app, email, { password: "file pass\u00adw\u00f6rd" }, "sign-in NFKC");
      await signIn(app, email, { password: "file passw\u00f6rd" }, "sign-in NFKC");
    },
  },
  {
    name: "accepts a form",
    async run(app) {
      const { email } = await app.member();
      const send = (over) =>
        app.program().send("POST", PATH, { headers: FORM, body: new URLSearchParams({ email, password: PASSWORD, ...over }).toString(), rule: "sign-in form" });
      await send({});
      await send({ rememberMe: "false" });
      await send({ password: "wrong password" });
      await send({ password: "" });
      await app.program().send("POST", PATH, { headers: FORM, body: "", rule: "sign-in form" });
    },
  },
  {
    name: "says where to go next",
    settings: { trustedOrigins: ["https://app.example", "https://*.wild.example"] },
    async run(app) {
      const { email } = await app.member();
      for (const callbackURL of ["/", "/dash", "/dash?a=b#c", "/a?u=%2f"]) await signIn(app, email, { callbackURL }, "sign-in callback relative");
      for (const callbackURL of ["https://app.example/x", "https://a.wild.example/x", `${app.origin}/x`]) {
        await signIn(app, email, { callbackURL }, "sign-in callback trusted");
      }
      await signIn(app, email, { callbackURL: "" }, "sign-in callback empty");
    },
  },
  {
    name: "goes nowhere it should not",
    settings: { trustedOrigins: ["https://app.example", "https://*.wild.example"] },
    async run(app) {
      const { email } = await app.member();
      const hostile = [
        "https://evil.example", "http://app.example", "https://wild.example/x", "https://app.example.evil/x", "https://app.example@evil.example/",
        "dash", "//evil.example", "/\\evil.example", "/%2f", "/%2F/evil.example", "/%5Cevil.example", "/\u0001", "/\t/evil.example", "javascript:alert(1)", "data:text/html,x",
        "https:app.example", "https:/evil.example", " https://evil.example",
      ];
      for (const callbackURL of hostile) await signIn(app, email, { callbackURL }, "sign-in callback hostile");
      for (const callbackURL of [5, true, {}, [], null]) await signIn(app, email, { callbackURL });
      for (const member of ["redirectTo", "errorCallbackURL", "newUserCallbackURL"]) {
        for (const value of ["https://evil.example", "/fine", 5]) await signIn(app, email, { [member]: value });
      }
    },
  },
  {
    name: "checks a callbackURL in the query",
    async run(app) {
      const { email } = await app.member();
      const body = { email, password: PASSWORD };
      for (const where of ["/fine", "https://evil.example"]) {
        await app.program().send("POST", `${PATH}?callbackURL=${encodeURIComponent(where)}`, { body, rule: "sign-in callback query" });
      }
    },
  },
  {
    name: "keeps the device with the session",
    settings: { advanced: { ipAddress: { ipAddressHeaders: ["x-forwarded-for"], trustedProxies: ["127.0.0.1"] } } },
    async run(app) {
      const { email } = await app.member();
      const visitor = app.browser();
      await visitor.send("POST", PATH, { body: { email, password: PASSWORD }, headers: { "user-agent": "Test/1.0", "x-forwarded-for": "203.0.113.9" }, rule: "sign-in device" });
      await visitor.send("GET", "/get-session", { rule: "sign-in device" });
    },
  },
  {
    name: "waits for the address to be verified, and tells only who knows the password",
    settings: { emailAndPassword: { requireEmailVerification: true } },
    alone: true,
    async run(app) {
      const { email } = await app.member();
      await signIn(app, email);
      await signIn(app, email, { password: "wrong password" });
      await app.meddle((db) => db.run('update "user" set banned = true'));
      await signIn(app, email, {}, "sign-in ban order");
      await app.meddle((db) => db.run('update "user" set banned = false, "emailVerified" = true'));
      await signIn(app, email);
    },
  },
  {
    name: "refuses the banned, and tells only who knows the password",
    alone: true,
    async run(app) {
      const { email } = await app.member();
      await app.meddle((db) => db.run(`update "user" set banned = true, "banReason" = 'because'`));
      await signIn(app, email);
      await signIn(app, email, { password: "wrong password" }, "sign-in ban order");
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
      await app.meddle((db) => db.run('update "user" set "banExpires" = ?', tomorrow));
      await signIn(app, email);
    },
  },
  {
    name: "lifts a ban that has elapsed",
    alone: true,
    async run(app) {
      const { email } = await app.member();
      const before = new Date(Date.now() - 60_000).toISOString();
      await app.meddle((db) => db.run(`update "user" set banned = true, "banReason" = 'because', "banExpires" = ?`, before));
      await signIn(app, email, {}, "sign-in ban elapsed");
      app.note("user", await app.row('select banned, "banReason", "banExpires" from "user"'), "sign-in ban elapsed");
      await signIn(app, email, {}, "sign-in ban elapsed");
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    async run(app) {
      const { email } = await app.member();
      for (const how of ["raise", "ignore"]) {
        await app.meddle((db) => db.refuse("session", "insert", how));
        await signIn(app, email);
        await app.meddle((db) => db.relent());
      }
      await app.meddle((db) => db.run("update account set password = 'no hash'"));
      await signIn(app, email);
    },
  },
];
