// Asking where to sign in: POST /sign-in/social
import { begin, person, signIn, social } from "../harness/social.mjs";

const settings = social();
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const RESERVED = ["state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce", "scope"];

/** The newest row that a way to a provider left behind. */
async function noteState(app, url, rule) {
  const state = new URL(url).searchParams.get("state");
  const { value, ...row } = await app.row("select * from verification where identifier = ?", `auth-state:${state}`);
  const { codeVerifier, oauthState, expiresAt, ...kept } = JSON.parse(value);
  const shown = { verifier: /^[\w-]{128}$/.test(codeVerifier), state: oauthState === state, expiresAt: new Date(expiresAt).toISOString() };
  app.note("row", { ...row, identifier: row.identifier.replace(state, ""), value: Object.keys(JSON.parse(value)).join(", "), kept, shown }, rule);
}

export default [
  {
    name: "tells where to go",
    settings,
    async run(app) {
      for (const redirect of [{}, { disableRedirect: false }, { disableRedirect: true }]) {
        await begin(app.browser(), { callbackURL: "/home", ...redirect }, "social address");
        await begin(app.program(), redirect, "social address");
      }
      await begin(app.browser(), { provider: "github" }, "social address");
      await begin(app.browser(), { provider: "github", scopes: ["repo"], loginHint: "ada", disableRedirect: true }, "social address");
    },
  },
  {
    name: "tells where to go in the words of the caller",
    settings,
    async run(app) {
      const wishes = [
        { scopes: ["profile", "a b"] },
        { scopes: ["openid", "profile"] },
        { scopes: [] },
        { loginHint: "ada+x@example.com & é" },
        { loginHint: "" },
        { additionalParams: { prompt: "consent", "a b": "c&d=é~*'()" } },
        { additionalParams: { login_hint: "grace" }, loginHint: "ada" },
        { additionalParams: {} },
        { requestSignUp: true, callbackURL: "" },
      ];
      for (const wish of wishes) await begin(app.browser(), wish, "social address of one's own");
    },
  },
  {
    name: "keeps what the way back needs",
    settings,
    async run(app) {
      const rule = "social state";
      const bodies = [
        {},
        { callbackURL: "/home", errorCallbackURL: "/oops", newUserCallbackURL: "/welcome", requestSignUp: false },
        { additionalData: { theme: "dark", deep: { a: [1, null] } } },
        { additionalData: { callbackURL: "https://evil.example", errorURL: "https://evil.example", newUserURL: "https://evil.example", link: { userId: "x", email: "x" } } },
        { additionalData: { codeVerifier: "x", oauthState: "x", expiresAt: 0, serverContext: {}, requestSignUp: true, idTokenNonce: "x" } },
      ];
      for (const body of bodies) await noteState(app, (await begin(app.browser(), body, rule)).json.url, rule);
    },
  },
  {
    name: "is not led astray by additional data",
    settings,
    async run(app) {
      const evil = "https://evil.example";
      const additionalData = { callbackURL: evil, errorURL: evil, newUserURL: evil };
      await signIn(app, app.browser(), person(app), { additionalData }, "social state");
      await signIn(app, app.browser(), person(app, "bob", { does: { authorize: { error: "access_denied" } } }), { additionalData }, "social state");
    },
  },
  {
    name: "again makes a way of its own",
    settings,
    async run(app) {
      const [browser, ada] = [app.browser(), person(app)];
      const first = await begin(browser, { callbackURL: "/first" });
      const second = await begin(browser, { callbackURL: "/second" });
      await browser.visit(await app.consent(first.json.url, ada), "social state");
      await browser.visit(await app.consent(second.json.url, ada), "social state");
    },
  },
  {
    name: "knows no such provider",
    settings,
    async run(app) {
      for (const provider of ["nowhere", "google", "", "Mock", "__proto__", "credential"]) await begin(app.browser(), { provider });
    },
  },
  {
    name: "takes no ID token that it cannot verify",
    settings,
    async run(app) {
      const idTokens = [{ token: "a.b.c" }, { token: "" }, { token: "a.b.c", nonce: "n", accessToken: "a", refreshToken: "r", expiresAt: 1, user: { name: { firstName: "A" }, email: "a" } }];
      for (const idToken of idTokens) await begin(app.browser(), { idToken });
      await begin(app.browser(), { provider: "github", idToken: idTokens[0] });
      const malformed = [{}, "x", null, [], { token: 5 }, { token: "a", expiresAt: "1", nonce: 5 }, { token: "a", user: "x" }, { token: "a", user: { name: "x", email: 5 } }];
      for (const idToken of malformed) await begin(app.browser(), { idToken });
    },
  },
  {
    name: "refuses what it cannot read",
    settings,
    async run(app) {
      const members = ["provider", "disableRedirect", "scopes", "requestSignUp", "loginHint", "additionalParams", "additionalData"];
      for (const member of members) {
        for (const value of [null, 5, "x", true, ["x", 5], { a: 5 }]) await begin(app.program(), { [member]: value });
      }
      for (const body of [undefined, [], null, 5, {}]) await app.program().send("POST", "/sign-in/social", { body });
      await begin(app.program(), { scopes: [5, null], loginHint: 5, additionalParams: { a: 1, b: null }, additionalData: 5 });
      const send = (headers, body) => app.program().send("POST", "/sign-in/social", { headers, body });
      await send(FORM, "provider=mock");
      await send({ "content-type": "application/json" }, "{");
    },
  },
  {
    name: "keeps its own parameters to itself",
    settings,
    async run(app) {
      for (const name of RESERVED) await begin(app.browser(), { additionalParams: { [name]: "x", prompt: "none" } }, "social reserved");
      await begin(app.browser(), { additionalParams: { State: "x", "state ": "y", claims: "z" } }, "social reserved");
      await begin(app.browser(), { provider: "nowhere", additionalParams: { state: "x" } }, "social reserved");
    },
  },
  {
    name: "leads nowhere else",
    settings,
    async run(app) {
      const browser = app.browser();
      for (const member of ["callbackURL", "errorCallbackURL", "newUserCallbackURL"]) {
        for (const value of ["https://evil.example", "//evil.example", "home", 5, null]) await begin(browser, { [member]: value });
      }
      await begin(browser, { callbackURL: app.origin });
    },
  },
  {
    name: "asks where the request comes from",
    settings,
    async run(app) {
      const send = (headers) => app.program().send("POST", "/sign-in/social", { headers, body: { provider: "mock" } });
      await send({ cookie: "a=b" });
      await send({ cookie: "a=b", origin: "https://evil.example" });
      await send({ origin: "https://evil.example" });
      await send({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", origin: "https://evil.example" });
    },
  },
];
