// What a provider gave: POST /get-access-token, POST /refresh-token and GET /account-info
import { mockAccount, noteRows, person, signIn, social } from "../harness/social.mjs";

const settings = social();
const home = { callbackURL: "/home" };
const access = (visitor, body, rule) => visitor.send("POST", "/get-access-token", { body, rule });
const refresh = (visitor, body, rule) => visitor.send("POST", "/refresh-token", { body, rule });
const info = (visitor, query, rule) => visitor.send("GET", `/account-info?${new URLSearchParams(query)}`, { rule });
const each = async (visitor, selection, rule) => {
  for (const ask of [access, refresh, info]) await ask(visitor, selection, rule);
};

/** Someone who signed in at the provider, with their account. */
async function signedIn(app, who) {
  const browser = app.browser();
  await signIn(app, browser, who, home);
  app.heard();
  return { browser, accountId: await mockAccount(browser), email: who.profile.email };
}

const REFUSED = { status: 400, json: { error: "invalid_grant" } };
const due = { expires_in: 4 };

export default [
  {
    name: "are there for the account's own user",
    settings,
    async run(app) {
      const rule = "tokens";
      const { browser, accountId, email } = await signedIn(app, person(app, "ada", { locale: "de", picture: "https://example.com/a.png", nested: { a: [1] } }));
      await access(browser, { accountId }, rule);
      await info(browser, { accountId }, rule);
      await refresh(browser, { accountId }, rule);
      app.heard(rule);
      await noteRows(app, email, rule);
      await access(browser, { accountId }, rule);
      await refresh(browser, { accountId }, rule);
      await browser.send("GET", "/list-accounts", { rule });
    },
  },
  {
    name: "are nobody else's",
    settings,
    async run(app) {
      const rule = "tokens of another";
      const [{ accountId }, eve] = [await signedIn(app, person(app)), await app.member("eve")];
      await each(eve, { accountId }, rule);
      await each(app.program(), { accountId }, rule);
      await each(eve, { accountId, userId: (await app.row('select "userId" from account where id = ?', accountId)).userId }, rule);
      app.heard(rule);
    },
  },
  {
    name: "are found by the account's row alone",
    settings,
    async run(app) {
      const { browser, accountId, email } = await signedIn(app, person(app));
      for (const id of ["unknown", "", `at ${email}`, "mock"]) await each(browser, { accountId: id }, "tokens selection");
      await each(browser, { accountId, userId: "another" }, "tokens selection");
      await each(browser, { useAccountCookie: true }, "tokens selection");
      await each(app.program(), { accountId: "unknown" });
    },
  },
  {
    name: "are asked for in one way",
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app));
      const bodies = [
        ...[{}, { providerId: "mock" }, { accountId, providerId: "mock" }, { accountId: 5 }, { accountId: null }],
        ...[{ accountId, userId: 5 }, { useAccountCookie: false }, { accountId, useAccountCookie: true }, [], "x"],
      ];
      for (const body of [...bodies, undefined]) {
        await access(browser, body);
        await refresh(browser, body);
      }
      for (const query of ["", "?accountId=a&accountId=b", "?providerId=mock", `?accountId=${accountId}&x=y`, "?useAccountCookie=true", "?accountId="]) {
        await browser.send("GET", `/account-info${query}`);
      }
      for (const ask of [access, refresh]) await ask(app.program(), {});
      await info(app.program(), {});
      for (const path of ["/get-access-token", "/refresh-token"]) {
        const send = (headers, body) => app.program().send("POST", path, { headers, body });
        await send({ "content-type": "application/json" }, "{");
        await send({ "content-type": "text/plain" }, "x");
        await send({ cookie: browser.cookies() }, { accountId });
        await send({ cookie: browser.cookies(), origin: "https://evil.example" }, { accountId });
      }
    },
  },
  {
    name: "are none of a password",
    settings,
    async run(app) {
      const browser = await app.member();
      const [{ id }] = (await browser.send("GET", "/list-accounts")).json;
      await each(browser, { accountId: id }, "tokens of a password");
    },
  },
  {
    name: "are renewed when they are due",
    settings,
    async run(app) {
      const rule = "tokens due";
      for (const ask of [access, info]) {
        const { browser, accountId, email } = await signedIn(app, person(app, ask.name, { does: { tokens: due } }));
        await noteRows(app, email, rule);
        await ask(browser, { accountId }, rule);
        app.heard(rule);
        await noteRows(app, email, rule);
        await ask(browser, { accountId }, rule);
        app.heard(rule);
      }
    },
  },
  {
    name: "are renewed only when they are due",
    settings,
    async run(app) {
      const rule = "tokens not due";
      const answers = { a: { expires_in: 300 }, b: { expires_in: null }, c: { expires_in: 0 }, d: { expires_in: "300" }, e: { ...due, refresh_token: null } };
      for (const [name, tokens] of Object.entries(answers)) {
        const { browser, accountId, email } = await signedIn(app, person(app, name, { does: { tokens } }));
        await access(browser, { accountId }, rule);
        app.heard(rule);
        await noteRows(app, email, rule);
      }
    },
  },
  {
    name: "are as the provider words them",
    settings,
    async run(app) {
      const rule = "tokens as given";
      const answers = {
        ...{ a: { scope: null }, b: { scope: "" }, c: { scope: ["openid", "a b"] }, d: { scope: "a,b  c" } },
        ...{ e: { token_type: null }, f: { refresh_token_expires_in: 7200 }, g: { token_type: "mac", extra: "x" } },
      };
      for (const [name, tokens] of Object.entries(answers)) {
        const { browser, accountId, email } = await signedIn(app, person(app, name, { does: { tokens } }));
        await access(browser, { accountId }, rule);
        await noteRows(app, email, rule);
      }
    },
  },
  {
    name: "are renewed as the provider words it",
    settings,
    async run(app) {
      const rule = "tokens renewed";
      const answers = {
        ...{ a: { refresh_token: null }, b: { expires_in: null }, c: { scope: "openid" } },
        ...{ d: { refresh_token_expires_in: 7200 }, e: { access_token: null }, f: { access_token: "" } },
      };
      for (const [name, refreshed] of Object.entries(answers)) {
        const { browser, accountId, email } = await signedIn(app, person(app, name, { does: { tokens: { refresh_token_expires_in: 3600 }, refreshed } }));
        await refresh(browser, { accountId }, rule);
        await noteRows(app, email, rule);
        await access(browser, { accountId }, rule);
      }
    },
  },
  {
    name: "are not renewed where the provider refuses",
    settings,
    async run(app) {
      const rule = "tokens refused";
      const answers = {
        a: REFUSED,
        b: { status: 500, text: "broken" },
        c: { status: 200, text: "no JSON" },
        d: { status: 200, json: {} },
        e: { status: 302, location: "/elsewhere" },
      };
      for (const [name, refusal] of Object.entries(answers)) {
        const { browser, accountId, email } = await signedIn(app, person(app, name, { does: { tokens: due, refresh: refusal } }));
        await each(browser, { accountId }, rule);
        await noteRows(app, email, rule);
      }
    },
  },
  {
    name: "are not renewed without a refresh token",
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app, "ada", { does: { tokens: { refresh_token: null } } }));
      await refresh(browser, { accountId });
      await access(browser, { accountId });
    },
  },
  {
    name: "are worth nothing when the provider no longer knows them",
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app, "ada", { does: { told: 1 } }));
      await info(browser, { accountId }, "tokens revoked");
      await access(browser, { accountId }, "tokens revoked");
    },
  },
  {
    name: "are gone with the account",
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app));
      await signIn(app, browser, person(app), { ...home, provider: "other" });
      await browser.send("POST", "/unlink-account", { body: { accountId } });
      await each(browser, { accountId }, "tokens selection");
    },
  },
  {
    name: "are none where there is none",
    alone: true,
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app));
      await app.meddle((db) => db.run('update account set "accessToken" = null, "refreshToken" = null'));
      await each(browser, { accountId }, "tokens absent");
    },
  },
  {
    name: "of a provider that is no longer there",
    alone: true,
    settings,
    async run(app) {
      const { browser, accountId } = await signedIn(app, person(app));
      await app.meddle((db) => db.run(`update account set "providerId" = 'gone'`));
      await each(browser, { accountId }, "tokens of a password");
    },
  },
];
