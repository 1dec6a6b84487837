// The origin, CSRF and Fetch Metadata checks.
import { PASSWORD } from "../harness/app.mjs";

const TRUSTED = { trustedOrigins: ["https://app.example", "https://*.wild.example"] };
const EVIL = "https://evil.example";
const COOKIE = { cookie: "a=b" };

/** Every way to come, good and bad; `own` is the origin of the server. */
const visits = (own) => [
  {},
  COOKIE,
  { ...COOKIE, origin: own },
  { ...COOKIE, origin: EVIL },
  { ...COOKIE, origin: "null" },
  { ...COOKIE, origin: "null", "sec-fetch-site": "same-origin" },
  { ...COOKIE, origin: "null", "sec-fetch-site": "cross-site" },
  { ...COOKIE, origin: "" },
  { ...COOKIE, origin: "http://localhost:1" },
  { ...COOKIE, origin: `${own}.evil.example` },
  { ...COOKIE, origin: own.replace("http:", "https:") },
  { ...COOKIE, origin: `${EVIL}/${own}` },
  { ...COOKIE, referer: `${own}/page?x` },
  { ...COOKIE, referer: `${EVIL}/` },
  { ...COOKIE, origin: EVIL, referer: `${own}/` },
  { ...COOKIE, origin: own, referer: `${EVIL}/` },
  { ...COOKIE, origin: "https://app.example" },
  { ...COOKIE, origin: "http://app.example" },
  { ...COOKIE, origin: "https://app.example:8443" },
  { ...COOKIE, origin: "https://x.wild.example" },
  { ...COOKIE, origin: "https://x.y.wild.example" },
  { ...COOKIE, origin: "https://wild.example" },
  { ...COOKIE, origin: "https://xwild.example" },
  { ...COOKIE, origin: "not a url" },
  { ...COOKIE, origin: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  { cookie: "" },
  { origin: own },
  { origin: EVIL },
  { origin: "null" },
  { origin: "null", "sec-fetch-site": "same-origin" },
  { referer: `${own}/page` },
  { referer: `${EVIL}/` },
  { "sec-fetch-mode": "cors" },
  { "sec-fetch-dest": "document" },
  { "sec-fetch-site": "none" },
  { "sec-fetch-mode": "cors", origin: own },
  { "sec-fetch-mode": "cors", origin: EVIL },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", origin: own },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", origin: own },
  { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", origin: own },
];

export default [
  {
    name: "at sign-in",
    settings: TRUSTED,
    async run(app) {
      // A password that is too long is refused before hashing: the check is what is looked at here.
      const body = { email: app.email("nobody"), password: "a".repeat(129) };
      for (const headers of visits(app.origin)) await app.program().send("POST", "/sign-in/email", { headers, body, rule: ["origin matrix sign-in", "origin trusted"] });
    },
  },
  {
    name: "at sign-up",
    settings: TRUSTED,
    async run(app) {
      const body = { name: "A", email: app.email("nobody"), password: "a".repeat(129) };
      for (const headers of visits(app.origin)) await app.program().send("POST", "/sign-up/email", { headers, body, rule: "origin matrix sign-in" });
    },
  },
  {
    name: "elsewhere",
    settings: TRUSTED,
    async run(app) {
      for (const headers of visits(app.origin)) await app.program().send("POST", "/sign-out", { headers, body: {}, rule: ["origin matrix elsewhere", "origin trusted"] });
    },
  },
  {
    name: "of other patterns",
    settings: { trustedOrigins: ["*.bare.example", "myapp://", "https://app?.example", "https://*.port.example:8443"] },
    async run(app) {
      const body = { email: app.email("nobody"), password: "a".repeat(129) };
      const visitor = app.program();
      for (const origin of ["https://a.bare.example", "http://a.bare.example:81", "https://bare.example", "https://app1.example", "https://app12.example", "https://a.port.example:8443", "https://a.port.example"]) {
        await visitor.send("POST", "/sign-in/email", { headers: { origin }, body, rule: "origin patterns" });
      }
      for (const callbackURL of ["myapp://", "myapp://open/x", "MYAPP://open", "otherapp://open", "myapp:open", "https://a.bare.example/x", "https://app1.example/x?y=https://evil.example"]) {
        await visitor.send("POST", "/sign-in/email", { body: { ...body, callbackURL }, rule: "origin patterns" });
      }
    },
  },
  {
    name: "at every endpoint that changes something",
    async run(app) {
      const browser = await app.member();
      const bodies = { "/update-user": { name: "B" }, "/change-password": { currentPassword: PASSWORD, newPassword: PASSWORD }, "/revoke-session": { token: "x" }, "/revoke-sessions": {}, "/revoke-other-sessions": {} };
      for (const [path, body] of Object.entries(bodies)) {
        for (const origin of [undefined, EVIL, "null"]) {
          await app.program().send("POST", path, { headers: { cookie: browser.cookies(), origin }, body, rule: "origin matrix elsewhere" });
        }
      }
      await browser.send("GET", "/get-session", { rule: "origin matrix elsewhere" });
    },
  },
  {
    name: "never at GET",
    async run(app) {
      const browser = await app.member();
      for (const path of ["/get-session", "/list-sessions", "/token", "/ok"]) {
        await app.program().send("GET", path, { headers: { cookie: browser.cookies(), origin: EVIL }, rule: "origin GET" });
        await app.program().send("GET", path, { headers: { cookie: browser.cookies() }, rule: "origin GET" });
      }
    },
  },
  {
    name: "and what is told first",
    async run(app) {
      const rule = "origin before body";
      const evil = { ...COOKIE, origin: EVIL };
      const send = (headers, body) => app.program().send("POST", "/sign-in/email", { headers, body, rule });
      await send({ ...evil, "content-type": "application/json" }, "{bad");
      await send({ ...evil, "content-type": "text/plain" }, "x");
      await send(evil, {});
      await send({ origin: EVIL }, {});
      await send(evil, { callbackURL: EVIL });
      await send({}, { callbackURL: EVIL });
      await send({ origin: EVIL }, { callbackURL: EVIL });
    },
  },
];
