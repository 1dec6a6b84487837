// Taking another address: POST /change-email, and the links that are mailed for it
import { PASSWORD } from "../harness/app.mjs";
import { tokenOf } from "./verification.mjs";

const change = (visitor, newEmail, rest = {}, rule) => visitor.send("POST", "/change-email", { body: { newEmail, ...rest }, rule });
const follow = (visitor, link, rule) => visitor.send("GET", link, { rule });
const seen = (visitor, rule) => visitor.send("GET", "/get-session", { rule });
const plain = (link) => link.split("&callbackURL")[0];

/** A member whose address is verified, if that is wished. */
async function member(app, { name = "ada", verified = true } = {}) {
  const browser = await app.member(name);
  if (verified) {
    await app.program().send("POST", "/send-verification-email", { body: { email: browser.email } });
    await follow(browser, (await app.mail(browser.email)).link);
  }
  return browser;
}

const on = (changeEmail = {}, rest = {}) => ({ user: { changeEmail: { enabled: true, sendChangeEmailConfirmation: true, ...changeEmail } }, ...rest });

export default [
  {
    name: "with both addresses agreeing",
    settings: on(),
    async run(app) {
      const ada = await member(app);
      const next = app.email("countess");
      await change(ada, next.toUpperCase(), { callbackURL: "/account?x=1" }, "change confirmed");
      await app.mail(next);
      const old = await app.mail(ada.email, "change confirmed");
      await follow(app.program(), old.link, "change confirmed");
      await seen(ada, "change confirmed");
      const { link } = await app.mail(next, "change confirmed");
      await follow(ada, link, "change verified");
      await seen(ada, "change verified");
      await follow(ada, link, "change verified");
      await follow(ada, old.link, "change old links");
    },
  },
  {
    name: "with links that lead nowhere else",
    settings: on(),
    async run(app) {
      const ada = await member(app);
      const next = app.email("countess");
      await change(ada, next);
      await follow(app.program(), plain((await app.mail(ada.email)).link), "change confirmed");
      await follow(app.program(), plain((await app.mail(next)).link), "change verified");
      await seen(ada, "change verified");
      await app.program().send("POST", "/sign-in/email", { body: { email: ada.email, password: PASSWORD } });
      await app.program().send("POST", "/sign-in/email", { body: { email: next, password: PASSWORD } });
    },
  },
  {
    name: "by the official client",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      const next = app.email("countess");
      await ada.call((client) => client.changeEmail({ newEmail: ada.email }), { rule: "client change" });
      await ada.call((client) => client.changeEmail({ newEmail: next, callbackURL: "/in" }), { rule: "client change" });
      const { secret } = await app.mail(next);
      await ada.call((client) => client.verifyEmail({ query: { token: secret } }), { rule: "client change" });
      await ada.call((client) => client.getSession(), { rule: "client change" });
    },
  },
  {
    name: "of an address that is not verified",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      const next = app.email("countess");
      await change(ada, next, {}, "change unknown");
      await app.mail(ada.email, "change unknown");
      await follow(ada, plain((await app.mail(next, "change unknown")).link), "change unknown");
      await seen(ada, "change unknown");
    },
  },
  {
    name: "without asking the old one",
    settings: on({ sendChangeEmailConfirmation: false }),
    async run(app) {
      const ada = await member(app);
      const next = app.email("countess");
      await change(ada, next, { callbackURL: "" }, "change verified");
      await app.mail(ada.email);
      await follow(app.program(), (await app.mail(next)).link, "change verified");
      await seen(ada, "change verified");
    },
  },
  {
    name: "at once",
    settings: on({ updateEmailWithoutVerification: true }),
    async run(app) {
      const eve = await member(app, { name: "eve", verified: false });
      const ada = await member(app, { verified: false });
      await change(ada, eve.email, {}, "change taken");
      await seen(ada, "change taken");
      const next = app.email("countess");
      await change(ada, next, { callbackURL: "/in" }, "change at once");
      await seen(ada, "change at once");
      await follow(ada, (await app.mail(next, "change at once")).link, "change at once");
      await seen(ada, "change at once");
      await change(ada, app.email("other"), {}, "change at once");
      await app.mail(next, "change at once");
      await seen(ada, "change at once");
    },
  },
  {
    name: "at once, without mails",
    settings: on({ updateEmailWithoutVerification: true }, { emailVerification: { sendVerificationEmail: false } }),
    async run(app) {
      const ada = await member(app, { verified: false });
      await change(ada, app.email("countess"), {}, "change at once");
      await app.mail(app.email("countess"));
      await seen(ada, "change at once");
    },
  },
  {
    name: "to a taken address",
    settings: on(),
    async run(app) {
      const eve = await member(app, { name: "eve", verified: false });
      const ada = await member(app);
      await change(ada, eve.email, {}, "change taken");
      await app.mail(ada.email, "change taken");
      await app.mail(eve.email, "change taken");
    },
  },
  {
    name: "to an address that is taken meanwhile",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      const next = app.email("countess");
      await change(ada, next);
      const { link } = await app.mail(next);
      await app.member("countess");
      await follow(ada, link, "change taken");
      await follow(ada, plain(link), "change taken");
      await seen(ada, "change taken");
    },
  },
  {
    name: "to two addresses",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      await app.program().send("POST", "/send-verification-email", { body: { email: ada.email } });
      const verification = await app.mail(ada.email);
      await change(ada, app.email("first"));
      const first = await app.mail(app.email("first"));
      await change(ada, app.email("second"));
      const second = await app.mail(app.email("second"));
      await follow(app.program(), plain(second.link));
      for (const { link } of [first, verification]) await follow(app.program(), plain(link), "change old links");
      await seen(ada, "change old links");
    },
  },
  {
    name: "after a link to choose a password was mailed to the old address",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      await app.program().send("POST", "/request-password-reset", { body: { email: ada.email, redirectTo: "/choose" } });
      const reset = await app.mail(ada.email);
      const next = app.email("countess");
      await change(ada, next);
      await follow(app.program(), plain((await app.mail(next)).link));
      await follow(app.program(), reset.link, "change old links");
    },
  },
  {
    name: "while the password is set anew",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      const next = app.email("countess");
      const userId = ada.user.id;
      const late = tokenOf({ email: ada.email, updateTo: next, requestType: "change-email-verification", userId }, { age: 60 });
      await ada.send("POST", "/change-password", { body: { currentPassword: PASSWORD, newPassword: PASSWORD } });
      await follow(app.program(), `/verify-email?token=${late}`, "change after password");
      await seen(ada, "change after password");
    },
  },
  {
    name: "of somebody else",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      const eve = await member(app, { name: "eve", verified: false });
      const next = app.email("countess");
      await change(ada, next);
      const { link } = await app.mail(next);
      await follow(eve, link, "change other");
      await follow(eve, plain(link), "change other");
      await seen(eve, "change other");
      await follow(app.program(), plain(link), "change other");
    },
  },
  {
    name: "by tokens that are not right",
    settings: on(),
    async run(app) {
      const { email, user } = await member(app, { verified: false });
      const userId = user.id;
      const updateTo = app.email("countess");
      const asks = (requestType) => ({ email, updateTo, requestType, userId });
      for (const claims of [
        { email, updateTo, requestType: "change-email-verification" },
        { ...asks("change-email-verification"), userId: "nobody" },
        { ...asks("change-email-verification"), email: app.email("nobody") },
        { ...asks("change-email-confirmation"), userId: "nobody" },
      ]) {
        await follow(app.program(), `/verify-email?token=${tokenOf(claims)}`);
      }
      await follow(app.program(), `/verify-email?token=${tokenOf(asks("change-email-verification"), { age: 7200 })}`);
      await follow(app.program(), `/verify-email?token=${tokenOf({ email, updateTo, userId })}`, "change without a purpose");
    },
  },
  {
    name: "refused",
    settings: on(),
    async run(app) {
      const ada = await member(app, { verified: false });
      await change(ada, ada.email);
      await change(ada, ada.email.toUpperCase());
      for (const body of [{}, undefined, [], { newEmail: "nobody" }, { newEmail: 5 }, { newEmail: ada.email, callbackURL: 5 }]) {
        await ada.send("POST", "/change-email", { body });
      }
      for (const callbackURL of ["https://evil.example", "account", "//evil.example"]) await change(ada, app.email("countess"), { callbackURL });
      await change(app.program(), app.email("countess"));
      await app.program().send("POST", "/change-email", { body: {} });
      await app.mail(app.email("countess"));
    },
  },
  {
    name: "switched off",
    async run(app) {
      const ada = await member(app, { verified: false });
      await change(ada, app.email("countess"));
      await change(app.program(), app.email("countess"));
    },
  },
  {
    name: "without mails",
    settings: on({}, { emailVerification: { sendVerificationEmail: false } }),
    async run(app) {
      const ada = await app.member();
      await change(ada, app.email("countess"));
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    settings: on({ updateEmailWithoutVerification: true }),
    async run(app) {
      const ada = await app.member();
      await app.meddle((db) => db.refuse("user", "update", "raise"));
      await change(ada, app.email("countess"));
    },
  },
];
