// Names, attributes, order and signatures of cookies.
import { createHmac } from "node:crypto";

import { PASSWORD, SECRET } from "../harness/app.mjs";

const NAME = "better-auth.session_token";
const signIn = (visitor, email, over, rule, headers) =>
  visitor.send("POST", "/sign-in/email", { body: { email, password: PASSWORD, ...over }, headers, rule });
const sign = (message) => `${message}.${createHmac("sha256", SECRET).update(message).digest("base64")}`;

export default [
  {
    name: "sign-in sets one, sign-out clears three",
    async run(app) {
      const { email } = await app.member();
      const browser = app.browser();
      await signIn(browser, email, {}, "cookie sign-in");
      await browser.send("POST", "/sign-out", { body: {}, rule: "cookie cleared" });
      await browser.send("POST", "/sign-out", { rule: "cookie cleared" });
    },
  },
  {
    name: "Max-Age follows the settings",
    settings: { session: { expiresIn: 7200, updateAge: 3600 } },
    async run(app) {
      const browser = await app.member();
      await browser.send("GET", "/get-session", { rule: "cookie expiresIn" });
      await signIn(browser, browser.email, { rememberMe: false }, "cookie expiresIn");
      await browser.send("GET", "/get-session", { rule: "cookie expiresIn" });
    },
  },
  {
    name: "are secure under https",
    settings: { baseURL: "https://auth.example" },
    async run(app) {
      const rule = "cookie https";
      const visitor = app.program();
      const { json } = await visitor.send("POST", "/sign-up/email", { body: { name: "A", email: app.email("a"), password: PASSWORD }, rule });
      await signIn(visitor, json.user.email, { rememberMe: false }, rule);
      await visitor.send("POST", "/sign-out", { rule });
      const token = (await app.row('select token from session where "userId" = ?', json.user.id)).token;
      for (const name of [`__Secure-${NAME}`, NAME]) {
        await visitor.send("GET", "/get-session", { headers: { cookie: `${name}=${encodeURIComponent(sign(token))}` }, rule });
      }
    },
  },
  ...[
    { cookiePrefix: "my-app", useSecureCookies: true },
    { crossSubDomainCookies: { enabled: true } },
    { crossSubDomainCookies: { enabled: true, domain: "example.com" }, useSecureCookies: true },
    { defaultCookieAttributes: { sameSite: "none", secure: true, partitioned: true } },
    { defaultCookieAttributes: { sameSite: "strict", path: "/api", domain: ".example.com", httpOnly: true } },
    {
      cookies: {
        session_token: { name: "sid", attributes: { sameSite: "strict" } },
        session_data: { name: "sid.data", attributes: { path: "/api/auth", domain: "auth.example.com" } },
        dont_remember: { name: "forget" },
      },
      defaultCookieAttributes: { sameSite: "none", secure: true },
    },
  ].map((advanced, number) => ({
    name: `are named and marked as it is set (${number + 1})`,
    settings: { baseURL: "https://auth.example.com", advanced, session: { cookieCache: { enabled: true } } },
    async run(app) {
      const rule = "cookie settings";
      const visitor = app.program();
      const body = { name: "A", email: app.email("a"), password: PASSWORD, image: "x".repeat(5_000) };
      const { setCookies } = await visitor.send("POST", "/sign-up/email", { body, rule });
      const cookie = setCookies.map((line) => line.split(";")[0]).join("; ");
      const headers = { cookie, origin: "https://auth.example.com" };
      await visitor.send("GET", "/get-session", { headers, rule });
      await visitor.send("POST", "/update-user", { headers, body: { image: null }, rule });
      await visitor.send("POST", "/sign-out", { headers, rule });
      await visitor.send("POST", "/sign-in/email", { body: { email: body.email, password: PASSWORD, rememberMe: false }, rule });
    },
  })),
  {
    name: "last as long as the browser without rememberMe",
    async run(app) {
      const { email, user } = await app.member();
      const browser = app.browser();
      await signIn(browser, email, { rememberMe: false }, "cookie rememberMe false");
      await browser.send("GET", "/get-session", { rule: "cookie rememberMe false" });
      const lifetimes = await app.rows('select "expiresAt", "createdAt" from session where "userId" = ? order by "createdAt"', user.id);
      app.note("sessions", lifetimes, "cookie rememberMe false");
      await browser.send("POST", "/update-user", { body: { name: "B" }, rule: "cookie dont_remember kept" });
      const body = { currentPassword: PASSWORD, newPassword: PASSWORD, revokeOtherSessions: true };
      await browser.send("POST", "/change-password", { body, rule: "cookie dont_remember kept" });
      await browser.send("GET", "/get-session", { rule: "cookie dont_remember kept" });
      await browser.send("POST", "/sign-out", { body: {}, rule: "cookie cleared" });
    },
  },
  {
    name: "sign-up without rememberMe",
    async run(app) {
      const browser = await app.member("forget", { rememberMe: false });
      await browser.send("GET", "/get-session", { rule: "cookie rememberMe false" });
    },
  },
  {
    name: "a carried dont_remember is deleted by a sign-in that remembers",
    async run(app) {
      const { email } = await app.member();
      const rule = "cookie dont_remember carried";
      for (const rememberMe of [true, undefined, false]) {
        const browser = app.browser();
        await signIn(browser, email, { rememberMe: false });
        await signIn(browser, email, { rememberMe }, rule);
      }
      const browser = app.browser();
      await signIn(browser, email, { rememberMe: false });
      await browser.send("POST", "/sign-up/email", { body: { name: "B", email: app.email("b"), password: PASSWORD }, rule });
      const forged = { origin: app.origin, cookie: "better-auth.dont_remember=true.AAAA" };
      await signIn(app.program(), email, {}, "cookie dont_remember forged", forged);
    },
  },
  {
    name: "with a wrong signature are none",
    async run(app) {
      const { user } = await app.member();
      const token = (await app.row('select token from session where "userId" = ?', user.id)).token;
      const [, signature] = sign(token).split(".");
      const flipped = `${token}.${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
      const swapped = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}.${signature}`;
      for (const value of [flipped, swapped, token, `${token}.`, `${token}.${signature.slice(0, -1)}`, `.${signature}`, "", "%%%", "a.b"]) {
        const headers = { cookie: `${NAME}=${value}`, origin: app.origin };
        await app.program().send("GET", "/get-session", { headers, rule: "cookie forged" });
        await app.program().send("GET", "/list-sessions", { headers, rule: "cookie forged" });
      }
    },
  },
  {
    name: "are read raw and percent-encoded, the first of a name",
    async run(app) {
      const { user } = await app.member();
      const token = (await app.row('select token from session where "userId" = ?', user.id)).token;
      const raw = sign(token);
      const get = (cookie, rule) => app.program().send("GET", "/get-session", { headers: { cookie }, rule });
      await get(`${NAME}=${raw}`, "cookie forms");
      await get(`${NAME}=${encodeURIComponent(raw)}`, "cookie forms");
      await get(`other=1; ${NAME}=${raw}; another=2`, "cookie forms");
      await get(`other=1;${NAME}=${raw}`, "cookie forms");
      await get(`${NAME}=bad; ${NAME}=${raw}`, "cookie twice");
      await get(`${NAME}=${raw}; ${NAME}=bad`, "cookie twice");
      await get(`__Secure-${NAME}=${raw}`, "cookie secure name");
      await get(`${NAME.toUpperCase()}=${raw}`, "cookie secure name");
    },
  },
];
