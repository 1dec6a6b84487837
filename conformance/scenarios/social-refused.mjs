// Ways back from a provider that lead to an error: GET and POST /callback/:id
import { begin, noteRows, person, signIn, social } from "../harness/social.mjs";

const settings = social();
const home = { callbackURL: "/home", errorCallbackURL: "/oops?x=1" };
const FORM = { "content-type": "application/x-www-form-urlencoded", origin: undefined };

/** Begins, and gives the state that the provider would send back. */
async function stateOf(visitor, body = home) {
  return new URL((await begin(visitor, body)).json.url).searchParams.get("state");
}

/** Someone for whom the provider does as it is told, each a user of their own. */
const troubled = (app, index, does) => person(app, `t${index}`, { does });

export default [
  {
    name: "without a state",
    settings,
    async run(app) {
      const browser = app.browser();
      for (const query of ["", "?code=x", "?state=", "?state=&code=x", "?error=access_denied", "?x=y"]) {
        await browser.visit(`/callback/mock${query}`, "social state_not_found");
      }
      await browser.visit("/callback/nowhere", "social state_not_found");
    },
  },
  {
    name: "with a query that is none",
    settings,
    async run(app) {
      const browser = app.browser();
      for (const query of ["?state=a&state=b", "?code=a&code=b&state=c", "?state[]=a", "?state=a&error=b&error=c"]) {
        await browser.visit(`/callback/mock${query}`, "social invalid query");
      }
    },
  },
  {
    name: "with a state that is not known",
    settings,
    async run(app) {
      const browser = app.browser();
      await begin(browser, home);
      for (const state of ["x", "a".repeat(32), "%C3%A9"]) await browser.visit(`/callback/mock?code=x&state=${state}`, "social state_mismatch");
      await browser.visit("/callback/mock?error=access_denied&state=x", "social state_mismatch");
    },
  },
  {
    name: "in a browser that did not begin it",
    settings,
    async run(app) {
      const [ada, eve, rule] = [app.browser(), app.browser(), "social other browser"];
      const path = await app.consent((await begin(ada, home)).json.url, person(app));
      await eve.visit(path, rule);
      await begin(eve, home);
      await eve.visit(path, rule);
      const forged = { cookie: ada.cookies().replace(/%3D$/, "%3E") };
      await app.program().send("GET", path, { headers: forged, rule });
      await app.program().send("GET", path, { headers: { cookie: `better-auth.state=${new URL(path, app.origin).searchParams.get("state")}` }, rule });
      await ada.visit(path, rule);
    },
  },
  {
    name: "a second time",
    settings,
    async run(app) {
      const [browser, rule] = [app.browser(), "social state twice"];
      const path = await app.consent((await begin(browser, home)).json.url, person(app));
      const headers = { cookie: browser.cookies() };
      await browser.visit(path, rule);
      await browser.visit(path, rule);
      await app.program().send("GET", path, { headers, rule });
    },
  },
  {
    name: "when a refusal has used up the state",
    settings,
    async run(app) {
      const [browser, rule] = [app.browser(), "social state twice"];
      const state = await stateOf(browser);
      const headers = { cookie: browser.cookies() };
      await app.program().send("GET", `/callback/mock?state=${state}`, { headers, rule });
      await app.program().send("GET", `/callback/mock?state=${state}&code=x`, { headers, rule });
    },
  },
  {
    name: "in the provider's own words",
    settings,
    async run(app) {
      const refusals = [
        { error: "access_denied" },
        { error: "access_denied", error_description: "The person said no & é <b>" },
        { error: "temporarily unavailable", error_description: "" },
        { error: "x", code: "y" },
        { error: "" },
        { error: "https://evil.example", error_uri: "https://evil.example" },
      ];
      for (const [index, authorize] of refusals.entries()) {
        await signIn(app, app.browser(), troubled(app, index, { authorize }), home, "social provider's error");
        await signIn(app, app.browser(), troubled(app, index, { authorize }), {}, "social provider's error");
      }
    },
  },
  {
    name: "without a code",
    settings,
    async run(app) {
      for (const query of ["", "&code="]) {
        const browser = app.browser();
        await browser.visit(`/callback/mock?state=${await stateOf(browser)}${query}`, "social no_code");
      }
    },
  },
  {
    name: "from a provider that is not known, or another",
    settings,
    async run(app) {
      const [browser, rule] = [app.browser(), "social other provider"];
      await browser.visit(`/callback/nowhere?state=${await stateOf(browser)}&code=x`, rule);
      await browser.visit(`/callback/google?state=${await stateOf(browser)}&code=x`, rule);
      await browser.visit(`/callback/mock%2F?state=${await stateOf(browser)}&code=x`, rule);
      const path = await app.consent((await begin(browser, home)).json.url, person(app));
      await browser.visit(path.replace("/mock", "/other"), rule);
      app.heard(rule);
      await noteRows(app, app.email("ada"), rule);
    },
  },
  {
    name: "with a code that is not taken",
    settings,
    async run(app) {
      const [browser, rule] = [app.browser(), "social invalid_code"];
      await browser.visit(`/callback/mock?state=${await stateOf(browser)}&code=unknown`, rule);
      const answers = [
        { status: 400, json: { error: "invalid_grant" } },
        { status: 401, json: { error: "invalid_client" } },
        { status: 500, text: "broken" },
        { status: 302, location: "/elsewhere" },
        { status: 200, text: "access_token=a&token_type=bearer" },
        { status: 200, json: { error: "bad_verification_code" } },
        { status: 200, json: {} },
        { status: 200, json: null },
        { status: 200, json: [] },
        { status: 200, text: "" },
        { status: 204 },
      ];
      for (const [index, token] of answers.entries()) await signIn(app, app.browser(), troubled(app, index, { token }), home, rule);
    },
  },
  {
    name: "with the secret of another",
    settings: social({ clientSecret: "not the secret" }),
    async run(app) {
      await signIn(app, app.browser(), person(app), home, "social invalid_code");
    },
  },
  {
    name: "when nothing listens where the tokens are",
    settings: social({ tokenUrl: "http://127.0.0.1:1/token" }),
    async run(app) {
      await signIn(app, app.browser(), person(app), home, "social invalid_code");
    },
  },
  {
    name: "without a profile",
    settings,
    async run(app) {
      const answers = [
        { status: 500, json: { error: "server_error" } },
        { status: 401, json: { error: "invalid_token" } },
        { status: 200, text: "no JSON" },
        { status: 200, text: "" },
        { status: 200, json: null },
        { status: 200, json: {} },
        { status: 200, json: [] },
        { status: 200, json: "x" },
        { status: 204 },
      ];
      for (const [index, userinfo] of answers.entries()) {
        await signIn(app, app.browser(), troubled(app, index, { userinfo }), home, "social unable_to_get_user_info");
      }
    },
  },
  {
    name: "when nothing listens where the profile is",
    settings: social({ userInfoUrl: "http://127.0.0.1:1/userinfo" }),
    async run(app) {
      await signIn(app, app.browser(), person(app), home, "social unable_to_get_user_info");
    },
  },
  {
    name: "to the application's own page for errors",
    settings: social({}, { onAPIError: { errorURL: "https://app.example/failed?a=b" } }),
    async run(app) {
      const [browser, rule] = [app.browser(), "social error page"];
      await browser.visit("/callback/mock", rule);
      await browser.visit("/callback/mock?state=x", rule);
      await browser.visit(`/callback/mock?state=${await stateOf(browser, {})}`, rule);
      await browser.visit(`/callback/mock?state=${await stateOf(browser, { errorCallbackURL: "/oops#there" })}`, rule);
    },
  },
  {
    name: "from whoever has another name than the provider (RFC 9207)",
    settings: social({ issuer: "<provider>" }),
    async run(app) {
      const rule = "social issuer_mismatch";
      const back = async (provider, issuer) => {
        const browser = app.browser();
        const { url } = (await begin(browser, { ...home, provider })).json;
        const path = await app.consent(url, person(app, provider));
        await browser.visit(`${path}&iss=${encodeURIComponent(issuer(new URL(url).origin))}`, rule);
        app.heard(rule);
      };
      for (const issuer of [(own) => `${own}/`, () => "https://evil.example", (own) => own.toUpperCase()]) await back("mock", issuer);
      for (const issuer of [(own) => own, () => ""]) await back("mock", issuer);
      await back("other", () => "https://its.example");
    },
  },
  {
    name: "by a form is turned into a GET",
    settings,
    async run(app) {
      const rule = "social by form";
      const post = (visitor, path, body, headers = FORM) => visitor.send("POST", path, { headers: { ...headers }, body, rule });
      const browser = app.browser();
      const back = new URL(await app.consent((await begin(browser, home)).json.url, person(app)), app.origin);
      // A browser brings no cookies that are SameSite=Lax on such a way, and they are there on the next.
      const { headers } = await post(app.program(), back.pathname, back.search.slice(1), { ...FORM, origin: "https://provider.example" });
      await browser.visit(headers.location.replace(`${app.origin}/api/auth`, ""), rule);
      await post(app.program(), "/callback/mock?state=query&iss=i", "state=body&code=c&user=%7B%22a%22%3A1%7D&other=x&device_id=d");
      await post(app.program(), "/callback/nowhere", "error=access_denied&error_description=a+b%26");
      await post(app.program(), "/callback/mock", undefined, {});
      await post(app.program(), "/callback/mock", { state: "s", code: "c" }, { origin: undefined });
      await post(app.program(), "/callback/mock", { state: 5 }, { origin: undefined });
      await post(app.program(), "/callback/mock", "x", { "content-type": "text/plain" });
      await post(app.program(), "/callback/mock", "state=s", { ...FORM, cookie: "a=b" });
      await post(app.program(), "/callback/mock", "state=s", { ...FORM, cookie: "a=b", origin: "https://provider.example" });
      await post(app.program(), "/callback/mock?state=a&state=b", "code=c");
    },
  },
  {
    name: "by a method that is not there",
    settings,
    async run(app) {
      for (const method of ["PUT", "DELETE", "HEAD"]) await app.program().send(method, "/callback/mock?state=x");
      for (const path of ["/callback", "/callback/", "/callback/mock/", "/callback/mock/x"]) await app.browser().visit(path);
      await app.program().send("GET", "/sign-in/social");
    },
  },
  ...["user", "account", "session", "verification"].map((table) => ({
    name: `says what the database made impossible: a ${table}`,
    alone: true,
    settings,
    async run(app) {
      const [browser, rule] = [app.browser(), "social database"];
      await app.meddle((db) => db.refuse(table, "insert", "raise"));
      const { json } = await begin(browser, home, rule);
      if (json?.url) await browser.visit(await app.consent(json.url, person(app)), rule);
      await noteRows(app, app.email("ada"), rule);
    },
  })),
];
