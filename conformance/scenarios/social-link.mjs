// Linking an account of a provider to who is signed in: POST /link-social, and the way back
import { noteRows, person, signIn, social, verifiedMember } from "../harness/social.mjs";

const settings = social();
const home = { callbackURL: "/settings", errorCallbackURL: "/oops" };
const ask = (visitor, body, rule) => visitor.send("POST", "/link-social", { body: { provider: "mock", ...body }, rule });

/** To the provider and back, to link the account of `who`. */
async function link(app, visitor, who, rule, body = home) {
  const { json } = await ask(visitor, body, rule);
  return visitor.visit(await app.consent(json.url, who), rule);
}

export default [
  {
    name: "adds the account, and signs nobody in anew",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link"];
      await link(app, browser, person(app, "ada", { name: "Countess", picture: "https://example.com/a.png" }), rule);
      app.heard(rule);
      await browser.send("GET", "/get-session", { rule });
      await browser.send("GET", "/list-accounts", { rule });
      await noteRows(app, browser.email, rule);
      await signIn(app, app.browser(), person(app), home, rule);
      await noteRows(app, browser.email, rule);
    },
  },
  {
    name: "again takes the new tokens, and adds the new scopes",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link again"];
      await link(app, browser, person(app), rule);
      await link(app, browser, person(app, "ada", { does: { tokens: { scope: "email profile", refresh_token: null, expires_in: null } } }), rule, { ...home, scopes: ["profile"] });
      await noteRows(app, browser.email, rule);
    },
  },
  {
    name: "is asked for in the caller's words",
    settings,
    async run(app) {
      const browser = await app.member();
      const wishes = [
        {},
        { disableRedirect: true },
        { scopes: ["profile"], loginHint: "ada" },
        { additionalParams: { prompt: "none" }, additionalData: { a: 1 } },
        { newUserCallbackURL: "/new", requestSignUp: true },
      ];
      for (const wish of wishes) await ask(browser, wish, "link address");
      await ask(browser, { provider: "github" }, "link address");
    },
  },
  {
    name: "leads to the base URL where nobody said where to",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link"];
      await link(app, browser, person(app), rule, {});
      await link(app, browser, person(app, "ada", { email_verified: false }), rule, {});
    },
  },
  {
    name: "refuses an account with another address",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link other address"];
      for (const email of [app.email("bob"), undefined, null, ""]) await link(app, browser, person(app, "ada", { email }), rule);
      await link(app, browser, person(app, "ada", { email: browser.email.toUpperCase() }), rule);
      await noteRows(app, browser.email, rule);
    },
  },
  {
    name: "takes an account with another address where that is allowed",
    settings: social({}, { account: { accountLinking: { allowDifferentEmails: true } } }),
    async run(app) {
      const [browser, rule] = [await app.member(), "link other address"];
      await link(app, browser, person(app, "bob"), rule);
      await link(app, browser, person(app, "cid", { email: undefined }), rule);
      await browser.send("GET", "/list-accounts", { rule });
    },
  },
  {
    name: "refuses the account of another user",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link of another user"];
      await signIn(app, app.browser(), person(app, "bob"), home);
      await link(app, browser, person(app, "bob", { email: browser.email }), rule);
      await noteRows(app, browser.email, rule);
    },
  },
  {
    name: "refuses an address that the provider has not verified",
    settings,
    async run(app) {
      const [browser, rule] = [await verifiedMember(app), "link unverified"];
      for (const email_verified of [false, undefined, "no"]) await link(app, browser, person(app, "ada", { email_verified }), rule);
      await link(app, browser, person(app, "bob", { email_verified: false }), rule);
    },
  },
  {
    name: "is off where linking is off",
    settings: social({}, { account: { accountLinking: { enabled: false } } }),
    async run(app) {
      await link(app, await app.member(), person(app), "link off");
    },
  },
  {
    name: "is what may still be asked for where accounts are not linked unasked",
    settings: social({}, { account: { accountLinking: { disableImplicitLinking: true } } }),
    async run(app) {
      const browser = await app.member();
      await link(app, browser, person(app), "link off");
      await browser.send("GET", "/list-accounts", { rule: "link off" });
    },
  },
  {
    name: "ends with the session that asked for it",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link ended"];
      const path = await app.consent((await ask(browser, home, rule)).json.url, person(app));
      await browser.send("POST", "/sign-out", { body: {} });
      await browser.visit(path, rule);
      await noteRows(app, browser.email, rule);
    },
  },
  {
    name: "belongs to who asked for it, whoever is signed in then",
    settings,
    async run(app) {
      const [ada, bob, rule] = [await app.member(), await app.member("bob"), "link asker"];
      const path = await app.consent((await ask(ada, home, rule)).json.url, person(app));
      const state = ada.cookies().split("; ").find((pair) => pair.startsWith("better-auth.state="));
      const others = bob.cookies().split("; ").filter((pair) => !pair.startsWith("better-auth.state="));
      await app.program().send("GET", path, { headers: { cookie: [state, ...others].join("; ") }, rule });
      await noteRows(app, ada.email, rule);
      await noteRows(app, bob.email, rule);
    },
  },
  {
    name: "in the provider's own words, or without a code, is refused",
    settings,
    async run(app) {
      const [browser, rule] = [await app.member(), "link refused"];
      const refusals = [
        { authorize: { error: "access_denied" } },
        { authorize: {} },
        { token: { status: 400, json: { error: "invalid_grant" } } },
        { userinfo: { status: 500, text: "" } },
      ];
      for (const does of refusals) {
        await link(app, browser, person(app, "ada", { does }), rule);
      }
    },
  },
  {
    name: "asks for a session, and for what it can read",
    settings,
    async run(app) {
      const browser = await app.member();
      await ask(app.program());
      await ask(app.program(), { provider: "nowhere" });
      const bodies = [
        ...[{ provider: 5 }, { provider: undefined }, { idToken: "x" }, { idToken: {} }, { scopes: "x", loginHint: 5 }],
        ...[{ additionalParams: { state: "x" } }, { additionalData: [] }, { disableRedirect: null, requestSignUp: 1 }],
      ];
      for (const body of bodies) await ask(app.program(), body);
      for (const body of bodies) await ask(browser, body);
      await browser.send("POST", "/link-social", { body: undefined });
      await browser.send("POST", "/link-social", { body: [] });
      await browser.send("POST", "/link-social", { headers: { "content-type": "text/plain" }, body: "x" });
      await browser.send("POST", "/link-social", { headers: { "content-type": "application/json" }, body: "{" });
      await ask(browser, { provider: "nowhere" });
      for (const provider of ["mock", "github"]) await ask(browser, { provider, idToken: { token: "a.b.c", accessToken: "a" } });
      for (const member of ["callbackURL", "errorCallbackURL", "newUserCallbackURL"]) {
        for (const value of ["https://evil.example", 5]) await ask(browser, { [member]: value });
      }
      await app.program().send("POST", "/link-social", { headers: { cookie: browser.cookies() }, body: { provider: "mock" } });
      await app.program().send("POST", "/link-social", { headers: { cookie: browser.cookies(), origin: "https://evil.example" }, body: { provider: "mock" } });
    },
  },
];
