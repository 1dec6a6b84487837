// The way back from a provider: whose account it is, GET and POST /callback/:id
import { mockAccount, noteRows, person, signIn, social, verifiedMember } from "../harness/social.mjs";

const settings = social();
const home = { callbackURL: "/home", newUserCallbackURL: "/welcome", errorCallbackURL: "/oops" };
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const idToken = (claims) => `${encoded({ alg: "RS256" })}.${encoded(claims)}.c2lnbmF0dXJl`;
const session = (visitor, rule) => visitor.send("GET", "/get-session", { rule });

export default [
  {
    name: "makes a user, and knows it again",
    settings,
    async run(app) {
      const [ada, rule] = [person(app, "ada", { picture: "https://example.com/ada.png" }), "social new user"];
      const [browser, elsewhere] = [app.browser(), app.browser()];
      await signIn(app, browser, ada, home, rule);
      app.heard(rule);
      await session(browser, rule);
      await noteRows(app, ada.profile.email, rule);
      await signIn(app, elsewhere, ada, home, "social returning user");
      await session(elsewhere, "social returning user");
      await elsewhere.send("GET", "/list-sessions", { rule: "social returning user" });
      await noteRows(app, ada.profile.email, "social returning user");
    },
  },
  {
    name: "leads to where it was begun from",
    settings,
    async run(app) {
      const rule = "social where to";
      await signIn(app, app.browser(), person(app), {}, rule);
      await signIn(app, app.browser(), person(app), { callbackURL: "/a b?x=é#y" }, rule);
      await signIn(app, app.browser(), person(app), { callbackURL: `${app.origin}/deep/er`, newUserCallbackURL: "/welcome" }, rule);
      await signIn(app, app.browser(), person(app, "bob"), { callbackURL: "/home" }, rule);
      await signIn(app, app.browser(), person(app, "cid"), { newUserCallbackURL: `${app.origin}/welcome` }, rule);
      await signIn(app, app.browser(), person(app, "dan"), { callbackURL: "/home", newUserCallbackURL: "" }, rule);
    },
  },
  {
    name: "takes the place of who was signed in",
    settings,
    async run(app) {
      const browser = await app.member("grace");
      await signIn(app, browser, person(app), home, "social new user");
      await session(browser, "social new user");
      await browser.send("GET", "/list-accounts");
    },
  },
  {
    name: "reads what providers say of people",
    settings,
    async run(app) {
      const profiles = {
        a: { name: undefined, email: app.email("A").toUpperCase() },
        b: { name: "", email_verified: "true", picture: "x", image: "https://example.com/b.png" },
        c: { name: null, email_verified: "false", picture: null },
        d: { email_verified: undefined, emailVerified: true },
        e: { email_verified: 1, locale: "de", role: "admin", banned: true },
        f: { id: 5 },
        g: { id: "  g  ", emailVerified: true, email_verified: false },
      };
      for (const [name, profile] of Object.entries(profiles)) {
        await signIn(app, app.browser(), person(app, name, profile), home, "social profile");
        await noteRows(app, app.email(name), "social profile");
      }
    },
  },
  {
    name: "reads an ID token where there is one, and asks where it says too little",
    settings,
    async run(app) {
      const rule = "social ID token";
      const claims = { sub: "subject", email: app.email("a"), email_verified: true, name: "Token", picture: "https://example.com/t.png" };
      const tokens = { a: idToken(claims), b: idToken({ ...claims, email: undefined }), c: idToken({ ...claims, sub: undefined }), d: "x", e: "" };
      for (const [name, id_token] of Object.entries(tokens)) {
        const browser = app.browser();
        await signIn(app, browser, person(app, name, { does: { tokens: { id_token } } }), home, rule);
        app.heard(rule);
        await noteRows(app, app.email(name), rule);
        const accountId = await mockAccount(browser);
        await browser.send("POST", "/get-access-token", { body: { accountId }, rule });
        await browser.send("GET", `/account-info?accountId=${accountId}`, { rule });
      }
    },
  },
  {
    name: "needs to know who it is",
    settings,
    async run(app) {
      const profiles = [{ id: undefined, sub: "s" }, { id: "" }, { id: " " }, { id: null }, { id: "null" }, { id: "undefined" }, { id: 1.5 }, { id: {} }, { id: ["x"] }, { id: false }];
      for (const [index, profile] of profiles.entries()) await signIn(app, app.browser(), person(app, `p${index}`, profile), home, "social subject");
    },
  },
  {
    name: "needs an address",
    settings,
    async run(app) {
      for (const email of [undefined, null, ""]) await signIn(app, app.browser(), person(app, "ada", { id: "nobody", email }), home, "social email_not_found");
    },
  },
  {
    name: "links the account to a user whose address is verified on both sides",
    settings,
    async run(app) {
      const [ada, rule] = [await verifiedMember(app, "ada"), "social linked"];
      const who = person(app, "ada", { name: "Another", email: ada.email.toUpperCase(), picture: "https://example.com/x.png" });
      const browser = app.browser();
      await signIn(app, browser, who, home, rule);
      await session(browser, rule);
      await noteRows(app, ada.email, rule);
      await signIn(app, app.browser(), who, home, rule);
      await noteRows(app, ada.email, rule);
    },
  },
  {
    name: "links no account where an address is not verified",
    settings,
    async run(app) {
      const [bob, rule] = [await app.member("bob"), "social not linked"];
      await signIn(app, app.browser(), person(app, "bob"), home, rule);
      await signIn(app, app.browser(), person(app, "bob"), {}, rule);
      await noteRows(app, bob.email, rule);
      const ada = await verifiedMember(app, "ada");
      await signIn(app, app.browser(), person(app, "ada", { email_verified: false }), home, rule);
      await noteRows(app, ada.email, rule);
    },
  },
  {
    name: "links no account where that is not wanted",
    settings: social({}, { account: { accountLinking: { enabled: false } } }),
    async run(app) {
      const ada = await verifiedMember(app, "ada");
      await signIn(app, app.browser(), person(app), home, "social linking off");
      await signIn(app, app.browser(), person(app, "new"), home, "social linking off");
      await noteRows(app, ada.email, "social linking off");
    },
  },
  {
    name: "links no account unasked where that is not wanted",
    settings: social({}, { account: { accountLinking: { disableImplicitLinking: true } } }),
    async run(app) {
      await verifiedMember(app, "ada");
      await signIn(app, app.browser(), person(app), home, "social linking off");
    },
  },
  {
    name: "learns later that an address is verified, or another",
    settings,
    async run(app) {
      const rule = "social verified later";
      await signIn(app, app.browser(), person(app, "ada", { email_verified: false }), home, rule);
      await noteRows(app, app.email("ada"), rule);
      const browser = app.browser();
      await signIn(app, browser, person(app, "ada", { name: "Countess" }), home, rule);
      await session(browser, rule);
      await noteRows(app, app.email("ada"), rule);
      await signIn(app, app.browser(), person(app, "ada", { email: app.email("moved"), email_verified: false }), home, rule);
      await noteRows(app, app.email("ada"), rule);
      await noteRows(app, app.email("moved"), rule);
    },
  },
  {
    name: "by another provider is another account of the same user",
    settings,
    async run(app) {
      const [browser, ada] = [app.browser(), person(app)];
      await signIn(app, browser, ada, home);
      await signIn(app, browser, ada, { ...home, provider: "other" }, "social linked");
      await browser.send("GET", "/list-accounts", { rule: "social linked" });
    },
  },
  {
    name: "keeps the tokens it has where they are not to change",
    settings: social({}, { account: { updateAccountOnSignIn: false } }),
    async run(app) {
      const ada = person(app);
      await signIn(app, app.browser(), ada, home, "social tokens kept");
      await noteRows(app, ada.profile.email, "social tokens kept");
      await signIn(app, app.browser(), ada, home, "social tokens kept");
      await noteRows(app, ada.profile.email, "social tokens kept");
    },
  },
  {
    name: "makes nobody where sign-up is off",
    settings: social({ disableSignUp: true }),
    async run(app) {
      const rule = "social sign-up off";
      for (const wish of [home, {}, { ...home, requestSignUp: true }]) await signIn(app, app.browser(), person(app), wish, rule);
      await noteRows(app, app.email("ada"), rule);
      await signIn(app, app.browser(), person(app), { ...home, provider: "other" }, rule);
      await signIn(app, app.browser(), person(app), home, rule);
    },
  },
  {
    name: "makes nobody unasked where that is not wanted",
    settings: social({ disableImplicitSignUp: true }),
    async run(app) {
      const rule = "social sign-up off";
      await signIn(app, app.browser(), person(app), home, rule);
      await signIn(app, app.browser(), person(app), { ...home, requestSignUp: false }, rule);
      await signIn(app, app.browser(), person(app), { ...home, requestSignUp: true }, rule);
      await signIn(app, app.browser(), person(app), home, rule);
    },
  },
  {
    name: "refuses a banned user",
    alone: true,
    settings,
    async run(app) {
      const ada = person(app);
      await signIn(app, app.browser(), ada, home);
      await app.meddle((db) => db.run(`update "user" set banned = true, "banReason" = 'because', "banExpires" = null`));
      const browser = app.browser();
      await signIn(app, browser, ada, home, "social banned");
      await signIn(app, browser, ada, {}, "social banned");
      await session(browser, "social banned");
    },
  },
  {
    name: "refuses an account without its user",
    alone: true,
    settings,
    async run(app) {
      const ada = person(app);
      await signIn(app, app.browser(), ada, home);
      await app.meddle((db) => db.orphan('delete from "user"'));
      await signIn(app, app.browser(), ada, home, "social orphan");
    },
  },
  {
    name: "keeps tokens encrypted where that is wished for",
    settings: social({}, { account: { encryptOAuthTokens: true } }),
    async run(app) {
      const [browser, ada] = [app.browser(), person(app)];
      await signIn(app, browser, ada, home, "social tokens encrypted");
      const { accessToken, refreshToken } = await app.row('select * from account where "accountId" = ?', ada.profile.id);
      for (const token of [accessToken, refreshToken]) app.note("kept", { isHex: /^[0-9a-f]+$/.test(token), length: token.length }, "social tokens encrypted");
      const accountId = await mockAccount(browser);
      await browser.send("POST", "/get-access-token", { body: { accountId }, rule: "social tokens encrypted" });
      await browser.send("POST", "/refresh-token", { body: { accountId }, rule: "social tokens encrypted" });
      await browser.send("GET", `/account-info?accountId=${accountId}`, { rule: "social tokens encrypted" });
    },
  },
];
