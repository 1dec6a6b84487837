// Linking an account by an ID token: POST /link-social with idToken
import { BROKEN, NO_TOKENS } from "../harness/id-tokens.mjs";
import { claimsOf, noteRows, person, signIn, verifiedMember, withIdTokens } from "../harness/social.mjs";

const settings = withIdTokens();
const ask = (visitor, token, rule, { beside, ...rest } = {}) =>
  visitor.send("POST", "/link-social", { body: { provider: "google", idToken: { token, ...beside }, ...rest }, rule });

/** Links the account of `claims` to the one who is signed in as `member`, and notes what is kept. */
async function link(app, member, claims, rule, body) {
  const token = app.idToken(claims);
  await ask(member, token, rule, body);
  await noteRows(app, member.email, rule);
  const kept = await app.row(`select "idToken" from account where "providerId" = 'google' and "accountId" = ?`, String(claims.sub));
  app.note("kept", { isThis: kept?.idToken === token }, rule);
}

export default [
  {
    name: "adds the account, and signs nobody in anew",
    settings,
    async run(app) {
      const [ada, rule] = [await app.member(), "link ID token"];
      const beside = { accessToken: "access", refreshToken: "refresh", expiresAt: 1 };
      await link(app, ada, claimsOf(app, "ada", { name: "Countess" }), rule, { beside });
      await ada.send("GET", "/get-session", { rule });
      await ada.send("GET", "/list-accounts", { rule });
      const elsewhere = app.browser();
      await elsewhere.send("POST", "/sign-in/social", { body: { provider: "google", idToken: { token: app.idToken(claimsOf(app)) } }, rule });
      await elsewhere.send("GET", "/get-session", { rule });
    },
  },
  {
    name: "again takes what came with it",
    settings,
    async run(app) {
      const [ada, claims, rule] = [await app.member(), claimsOf(app), "link ID token again"];
      await link(app, ada, claims, rule);
      await link(app, ada, { ...claims, jti: "2" }, rule, { beside: { accessToken: "access", refreshToken: "refresh" }, scopes: ["calendar"] });
      await link(app, ada, { ...claims, jti: "3" }, rule);
      await link(app, ada, { ...claims, jti: "4", email: app.email("moved"), email_verified: false }, rule);
    },
  },
  {
    name: "keeps what came with it encrypted where that is wished for",
    settings: withIdTokens({}, { account: { encryptOAuthTokens: true } }),
    async run(app) {
      const [ada, claims, rule] = [await app.member(), claimsOf(app), "link ID token"];
      const token = app.idToken(claims);
      await ask(ada, token, rule, { beside: { accessToken: "access", refreshToken: "refresh" } });
      const { accessToken, refreshToken, idToken } = await app.row('select * from account where "accountId" = ?', claims.sub);
      for (const kept of [accessToken, refreshToken]) app.note("kept", { isHex: /^[0-9a-f]+$/.test(kept), length: kept.length, isThis: idToken === token }, rule);
    },
  },
  {
    name: "leads nowhere, whatever was wished for",
    settings,
    async run(app) {
      const ada = await app.member();
      const wishes = [{ callbackURL: "/home", errorCallbackURL: "/oops" }, { disableRedirect: false, requestSignUp: true, loginHint: "ada", additionalData: { a: 1 } }];
      for (const wish of wishes) await ask(ada, app.idToken(claimsOf(app)), "link ID token", wish);
    },
  },
  {
    name: "asks for the nonce where one is told",
    settings,
    async run(app) {
      const [ada, rule] = [await app.member(), "link ID token nonce"];
      const token = app.idToken(claimsOf(app, "ada", { nonce: "n-1" }));
      for (const nonce of ["n-2", "n-1", ""]) await ask(ada, token, rule, { beside: { nonce } });
      await ask(ada, app.idToken(claimsOf(app)), rule, { beside: { nonce: "n-1" } });
    },
  },
  {
    name: "is refused where the token is not good",
    settings,
    async run(app) {
      const [ada, claims, rule] = [await app.member(), claimsOf(app), "link ID token refused"];
      for (const [name, broken] of Object.entries(BROKEN)) {
        app.note("broken", name, rule);
        await ask(ada, app.idToken(...broken(claims)), rule);
      }
      for (const text of NO_TOKENS) await ask(ada, text, rule);
      await noteRows(app, ada.email, rule);
    },
  },
  {
    name: "needs an address, and then a subject",
    settings,
    async run(app) {
      const ada = await app.member();
      for (const email of [undefined, null, ""]) await ask(ada, app.idToken(claimsOf(app, "ada", { email })));
      for (const sub of ["", "null"]) await ask(ada, app.idToken(claimsOf(app, "ada", { sub })));
    },
  },
  {
    name: "refuses the account of another user",
    settings,
    async run(app) {
      const [ada, rule] = [await app.member(), "link ID token of another"];
      await app.browser().send("POST", "/sign-in/social", { body: { provider: "google", idToken: { token: app.idToken(claimsOf(app, "bob")) } } });
      await link(app, ada, claimsOf(app, "bob", { email: ada.email }), rule);
      await link(app, ada, claimsOf(app, "bob", { email_verified: false }), rule);
    },
  },
  {
    name: "refuses an address that is not verified, or another",
    settings,
    async run(app) {
      const ada = await verifiedMember(app, "ada");
      for (const email_verified of [false, undefined, "no", null]) await ask(ada, app.idToken(claimsOf(app, "ada", { email_verified })), "link ID token not verified");
      await ask(ada, app.idToken(claimsOf(app, "bob", { email_verified: false })), "link ID token not verified");
      await ask(ada, app.idToken(claimsOf(app, "bob")), "link ID token other address");
      await noteRows(app, ada.email, "link ID token other address");
      for (const email_verified of ["true", true]) await link(app, ada, claimsOf(app, "ada", { email: ada.email.toUpperCase(), email_verified }), "link ID token");
    },
  },
  {
    name: "takes another address where that is allowed",
    settings: withIdTokens({}, { account: { accountLinking: { allowDifferentEmails: true } } }),
    async run(app) {
      const [ada, rule] = [await app.member(), "link ID token other address"];
      await link(app, ada, claimsOf(app, "bob"), rule);
      await link(app, ada, claimsOf(app, "cid"), rule);
      await ask(ada, app.idToken(claimsOf(app, "dan", { email: undefined })), rule);
      await ask(ada, app.idToken(claimsOf(app, "dan", { email_verified: false })), rule);
    },
  },
  {
    name: "is off where linking is off",
    settings: withIdTokens({}, { account: { accountLinking: { enabled: false } } }),
    async run(app) {
      await link(app, await app.member(), claimsOf(app), "link ID token off");
    },
  },
  {
    name: "is what may still be asked for where accounts are not linked unasked",
    settings: withIdTokens({}, { account: { accountLinking: { disableImplicitLinking: true } } }),
    async run(app) {
      await link(app, await app.member(), claimsOf(app), "link ID token off");
    },
  },
  {
    name: "adds an account where sign-up is off",
    settings: withIdTokens({ disableSignUp: true }),
    async run(app) {
      await link(app, await app.member(), claimsOf(app), "link ID token");
    },
  },
  {
    name: "stands beside the account of another provider with the same id",
    settings,
    async run(app) {
      const ada = app.browser();
      await signIn(app, ada, person(app), {});
      await ask(ada, app.idToken(claimsOf(app)), "link ID token");
      await ada.send("GET", "/list-accounts", { rule: "link ID token" });
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    settings,
    async run(app) {
      const ada = await app.member();
      await app.meddle((db) => db.refuse("account", "insert", "raise"));
      await link(app, ada, claimsOf(app), "link ID token database");
    },
  },
  {
    name: "asks for a session before the token, and for what it can read before both",
    settings,
    async run(app) {
      const [ada, rule, token] = [await app.member(), "link ID token order", app.idToken(claimsOf(app))];
      for (const text of [token, "x"]) await ask(app.program(), text, rule);
      await ask(app.program(), token, rule, { beside: { nonce: 5 } });
      for (const provider of ["nowhere", "mock", "github"]) await ask(ada, token, rule, { provider });
      await ask(ada, "x", rule, { beside: { nonce: 5, accessToken: null, user: 5 } });
      await ask(ada, "x", rule, { callbackURL: "https://evil.example" });
      await ada.send("POST", "/sign-out", { body: {} });
      await ask(ada, token, rule);
    },
  },
  {
    name: "is not needed: the provider's page is there too",
    settings,
    async run(app) {
      const ada = await app.member();
      for (const wish of [{}, { scopes: ["calendar"], loginHint: "ada", disableRedirect: true }]) {
        await ada.send("POST", "/link-social", { body: { provider: "google", ...wish }, rule: "link ID token aside" });
      }
    },
  },
];
