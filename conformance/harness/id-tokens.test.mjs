// What the real server is given to verify ID tokens with must judge as its own verifier of Google's does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { verifyProviderIdToken } from "@better-auth/core/oauth2";
import { google } from "better-auth/social-providers";

import { BROKEN, NO_TOKENS, now } from "./id-tokens.mjs";
import { startIdentityProvider } from "./identity-provider.mjs";
import { idTokenVerifier } from "./verify-id-token.mjs";

const CLIENT = { clientId: "google-client", clientSecret: "google-secret" };
const GOOD = { sub: "1", nonce: "n" };
const ask = fetch;

let provider;
let given;
before(async () => {
  provider = await startIdentityProvider();
  given = google({ ...CLIENT, verifyIdToken: idTokenVerifier({ ...CLIENT, jwksUrl: `${provider.origin}/jwks` }) });
  // Better Auth's own has Google's keys at an address of its own.
  globalThis.fetch = (url, init) => ask(String(url).startsWith("https://www.googleapis.com/") ? `${provider.origin}/jwks` : url, init);
});
after(() => {
  globalThis.fetch = ask;
  return provider.stop();
});

/** Whether each of both takes it. */
async function judged(token, nonce) {
  const own = google(CLIENT);
  return [await verifyProviderIdToken(own, token, nonce, {}), await verifyProviderIdToken(given, token, nonce, {})];
}

for (const [name, broken] of Object.entries(BROKEN)) {
  test(`refuses one ${name}`, async () => assert.deepEqual(await judged(provider.idToken(...broken(GOOD))), [false, false]));
}
for (const text of NO_TOKENS) {
  test(`refuses ${text.slice(0, 20)}`, async () => assert.deepEqual(await judged(text), [false, false]));
}

const taken = {
  "as usual": {},
  "of the other issuer": { iss: "accounts.google.com" },
  "for several clients": { aud: ["x", "google-client"] },
  "just expired": { expired: 1 },
};
for (const [name, { expired, ...claims }] of Object.entries(taken)) {
  test(`takes one ${name}`, async () => {
    const end = expired && { exp: now() - expired };
    assert.deepEqual(await judged(provider.idToken({ ...GOOD, ...claims, ...end })), [true, true]);
  });
}

test("asks for the nonce that it is given", async () => {
  const [token, without] = [provider.idToken(GOOD), provider.idToken({ sub: "1" })];
  assert.deepEqual(await judged(token, "n"), [true, true]);
  assert.deepEqual(await judged(token, ""), [true, true]);
  assert.deepEqual(await judged(token, "N"), [false, false]);
  assert.deepEqual(await judged(without, "n"), [false, false]);
});

test("takes ES256, which Better Auth's own does not", async () => {
  assert.deepEqual(await judged(provider.idToken(GOOD, { alg: "ES256" })), [false, true]);
});
