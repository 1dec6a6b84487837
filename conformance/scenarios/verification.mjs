// Showing that an address is its user's: POST /send-verification-email and GET /verify-email
import { createHmac } from "node:crypto";

import { PASSWORD, SECRET } from "../harness/app.mjs";

const ask = (visitor, body, rule) => visitor.send("POST", "/send-verification-email", { body, rule });
const follow = (visitor, link, rule) => visitor.send("GET", link, { rule });
const signIn = (app, email, rest = {}) => app.program().send("POST", "/sign-in/email", { body: { email, password: PASSWORD, ...rest } });
const verified = (app, email) => app.row('select "emailVerified" from "user" where email = ?', email).then((row) => Boolean(row?.emailVerified));

/** A token of the form that links carry, made by whoever knows the secret. */
export function tokenOf(claims, { header = { alg: "HS256" }, secret = SECRET, age = 0, life = 3600 } = {}) {
  const iat = Math.floor(Date.now() / 1000) - age;
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part({ ...claims, iat, exp: iat + life })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
const linkOf = (token, callbackURL) => `/verify-email?token=${token}${callbackURL === undefined ? "" : `&callbackURL=${encodeURIComponent(callbackURL)}`}`;

/** A member to whom a link was mailed. */
async function member(app, callbackURL) {
  const browser = await app.member();
  await ask(app.program(), { email: browser.email, callbackURL });
  return { browser, email: browser.email, ...(await app.mail(browser.email, "verify link")) };
}

const required = { emailAndPassword: { requireEmailVerification: true } };

export default [
  {
    name: "by a link in a mail",
    async run(app) {
      const { browser, email, link, secret } = await member(app, "/welcome?x=1#part");
      await follow(app.program(), link, "verify link");
      app.note("verified", await verified(app, email), "verify link");
      await browser.send("GET", "/get-session");
      await follow(app.program(), link, "verify again");
      await follow(app.program(), linkOf(secret), "verify again");
      await follow(app.program(), linkOf(secret, ""), "verify again");
    },
  },
  {
    name: "by the official client",
    async run(app) {
      const browser = await app.member();
      await browser.call((client) => client.sendVerificationEmail({ email: browser.email, callbackURL: "/in" }), { rule: "client verify" });
      const { secret } = await app.mail(browser.email);
      await browser.call((client) => client.verifyEmail({ query: { token: "bad" } }), { rule: "client verify" });
      await browser.call((client) => client.verifyEmail({ query: { token: secret } }), { rule: "client verify" });
      await browser.call((client) => client.sendVerificationEmail({ email: browser.email }), { rule: "client verify" });
    },
  },
  {
    name: "asked for by nobody",
    async run(app) {
      const { email, link } = await member(app);
      await ask(app.program(), { email: app.email("nobody") }, "verify same for all");
      await app.mail(app.email("nobody"));
      await follow(app.program(), link);
      await ask(app.program(), { email: email.toUpperCase() }, "verify same for all");
      await app.mail(email, "verify same for all");
      for (const body of [{}, undefined, [], { email: "nobody" }, { email: 5 }, { email, callbackURL: null }]) await ask(app.program(), body);
      for (const callbackURL of ["https://evil.example", "welcome", "//evil.example", 5]) await ask(app.program(), { email, callbackURL });
      await app.mail(email);
    },
  },
  {
    name: "asked for by somebody",
    async run(app) {
      const browser = await app.member();
      await ask(browser, { email: app.email("eve") });
      await ask(browser, { email: browser.email.toUpperCase(), callbackURL: "" });
      const { link } = await app.mail(browser.email, "verify link");
      await follow(browser, link);
      await ask(browser, { email: browser.email });
      await ask(browser, { email: app.email("eve") });
      await app.mail(browser.email);
    },
  },
  {
    name: "by links that are not right",
    async run(app) {
      const { email, browser, secret } = await member(app);
      const { id: userId } = browser.user;
      const forged = [
        "unknown",
        `${secret}x`,
        tokenOf({ email, userId }, { secret: "x".repeat(36) }),
        tokenOf({ email, userId }, { header: { alg: "none" } }),
        tokenOf({ email, userId }, { age: 7200 }),
        tokenOf({ email, userId: "somebody else" }),
        tokenOf({ email: app.email("nobody") }),
      ];
      for (const token of forged) {
        await follow(app.program(), linkOf(token), "verify refused");
        await follow(app.program(), linkOf(token, "/welcome?x=1#part"), "verify refused");
      }
      await follow(app.program(), linkOf("unknown", `${app.origin}?x=1&`), "verify refused");
      for (const callbackURL of ["https://evil.example", "welcome", "//evil.example", "/\\evil"]) await follow(app.program(), linkOf(secret, callbackURL));
      for (const link of ["/verify-email", "/verify-email?callbackURL=/a", `${linkOf(secret)}&token=x`, `${linkOf(secret, "/a")}&callbackURL=/b`]) {
        await follow(app.program(), link);
      }
      app.note("verified", await verified(app, email), "verify refused");
    },
  },
  {
    name: "by tokens of another kind",
    async run(app) {
      const { email, browser } = await member(app);
      const { id: sub } = browser.user;
      await follow(app.program(), linkOf(tokenOf({ sub, sid: "x", jti: "x" })), "verify kinds");
      await follow(app.program(), linkOf(tokenOf({ sub, email })), "verify kinds");
      await follow(app.program(), linkOf(tokenOf({ session: {}, user: { email }, updatedAt: 0, version: "1" })), "verify kinds");
      const bearer = app.bearer(tokenOf({ email, userId: sub }));
      await bearer.send("GET", "/get-session", { rule: "verify kinds" });
    },
  },
  {
    name: "by the link of a server that does not say whose address it is",
    async run(app) {
      const { email } = await member(app);
      await follow(app.program(), linkOf(tokenOf({ email })), "verify without a user");
      app.note("verified", await verified(app, email), "verify without a user");
    },
  },
  {
    name: "before the first sign-in",
    settings: required,
    async run(app) {
      const { email } = await app.member("ada", { callbackURL: "/welcome" });
      const { link } = await app.mail(email, "verify sign-up");
      await signIn(app, email, { callbackURL: "/in" });
      await app.member("ada");
      await app.mail(email, "verify sign-up");
      await follow(app.program(), link);
      await signIn(app, email);
      await app.mail(email);
    },
  },
  {
    name: "before the first sign-in, with another mail for it",
    settings: { ...required, emailVerification: { sendOnSignIn: true, sendOnSignUp: false } },
    async run(app) {
      const { email } = await app.member();
      await app.mail(email, "verify sign-in");
      await app.program().send("POST", "/sign-in/email", { body: { email, password: "wrong password" } });
      await app.mail(email, "verify sign-in");
      await signIn(app, email, { callbackURL: "/in" });
      const { link } = await app.mail(email, "verify sign-in");
      await follow(app.program(), link);
      await signIn(app, email);
      await app.mail(email);
    },
  },
  {
    name: "after a sign-up that signs in",
    settings: { emailVerification: { sendOnSignUp: true } },
    async run(app) {
      const browser = await app.member();
      const { link } = await app.mail(browser.email, "verify sign-up");
      await follow(browser, link);
      await browser.send("GET", "/get-session");
    },
  },
  {
    name: "and signs in",
    settings: { ...required, emailVerification: { autoSignInAfterVerification: true } },
    async run(app) {
      const { email } = await app.member();
      const { link, secret } = await app.mail(email);
      const browser = app.browser();
      await follow(browser, link, "verify signs in");
      await browser.send("GET", "/get-session", { rule: "verify signs in" });
      const late = app.browser();
      await follow(late, linkOf(secret), "verify signs in");
      await late.send("GET", "/get-session", { rule: "verify signs in" });
    },
  },
  {
    name: "and signs in whoever is not signed in yet",
    settings: { emailVerification: { autoSignInAfterVerification: true } },
    async run(app) {
      const ada = await app.member();
      await ask(app.program(), { email: ada.email });
      const { secret } = await app.mail(ada.email);
      await follow(ada, linkOf(secret), "verify stays signed in");
      await ada.send("GET", "/get-session", { rule: "verify stays signed in" });
      const eve = await app.member("eve");
      const bob = await app.member("bob");
      await ask(app.program(), { email: bob.email });
      const another = await app.mail(bob.email);
      await follow(eve, linkOf(another.secret), "verify signs in");
      await eve.send("GET", "/get-session", { rule: "verify signs in" });
    },
  },
  {
    name: "of a banned user",
    alone: true,
    settings: { emailVerification: { autoSignInAfterVerification: true } },
    async run(app) {
      const { email, secret } = await member(app);
      await app.meddle((db) => db.run('update "user" set banned = true'));
      await follow(app.program(), linkOf(secret), "verify banned");
      app.note("verified", await verified(app, email), "verify banned");
    },
  },
  {
    name: "within a time that is set",
    settings: { emailVerification: { expiresIn: 600 } },
    async run(app) {
      const { secret } = await member(app);
      const { iat, exp, ...claims } = JSON.parse(Buffer.from(secret.split(".")[1], "base64url"));
      app.note("header", Buffer.from(secret.split(".")[0], "base64url").toString(), "verify token");
      app.note("token", { ...claims, life: exp - iat, userId: claims.userId === undefined ? "nobody" : "somebody" }, "verify token");
    },
  },
  {
    name: "switched off",
    settings: { emailVerification: { sendVerificationEmail: false } },
    async run(app) {
      await ask(app.program(), { email: app.email("ada") });
      await ask(app.program(), {});
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    settings: { emailVerification: { autoSignInAfterVerification: true } },
    async run(app) {
      const { email, secret } = await member(app);
      await app.meddle((db) => db.refuse("user", "update", "raise"));
      await follow(app.program(), linkOf(secret));
      await app.meddle((db) => db.relent());
      await app.meddle((db) => db.refuse("session", "insert", "ignore"));
      await follow(app.program(), linkOf(secret));
      app.note("verified", await verified(app, email));
    },
  },
];
