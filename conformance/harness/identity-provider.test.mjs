// The provider must refuse what a server may not send: otherwise a server that sends it would pass.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { startIdentityProvider } from "./identity-provider.mjs";

const VERIFIER = "v".repeat(128);
const BACK = "http://localhost:1/callback/mock";
const CLIENT = { client_id: "mock-client", client_secret: "mock-secret" };

let provider;
before(async () => void (provider = await startIdentityProvider()));
after(() => provider.stop());

const authorize = (changes = {}, who = { profile: { id: "1" } }) => {
  const code_challenge = createHash("sha256").update(VERIFIER).digest("base64url");
  const usual = { response_type: "code", ...CLIENT, redirect_uri: BACK, state: "s", code_challenge, code_challenge_method: "S256" };
  const query = new URLSearchParams({ ...usual, as: JSON.stringify(who), ...changes });
  return fetch(`${provider.origin}/authorize?${query}`, { redirect: "manual" });
};
const code = async (who) => new URL((await authorize({}, who)).headers.get("location")).searchParams.get("code");

async function token(members) {
  const body = new URLSearchParams({ ...CLIENT, grant_type: "authorization_code", redirect_uri: BACK, code_verifier: VERIFIER, ...members });
  const answer = await fetch(`${provider.origin}/token`, { method: "POST", body });
  return { status: answer.status, ...(await answer.json()) };
}

test("takes a code and a refresh token once each, and tells the profile", async () => {
  const given = await code();
  const first = await token({ code: given });
  assert.equal(first.status, 200);
  assert.equal((await token({ code: given })).error, "invalid_grant");
  const refresh = { grant_type: "refresh_token", refresh_token: first.refresh_token };
  const second = await token(refresh);
  assert.equal(second.status, 200);
  assert.equal((await token(refresh)).error, "invalid_grant");
  const told = await fetch(`${provider.origin}/userinfo`, { headers: { authorization: `Bearer ${second.access_token}` } });
  assert.deepEqual(await told.json(), { id: "1" });
  assert.equal((await fetch(`${provider.origin}/userinfo`, { headers: { authorization: "Bearer x" } })).status, 401);
});

const wrong = {
  "another secret": [{ client_secret: "x" }, "invalid_client"],
  "another client": [{ client_id: "other-client", client_secret: "other-secret" }, "invalid_grant"],
  "another redirect_uri": [{ redirect_uri: `${BACK}2` }, "invalid_grant"],
  "another verifier": [{ code_verifier: "x" }, "invalid_grant"],
  "another grant": [{ grant_type: "password" }, "unsupported_grant_type"],
};
for (const [name, [members, error]] of Object.entries(wrong)) {
  test(`refuses ${name}`, async () => assert.equal((await token({ code: await code(), ...members })).error, error));
}

for (const changes of [{ client_id: "x" }, { redirect_uri: "/back" }, { code_challenge_method: "plain" }, { code_challenge: "x" }, { response_type: "token" }]) {
  test(`refuses to begin with ${JSON.stringify(changes)}`, async () => assert.equal((await authorize(changes)).status, 400));
}

test("refuses a parameter that is there twice", async () => {
  const body = new URLSearchParams([...Object.entries({ ...CLIENT, grant_type: "authorization_code" }), ["code", await code()], ["code", "x"]]);
  const answer = await fetch(`${provider.origin}/token`, { method: "POST", body });
  assert.equal((await answer.json()).error, "invalid_request");
});

test("misbehaves where it is told to", async () => {
  const refuses = { status: 500, json: { error: "server_error" } };
  const { status } = await token({ code: await code({ profile: {}, does: { token: refuses } }) });
  assert.equal(status, 500);
  const { refresh_token, expires_in } = await token({ code: await code({ profile: {}, does: { tokens: { refresh_token: null, expires_in: 1 } } }) });
  assert.deepEqual([refresh_token, expires_in], [undefined, 1]);
});
