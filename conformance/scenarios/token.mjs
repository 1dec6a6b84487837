// GET /token, GET /jwks and the headers that carry tokens.
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";

import { PASSWORD } from "../harness/app.mjs";

/** What must hold of a token for `user`, whoever minted it. */
function describe(token, user) {
  const claims = decodeJwt(token);
  return {
    "sub is the user": claims.sub === user.id,
    "email is the user's": claims.email === user.email,
    "issued now": Math.abs(claims.iat - Date.now() / 1000) < 30,
    "expires later": claims.exp > claims.iat,
  };
}

export default [
  {
    name: "describes the caller",
    async run(app) {
      const browser = await app.member();
      const { json } = await browser.send("GET", "/token", { rule: "token claims" });
      app.note("token", describe(json.token, browser.user), "token claims");
      const { headers } = await browser.send("GET", "/get-session", { rule: "token set-auth-jwt" });
      app.note("set-auth-jwt", describe(headers["set-auth-jwt"], browser.user), "token set-auth-jwt");
      await app.program().send("GET", "/token", { rule: "token claims" });
    },
  },
  {
    name: "comes with every new cookie as a bearer token",
    async run(app) {
      const rule = "token set-auth-token";
      const { email } = await app.member();
      const browser = app.browser();
      await browser.send("POST", "/sign-in/email", { body: { email, password: PASSWORD }, rule });
      await browser.send("POST", "/update-user", { body: { name: "B" }, rule });
      await browser.send("GET", "/get-session", { rule });
      await browser.send("POST", "/sign-out", { body: {}, rule });
    },
  },
  {
    name: "has no published keys where the secret signs",
    async run(app) {
      await app.program().send("GET", "/jwks", { rule: "token jwks default" });
    },
  },
  {
    name: "is verified with the published keys",
    settings: { token: { algorithm: "EdDSA" } },
    async run(app) {
      const browser = await app.member();
      const { json } = await browser.send("GET", "/token", { rule: "token claims" });
      const { json: keys } = await browser.send("GET", "/jwks", { rule: "token claims" });
      const { payload } = await jwtVerify(json.token, createLocalJWKSet(keys), { algorithms: ["EdDSA"] });
      app.note("sub is the user", payload.sub === browser.user.id, "token claims");
      app.note("kid is published", keys.keys.some(({ kid }) => kid === decodeProtectedHeader(json.token).kid), "token claims");
      await browser.call((client) => client.jwks(), { rule: "client token" });
    },
  },
];
