// Signing in with an ID token that the provider gave to the application itself: POST /sign-in/social with idToken
import { BROKEN, NO_TOKENS, now } from "../harness/id-tokens.mjs";
import { begin, claimsOf, noteRows, person, signIn, verifiedMember, withIdTokens } from "../harness/social.mjs";

const settings = withIdTokens();
const session = (visitor, rule) => visitor.send("GET", "/get-session", { rule });
const bring = (visitor, token, rule, { beside, ...rest } = {}) => begin(visitor, { provider: "google", idToken: { token, ...beside }, ...rest }, rule);

/** Signs in with a token that says `claims`, and notes what is kept. */
async function enter(app, claims, rule, { visitor = app.browser(), how, ...body } = {}) {
  const token = app.idToken(claims, how);
  const answer = await bring(visitor, token, rule, body);
  await noteKept(app, claims.email, token, rule);
  return answer;
}

/** The rows of the one with this address, and whether the token that was brought is the one that is kept. */
async function noteKept(app, email, token, rule) {
  await noteRows(app, email.toLowerCase(), rule);
  const kept = await app.row(`select "idToken" from account join "user" on "user".id = "userId" where email = ? and "providerId" = 'google'`, email.toLowerCase());
  app.note("kept", { isThis: kept?.idToken === token }, rule);
}

export default [
  {
    name: "makes a user, and knows it again",
    settings,
    async run(app) {
      const [ada, browser, elsewhere] = [claimsOf(app), app.browser(), app.browser()];
      await enter(app, ada, "ID token", { visitor: browser });
      await session(browser, "ID token");
      await browser.send("GET", "/list-accounts", { rule: "ID token" });
      await enter(app, { ...ada, name: "Countess", picture: "https://example.com/other.png" }, "ID token again", { visitor: elsewhere });
      await session(elsewhere, "ID token again");
      await elsewhere.send("GET", "/list-sessions", { rule: "ID token again" });
      await enter(app, { ...ada, email: app.email("moved") }, "ID token again");
      await noteRows(app, ada.email, "ID token again");
      await bring(app.program(), app.idToken(ada), "ID token again");
    },
  },
  {
    name: "takes the place of who was signed in",
    settings,
    async run(app) {
      const browser = await app.member("grace");
      await enter(app, claimsOf(app), "ID token", { visitor: browser });
      await session(browser, "ID token");
    },
  },
  {
    name: "leads nowhere, whatever was wished for",
    settings,
    async run(app) {
      const wishes = [
        { callbackURL: "/home", newUserCallbackURL: "/welcome", errorCallbackURL: "/oops" },
        { disableRedirect: true, callbackURL: "" },
        { disableRedirect: false, scopes: ["x"], loginHint: "ada", additionalData: { a: 1 }, additionalParams: { prompt: "none" } },
      ];
      for (const wish of wishes) await bring(app.browser(), app.idToken(claimsOf(app)), "ID token", wish);
    },
  },
  {
    name: "asks for the nonce where one is told",
    settings,
    async run(app) {
      const [ada, rule] = [claimsOf(app), "ID token nonce"];
      const [token, other] = [app.idToken({ ...ada, nonce: "n-1" }), app.idToken(ada)];
      for (const nonce of ["n-1", "", undefined]) await bring(app.browser(), token, rule, { beside: { nonce } });
      for (const nonce of ["n-2", "N-1", "n-1 "]) await bring(app.browser(), token, rule, { beside: { nonce } });
      for (const nonce of ["n-1", "undefined", ""]) await bring(app.browser(), other, rule, { beside: { nonce } });
      await bring(app.browser(), app.idToken({ ...ada, nonce: 5 }), rule, { beside: { nonce: "5" } });
    },
  },
  {
    name: "keeps what came with it",
    settings,
    async run(app) {
      const [ada, rule, browser] = [claimsOf(app), "ID token company", app.browser()];
      const user = { name: { firstName: "Augusta", lastName: "King" }, email: app.email("another") };
      await enter(app, ada, rule, { visitor: browser, beside: { accessToken: "access 1", refreshToken: "refresh 1", expiresAt: now() + 60, user } });
      await enter(app, ada, rule, { visitor: browser });
      await enter(app, ada, rule, { visitor: browser, beside: { accessToken: "access 2", refreshToken: "refresh 2" } });
      await enter(app, ada, rule, { visitor: browser, beside: { accessToken: "", refreshToken: "" } });
      const [{ id: accountId }] = (await browser.send("GET", "/list-accounts", { rule })).json;
      await browser.send("GET", `/account-info?accountId=${accountId}`, { rule });
      for (const path of ["/get-access-token", "/refresh-token"]) await browser.send("POST", path, { body: { accountId }, rule });
      await enter(app, ada, rule, { visitor: browser, beside: { accessToken: "access 3" } });
      await browser.send("POST", "/get-access-token", { body: { accountId }, rule });
    },
  },
  {
    name: "keeps what came with it encrypted where that is wished for",
    settings: withIdTokens({}, { account: { encryptOAuthTokens: true } }),
    async run(app) {
      const [ada, rule, browser] = [claimsOf(app), "ID token company", app.browser()];
      const token = app.idToken(ada);
      await bring(browser, token, rule, { beside: { accessToken: "access 1" } });
      const { id, accessToken, idToken } = await app.row('select * from account where "accountId" = ?', ada.sub);
      app.note("kept", { isHex: /^[0-9a-f]+$/.test(accessToken), length: accessToken.length, isThis: idToken === token }, rule);
      await browser.send("POST", "/get-access-token", { body: { accountId: id }, rule });
    },
  },
  {
    name: "leaves what it has where that is not to change",
    settings: withIdTokens({}, { account: { updateAccountOnSignIn: false } }),
    async run(app) {
      for (const accessToken of ["access 1", "access 2"]) await enter(app, { ...claimsOf(app), jti: accessToken }, "ID token again", { beside: { accessToken } });
    },
  },
  {
    name: "is read in any form that is good",
    settings,
    async run(app) {
      const rule = "ID token forms";
      // Made when they are brought: some are good for seconds only.
      const forms = {
        a: () => [{ iss: "accounts.google.com" }],
        b: () => [{ aud: ["another-client", "google-client"], azp: "another-client" }],
        c: () => [{}, { alg: "ES256" }],
        d: () => [{}, { header: { kid: undefined } }],
        e: () => [{}, { header: { typ: "at+jwt", x: 1 } }],
        f: () => [{ exp: now() - 10 }],
        g: () => [{ iat: now() + 10, nbf: now() + 10 }],
        h: () => [{ iat: now() - 3590, exp: now() + 86_400 }],
        i: () => [{ exp: now() + 60.5, iat: now() - 0.5 }],
      };
      for (const [name, form] of Object.entries(forms)) {
        const [claims, how] = form();
        await enter(app, claimsOf(app, name, claims), rule, { how });
      }
    },
  },
  {
    name: "says who it is in the words of a provider",
    settings,
    async run(app) {
      const rule = "ID token profile";
      const profiles = {
        a: { name: undefined, picture: undefined, email: app.email("A").toUpperCase() },
        b: { name: "", picture: "", email_verified: "true" },
        c: { name: null, picture: null, email_verified: "false" },
        d: { email_verified: undefined, locale: "de", role: "admin", banned: true, id: "d" },
        e: { email_verified: 1, sub: 5 },
        f: { email_verified: null, sub: "  f  " },
      };
      for (const [name, profile] of Object.entries(profiles)) await enter(app, claimsOf(app, name, profile), rule);
    },
  },
  {
    name: "needs an address, and then a subject",
    settings,
    async run(app) {
      for (const email of [undefined, null, ""]) await bring(app.browser(), app.idToken(claimsOf(app, "ada", { email })));
      for (const sub of ["", " ", "null", "undefined", null]) await bring(app.browser(), app.idToken(claimsOf(app, "ada", { sub })));
      await bring(app.browser(), app.idToken({ sub: "" }));
    },
  },
  {
    name: "is refused where it is not good",
    settings,
    async run(app) {
      const ada = claimsOf(app);
      await bring(app.browser(), app.idToken(ada));
      for (const [name, broken] of Object.entries(BROKEN)) {
        app.note("broken", name, "ID token broken");
        await bring(app.browser(), app.idToken(...broken(ada)), "ID token broken");
      }
      for (const text of NO_TOKENS) await bring(app.browser(), text, "ID token broken");
      const good = app.idToken(ada);
      for (const text of [` ${good}`, `${good}=`, `${good}.`, good.slice(0, -8), good.toUpperCase()]) await bring(app.browser(), text, "ID token broken");
      await noteRows(app, ada.email, "ID token broken");
    },
  },
  {
    name: "with white space at its end",
    settings,
    async run(app) {
      await bring(app.browser(), `${app.idToken(claimsOf(app))} `, "ID token forms");
    },
  },
  ...Object.entries({ "cannot be reached": "http://127.0.0.1:1/jwks", "are none": "<provider>/userinfo" }).map(([name, jwksUrl]) => ({
    name: `is refused where the provider's keys ${name}`,
    settings: withIdTokens({ jwksUrl }),
    async run(app) {
      for (const text of [app.idToken(claimsOf(app)), "x"]) await bring(app.browser(), text, "ID token broken");
    },
  })),
  {
    name: "links the account to a user whose address is verified on both sides",
    settings,
    async run(app) {
      const [ada, rule] = [await verifiedMember(app, "ada"), "ID token linked"];
      await enter(app, claimsOf(app, "ada", { name: "Another" }), rule, { beside: { accessToken: "access", refreshToken: "refresh" } });
      await enter(app, claimsOf(app, "ada", { email: ada.email.toUpperCase() }), rule);
    },
  },
  {
    name: "links no account where an address is not verified",
    settings,
    async run(app) {
      await app.member("bob");
      await enter(app, claimsOf(app, "bob"), "ID token not linked");
      await verifiedMember(app, "ada");
      for (const email_verified of [false, undefined]) await enter(app, claimsOf(app, "ada", { email_verified }), "ID token not linked");
    },
  },
  {
    name: "links no account where that is not wanted",
    settings: withIdTokens({}, { account: { accountLinking: { disableImplicitLinking: true } } }),
    async run(app) {
      await verifiedMember(app, "ada");
      await enter(app, claimsOf(app), "ID token not linked");
      await enter(app, claimsOf(app, "new"), "ID token not linked");
    },
  },
  {
    name: "learns later that an address is verified",
    settings,
    async run(app) {
      for (const email_verified of [false, true]) await enter(app, claimsOf(app, "ada", { email_verified }), "ID token again");
    },
  },
  {
    name: "is another account than that of another provider with the same id",
    settings,
    async run(app) {
      const [ada, browser] = [claimsOf(app), app.browser()];
      await signIn(app, browser, person(app), {});
      await enter(app, ada, "ID token linked", { visitor: browser });
      await browser.send("GET", "/list-accounts", { rule: "ID token linked" });
    },
  },
  {
    name: "makes nobody where sign-up is off",
    settings: withIdTokens({ disableSignUp: true }),
    async run(app) {
      for (const wish of [{}, { requestSignUp: true }]) await enter(app, claimsOf(app), "ID token sign-up off", wish);
      await verifiedMember(app, "bob");
      await enter(app, claimsOf(app, "bob"), "ID token sign-up off");
    },
  },
  {
    name: "makes nobody unasked where that is not wanted",
    settings: withIdTokens({ disableImplicitSignUp: true }),
    async run(app) {
      for (const requestSignUp of [undefined, false, true, undefined]) await enter(app, claimsOf(app), "ID token sign-up off", { requestSignUp });
    },
  },
  {
    name: "refuses a banned user",
    alone: true,
    settings,
    async run(app) {
      const [ada, browser] = [claimsOf(app), app.browser()];
      await enter(app, ada, "ID token banned");
      await app.meddle((db) => db.run(`update "user" set banned = true, "banReason" = 'because', "banExpires" = null`));
      await enter(app, ada, "ID token banned", { visitor: browser, callbackURL: "/home", errorCallbackURL: "/oops" });
      await session(browser, "ID token banned");
    },
  },
  {
    name: "refuses an account without its user",
    alone: true,
    settings,
    async run(app) {
      await enter(app, claimsOf(app), "ID token orphan");
      await app.meddle((db) => db.orphan('delete from "user"'));
      await enter(app, claimsOf(app), "ID token orphan");
    },
  },
  ...["user", "account", "session"].map((table) => ({
    name: `says what the database made impossible: a ${table}`,
    alone: true,
    settings,
    async run(app) {
      await app.meddle((db) => db.refuse(table, "insert", "raise"));
      await enter(app, claimsOf(app), "ID token database");
    },
  })),
  {
    name: "is judged after the provider and before the person",
    settings,
    async run(app) {
      const [rule, bad] = ["ID token order", app.idToken({ email: undefined, exp: 0 })];
      for (const provider of ["nowhere", "mock", "github", "Google"]) await bring(app.browser(), app.idToken(claimsOf(app)), rule, { provider });
      await bring(app.browser(), bad, rule);
      await bring(app.browser(), bad, rule, { callbackURL: "https://evil.example" });
      await bring(app.browser(), bad, rule, { beside: { nonce: 5 } });
      await bring(app.browser(), bad, rule, { additionalParams: { state: "x" } });
    },
  },
  {
    name: "is not needed: the provider's page is there too",
    settings,
    async run(app) {
      const wishes = [{}, { scopes: ["calendar"], loginHint: "ada", disableRedirect: true }, { scopes: ["email"], additionalParams: { prompt: "consent", include_granted_scopes: "false" } }];
      for (const wish of wishes) await begin(app.browser(), { provider: "google", ...wish }, "ID token aside");
      await begin(app.browser(), { provider: "google", idToken: null }, "ID token aside");
    },
  },
];
