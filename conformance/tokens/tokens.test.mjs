// Tokens minted by us are verified by jose and PyJWT; tokens minted by them with the same secret are admitted by us.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";

import { PASSWORD, SECRET } from "../harness/app.mjs";
import { exchange } from "../harness/http.mjs";
import { binary, startOurs } from "../ours.mjs";
import { mint, verify } from "./countersign.mjs";
import { startPyJwt } from "./pyjwt.mjs";

const OTHER_SECRET = "another secret that is long enough 8fJ2kQ7x";
const SUBJECT = "0190f5fe-7c00-7a00-8abc-012345678901";
const EMAIL = "ada@example.com";
const key = new TextEncoder().encode(SECRET);
const now = () => Math.floor(Date.now() / 1000);

/** Claims that are fine, with `over` laid upon them; undefined leaves one out. */
const claims = (over = {}) => ({ sub: SUBJECT, email: EMAIL, iat: now(), exp: now() + 600, jti: "one", ...over });

/** A token in compact form from any header and payload, signed with the secret: what no library would mint. */
function handmade(header, payload) {
  const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

let pyjwt;
let scratch;
before(() => {
  pyjwt = startPyJwt();
  scratch = mkdtempSync(join(tmpdir(), "tokens-"));
});
after(() => {
  pyjwt.stop();
  rmSync(scratch, { recursive: true, force: true });
});

test("ours is verified by jose", async () => {
  const { payload, protectedHeader } = await jwtVerify(mint({ sub: SUBJECT, email: EMAIL, secret: SECRET }), key, {
    algorithms: ["HS256"],
    typ: "at+jwt",
    requiredClaims: ["sub", "email", "iat", "exp", "jti"],
  });
  assert.equal(protectedHeader.alg, "HS256");
  assert.deepEqual([payload.sub, payload.email], [SUBJECT, EMAIL]);
  assert.ok(Math.abs(payload.iat - now()) <= 5);
  assert.equal(payload.exp - payload.iat, 604_800);
});

test("ours is verified by PyJWT", async () => {
  const token = mint({ sub: SUBJECT, email: EMAIL, secret: SECRET });
  const answer = await pyjwt.ask({ do: "verify", token, secret: SECRET, algorithm: "HS256" });
  assert.deepEqual([answer.claims?.sub, answer.claims?.email, answer.header?.typ], [SUBJECT, EMAIL, "at+jwt"]);
});

test("ours is refused by both under another secret", async () => {
  const token = mint({ sub: SUBJECT, email: EMAIL, secret: OTHER_SECRET });
  await assert.rejects(jwtVerify(token, key), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  const answer = await pyjwt.ask({ do: "verify", token, secret: SECRET, algorithm: "HS256" });
  assert.equal(answer.refused, "InvalidSignatureError");
});

for (const typ of [undefined, "JWT", "at+jwt"]) {
  test(`jose's is admitted by us with typ ${typ}`, async () => {
    const said = claims();
    const token = await new SignJWT(said).setProtectedHeader({ alg: "HS256", typ }).sign(key);
    assert.deepEqual(verify(token, { secret: SECRET }).claims, said);
  });
}

test("PyJWT's is admitted by us", async () => {
  const said = claims({ custom: ["a", 1, null] });
  const { token } = await pyjwt.ask({ do: "mint", claims: said, secret: SECRET });
  assert.deepEqual(verify(token, { secret: SECRET }).claims, said);
});

const refusals = {
  "an expired one": [() => claims({ iat: now() - 20, exp: now() - 10 }), /has expired/],
  "one from the future": [() => claims({ iat: now() + 120 }), /issued in the future/],
  "one not valid yet": [() => claims({ nbf: now() + 120 }), /not valid yet/],
  "one without subject": [() => claims({ sub: undefined }), /names no subject/],
  "one without expiry": [() => claims({ exp: undefined }), /has no expiry/],
  "one without time of issue": [() => claims({ iat: undefined }), /no time of issue/],
  "one with a number for a subject": [() => claims({ sub: 5 }), /subject is not valid/],
  "one with a string for an expiry": [() => claims({ exp: String(now() + 600) }), /expiry is not a valid time/],
  "one that lives for a year": [() => claims({ exp: now() + 31_536_000 }), /lives longer than is allowed/],
};

for (const [name, [make, reason]] of Object.entries(refusals)) {
  test(`${name} is refused by us though the signature holds`, () => {
    assert.match(verify(handmade({ alg: "HS256", typ: "JWT" }, make()), { secret: SECRET }).refused, reason);
  });
}

test("jose's under another secret is refused by us", async () => {
  const token = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(OTHER_SECRET));
  assert.ok(verify(token, { secret: SECRET }).refused);
});

test("none, another algorithm and another kind are refused by us", async () => {
  const unsigned = `${handmade({ alg: "none" }, claims()).split(".").slice(0, 2).join(".")}.`;
  const longer = await new SignJWT(claims()).setProtectedHeader({ alg: "HS512" }).sign(key);
  const cache = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", typ: "session-cache+jwt" }).sign(key);
  for (const token of [unsigned, longer, cache, handmade({ alg: "HS256", crit: ["x"], x: 1 }, claims())]) {
    assert.ok(verify(token, { secret: SECRET }).refused, token);
  }
});

test("one flipped character anywhere is refused by us", () => {
  const token = mint({ sub: SUBJECT, email: EMAIL, secret: SECRET });
  assert.ok(verify(token, { secret: SECRET }).claims);
  for (let at = 0; at < token.length; at += 7) {
    if (token[at] === ".") continue;
    const flipped = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    assert.ok(verify(flipped, { secret: SECRET }).refused, `character ${at}`);
  }
});

test("the guard of an API admits tokens of jose and PyJWT for a user it knows, and no others", async (t) => {
  const directory = mkdtempSync(join(scratch, "tasks-"));
  const tasks = await startOurs({ secret: SECRET, directory, command: [join(dirname(binary), "countersign-tasks")] });
  t.after(() => tasks.stop());
  const body = { name: "Ada", email: EMAIL, password: PASSWORD };
  const { user } = (await exchange(tasks.origin, "POST", "/api/auth/sign-up/email", { body })).json;
  const list = (token) => exchange(tasks.origin, "GET", "/tasks", { headers: { authorization: `Bearer ${token}` } });
  const byJose = (over, secret = key) => new SignJWT(claims({ sub: user.id, ...over })).setProtectedHeader({ alg: "HS256" }).sign(secret);

  const { token: byPyJwt } = await pyjwt.ask({ do: "mint", claims: claims({ sub: user.id }), secret: SECRET });
  for (const token of [await byJose(), byPyJwt]) {
    const { status, text } = await list(token);
    assert.equal(status, 200, text);
  }
  const refused = [await byJose({ sub: SUBJECT }), await byJose({ exp: now() - 1, iat: now() - 9 }), await byJose({}, new TextEncoder().encode(OTHER_SECRET))];
  for (const token of refused) {
    const { status, headers } = await list(token);
    assert.equal(status, 401);
    assert.match(headers["www-authenticate"], /^Bearer .*error="invalid_token"/);
  }
});

for (const algorithm of ["EdDSA", "ES256"]) {
  test(`jose's ${algorithm} is admitted by us under its JWK, and no other`, async () => {
    const pairs = await Promise.all([1, 2].map(() => generateKeyPair(algorithm, { extractable: true })));
    const said = claims();
    const token = await new SignJWT(said).setProtectedHeader({ alg: algorithm, kid: "k" }).sign(pairs[0].privateKey);
    const files = await Promise.all(
      pairs.map(async ({ publicKey }, index) => {
        const file = join(scratch, `${algorithm}-${index}.jwk`);
        writeFileSync(file, JSON.stringify({ ...(await exportJWK(publicKey)), alg: algorithm, kid: "k" }));
        return file;
      }),
    );
    assert.deepEqual(verify(token, { args: ["--jwk", files[0]] }).claims, said);
    assert.ok(verify(token, { args: ["--jwk", files[1]] }).refused);
  });

  test(`the server's ${algorithm} is verified by jose and PyJWT with the published key`, async () => {
    const directory = mkdtempSync(join(scratch, "server-"));
    const server = await startOurs({ settings: { token: { algorithm } }, secret: SECRET, directory });
    try {
      const body = { name: "Ada", email: EMAIL, password: PASSWORD };
      const { json } = await exchange(server.origin, "POST", "/api/auth/sign-up/email", { body });
      const published = (await exchange(server.origin, "GET", "/api/auth/jwks")).json.keys;
      const jwk = published.find(({ kid }) => kid === decodeProtectedHeader(json.token).kid);
      const { payload } = await jwtVerify(json.token, await importJWK(jwk, algorithm), { algorithms: [algorithm] });
      assert.equal(payload.sub, json.user.id);
      const answer = await pyjwt.ask({ do: "verify", token: json.token, jwk, algorithm });
      assert.equal(answer.claims?.sub, json.user.id);
    } finally {
      await server.stop();
    }
  });
}
