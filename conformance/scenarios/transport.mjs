// Routing, media types, JSON, and the words of the schema.
import { PASSWORD } from "../harness/app.mjs";

const JSON_TYPE = { "content-type": "application/json" };

/** The endpoints that read a body, with one that is fine, members in the order of the schema. */
const BODIES = {
  "/sign-up/email": (app) => ({ name: "Ada", email: app.email("schema"), password: PASSWORD, image: "i", callbackURL: "/x", rememberMe: true }),
  "/sign-in/email": (app) => ({ email: app.email("schema"), password: PASSWORD, callbackURL: "/x", rememberMe: true }),
  "/change-password": () => ({ newPassword: "another password", currentPassword: "wrong password", revokeOtherSessions: true }),
  "/revoke-session": () => ({ token: "unknown" }),
};
const BODILESS = ["/sign-out", "/revoke-sessions", "/revoke-other-sessions", "/update-user"];

export default [
  {
    name: "unknown paths and methods are 404",
    async run(app) {
      const visitor = app.program();
      const try_ = (method, path, rule, headers, body) => visitor.send(method, path, { rule, headers, body });
      for (const path of ["", "/", "/nothing", "/ok/x", "/sign-in", "/set-password"]) await try_("GET", path, "transport unknown path");
      for (const path of ["/nothing", "/set-password", "/sign-in"]) await try_("POST", path, "transport unknown path");
      for (const [method, path] of [["GET", "/sign-in/email"], ["PUT", "/sign-in/email"], ["POST", "/ok"], ["POST", "/list-sessions"], ["POST", "/token"], ["GET", "/revoke-session"], ["DELETE", "/get-session"], ["PATCH", "/update-user"]]) {
        await try_(method, path, "transport method");
      }
      for (const path of ["/ok/", "//ok", "/get-session/"]) await try_("GET", path, "transport slash");
      for (const path of ["/ok", "/get-session", "/nothing"]) await try_("HEAD", path, "transport HEAD");
      for (const path of ["/ok", "/sign-in/email"]) await try_("OPTIONS", path, "transport OPTIONS");
      for (const path of ["/OK", "/%6fk", "/Get-Session"]) await try_("GET", path, "transport case");
      await try_("POST", "/nothing", "transport before origin", { cookie: "a=b" });
      await try_("POST", "/nothing", "transport before origin", { "content-type": "text/plain" }, "x");
      await try_("GET", "/ok", "ok");
      await try_("GET", "/ok?x=1", "transport query");
      await try_("GET", "/get-session?x=1&x=2", "transport query");
    },
  },
  {
    name: "paths that are switched off",
    settings: { disabledPaths: ["/ok", "/sign-in/email"] },
    async run(app) {
      for (const path of ["/ok", "/ok/", "/ok//", "/ok?x=1"]) await app.program().send("GET", path, { rule: "transport disabled" });
      await app.program().send("POST", "/ok", { rule: "transport disabled" });
      await app.program().send("POST", "/sign-in/email", { body: {}, rule: "transport disabled" });
      await app.program().send("GET", "/okay", { rule: "transport disabled" });
    },
  },
  {
    name: "slashes at the end that do not matter",
    settings: { advanced: { skipTrailingSlashes: true } },
    async run(app) {
      for (const path of ["/ok", "/ok/", "/ok/?x=1", "/ok//", "//ok/", "/nothing/", "/get-session/"]) {
        await app.program().send("GET", path, { rule: "transport skip slashes" });
      }
    },
  },
  {
    name: "a preflight from elsewhere",
    async run(app) {
      const headers = { origin: "https://evil.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
      await app.program().send("OPTIONS", "/sign-in/email", { headers, rule: "transport OPTIONS" });
      await app.program().send("GET", "/ok", { headers: { origin: "https://evil.example" }, rule: "ok" });
    },
  },
  {
    name: "a preflight from a trusted origin",
    async run(app) {
      const headers = { origin: app.origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
      await app.program().send("OPTIONS", "/sign-in/email", { headers, rule: "transport OPTIONS" });
      await app.program().send("GET", "/ok", { headers: { origin: app.origin }, rule: "ok" });
    },
  },
  {
    name: "a preflight from another trusted origin",
    settings: { trustedOrigins: ["https://app.example"] },
    async run(app) {
      const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
      await app.program().send("OPTIONS", "/sign-in/email", { headers, rule: "transport OPTIONS" });
      await app.program().send("GET", "/ok", { headers: { origin: "https://app.example" }, rule: "ok" });
    },
  },
  {
    name: "media types",
    async run(app) {
      const browser = await app.member();
      for (const path of [...Object.keys(BODIES), ...BODILESS]) {
        for (const type of ["text/plain", "application/ld+json", "application/jsonx", "multipart/form-data; boundary=x", "*/*"]) {
          await browser.send("POST", path, { body: "{}", headers: { "content-type": type }, rule: "transport media type" });
        }
      }
      for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"]) {
        await browser.send("POST", "/revoke-session", { body: "{}", headers: { "content-type": type }, rule: "transport media type" });
      }
      for (const path of ["/change-password", "/revoke-session", "/update-user", "/sign-out"]) {
        await browser.send("POST", path, { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" }, rule: "transport media type" });
      }
      for (const path of Object.keys(BODIES)) await browser.send("POST", path, { body: "{}", rule: "transport no content type" });
    },
  },
  {
    name: "malformed and missing JSON",
    async run(app) {
      const browser = await app.member();
      for (const path of [...Object.keys(BODIES), ...BODILESS]) {
        for (const body of ["{bad", '{"a":1,}', "undefined", "{}{}", "'a'"]) {
          await browser.send("POST", path, { body, headers: JSON_TYPE, rule: "transport malformed" });
        }
      }
      for (const path of [...Object.keys(BODIES), "/update-user"]) {
        await browser.send("POST", path, { rule: "transport missing body" });
        await browser.send("POST", path, { body: "", headers: JSON_TYPE, rule: "transport missing body" });
      }
    },
  },
  {
    name: "odd JSON",
    async run(app) {
      const { email } = await app.member();
      const body = JSON.stringify({ email, password: PASSWORD });
      const members = body.slice(1, -1);
      const odd = [
        ` \t\r\n${body} `, `{"email":"other@example.com",${members}}`, `{${members},"email":"nobody"}`, `{"__proto__":{"a":1},${members}}`,
        `{"constructor":{"prototype":{"a":1}},${members}}`, `{"x":${"[".repeat(100)}${"]".repeat(100)},${members}}`, `{"x":-0.0,${members}}`,
        `{"x":NaN,${members}}`, `{"x":01,${members}}`, `{/**/${members}}`, `${body}x`,
      ];
      for (const text of odd) await app.program().send("POST", "/sign-in/email", { body: text, headers: JSON_TYPE, rule: "transport odd JSON" });
    },
  },
  {
    name: "odd JSON that some readers take",
    async run(app) {
      const body = JSON.stringify({ email: app.email("nobody"), password: "a".repeat(129) });
      for (const text of [`\ufeff${body}`, `{"x":1e999,${body.slice(1)}`]) {
        await app.program().send("POST", "/sign-in/email", { body: text, headers: JSON_TYPE, rule: "transport odd JSON" });
      }
    },
  },
  {
    name: "odd text",
    async run(app) {
      const name = (value, index) => `{"name":"${value}","email":"${app.email(`n${index}`)}","password":"${PASSWORD}"}`;
      for (const [index, value] of ["\\ud83d\\ude00", "é😀\\n\\t\\\"\\/", "x".repeat(256), "x".repeat(1025), "\\u0000", "\\ud800"].entries()) {
        await app.program().send("POST", "/sign-up/email", { body: name(value, index), headers: JSON_TYPE, rule: "transport odd text" });
      }
    },
  },
  {
    name: "JSON that is no object",
    async run(app) {
      const browser = await app.member();
      for (const path of [...Object.keys(BODIES), "/update-user", "/sign-out"]) {
        for (const body of ["[]", "null", "5", "true", '"s"']) {
          await browser.send("POST", path, { body, headers: JSON_TYPE, rule: "transport other JSON" });
        }
      }
    },
  },
  {
    name: "every member of the wrong type",
    async run(app) {
      const browser = await app.member();
      for (const [path, fine] of Object.entries(BODIES)) {
        for (const member of Object.keys(fine(app))) {
          for (const value of [5, null, true, "", [], ["a"], {}]) {
            const good = fine(app);
            if (typeof value === typeof good[member] && value !== "") continue;
            if (value === "" && typeof good[member] === "string" && path === "/sign-up/email" && member !== "email" && member !== "password") continue;
            await browser.send("POST", path, { body: { ...good, [member]: value }, rule: "transport types" });
          }
          await browser.send("POST", path, { body: { ...fine(app), [member]: undefined, password: "short" }, rule: "transport types" });
        }
      }
    },
  },
  {
    name: "several issues",
    async run(app) {
      const rule = "transport joined";
      const browser = await app.member();
      for (const path of Object.keys(BODIES)) await browser.send("POST", path, { body: {}, rule });
      const wrong = { rememberMe: 5, image: 5, password: 5, email: 5, name: 5 };
      await browser.send("POST", "/sign-up/email", { body: wrong, rule });
      await browser.send("POST", "/sign-up/email", { body: { ...wrong, email: "nobody", password: "" }, rule });
      await browser.send("POST", "/sign-in/email", { body: wrong, rule });
      await browser.send("POST", "/change-password", { body: { revokeOtherSessions: 1, currentPassword: 1, newPassword: 1 }, rule });
      await browser.send("POST", "/sign-out", { body: { state: 5, disableRedirect: "x" }, rule });
    },
  },
  {
    name: "nobody with an invalid and with a valid body",
    async run(app) {
      const rule = "transport order 400 401";
      for (const [path, valid] of [["/change-password", BODIES["/change-password"]()], ["/revoke-session", { token: "x" }], ["/update-user", { name: "B" }]]) {
        await app.program().send("POST", path, { body: [], rule });
        await app.program().send("POST", path, { body: valid, rule });
      }
    },
  },
];
