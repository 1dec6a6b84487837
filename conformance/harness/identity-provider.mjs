// A provider of identities on loopback, for both sides of a run. It is as strict as the standards let it be, and it
// misbehaves where the person who signs in there says so: `as` of the authorization request is a person as JSON,
// `{ profile, does }`, and stands for the page on which people say who they are.
//
//   does.authorize   `{ error, error_description }`: the person declines
//   does.token       what is answered for a code instead of tokens: `{ status, json }`, or `text`, or `location`
//   does.tokens      members of the tokens that are otherwise; null leaves one out
//   does.userinfo    what is answered instead of the profile
//   does.told        how often the profile is told before it is refused
//   does.refresh     what is answered for a refresh token instead of tokens
//   does.refreshed   members of the refreshed tokens that are otherwise
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { IdTokens } from "./id-tokens.mjs";

const SECRETS = { "mock-client": "mock-secret", "other-client": "other-secret" };

/** Starts a provider on a free port. */
export async function startIdentityProvider() {
  const provider = new IdentityProvider();
  const server = createServer((request, response) => provider.serve(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const stop = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { origin, heard: (of) => provider.heard(of), idToken: (...said) => provider.idTokens.token(...said), stop };
}

class IdentityProvider {
  idTokens = new IdTokens();
  #codes = new Map();
  #accessTokens = new Map();
  #refreshTokens = new Map();
  #heard = [];

  /** What the server at the origin `of` asked since it was last looked at. */
  heard(of) {
    const asked = this.#heard.filter((request) => request.of === of);
    this.#heard = this.#heard.filter((request) => request.of !== of);
    return asked.map(({ of: _, ...request }) => request);
  }

  async serve(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const body = await read(request);
    const { status, json, text, location } = this.#answer(`${request.method} ${pathname}`, { request, searchParams, body });
    const head = location ? { location } : { "content-type": text === undefined ? "application/json" : "text/plain" };
    response.writeHead(status, head).end(text ?? (json === undefined ? undefined : JSON.stringify(json)));
  }

  #answer(endpoint, { request, searchParams, body }) {
    if (endpoint === "GET /authorize") return this.#authorize(searchParams);
    if (endpoint === "POST /token") return this.#token(request, new URLSearchParams(body));
    if (endpoint === "GET /userinfo") return this.#userinfo(request);
    if (endpoint === "GET /.well-known/openid-configuration") return { status: 200, json: { issuer: `http://${request.headers.host}` } };
    if (endpoint === "GET /jwks") return { status: 200, json: this.idTokens.jwks() };
    return refusal("not_found", 404);
  }

  #authorize(query) {
    const { response_type, client_id, redirect_uri, state, code_challenge, code_challenge_method, as } = Object.fromEntries(query);
    const isWhole = response_type === "code" && Object.hasOwn(SECRETS, client_id) && URL.canParse(redirect_uri) && state && as;
    if (!isWhole || isTwice(query) || code_challenge_method !== "S256" || !/^[\w-]{43}$/.test(code_challenge)) return refusal("invalid_request");
    const person = JSON.parse(as);
    const code = secret();
    this.#codes.set(code, { person, client_id, redirect_uri, code_challenge, of: new URL(redirect_uri).origin });
    const back = new URL(redirect_uri);
    for (const [name, value] of Object.entries(person.does?.authorize ?? { code })) back.searchParams.set(name, value);
    back.searchParams.set("state", state);
    return { status: 302, location: back.href };
  }

  #token(request, form) {
    const { grant_type, code, refresh_token, client_id, client_secret } = Object.fromEntries(form);
    const grant = grant_type === "authorization_code" ? this.#codes.get(code) : this.#refreshTokens.get(refresh_token);
    const { "content-type": type, accept } = request.headers;
    this.#hear(grant, { asked: "token", grant: grant_type, type, accept, members: [...form.keys()].sort().join(" ") });
    // A code, and a refresh token, is good for one answer.
    this.#codes.delete(code);
    this.#refreshTokens.delete(refresh_token);

    if (isTwice(form)) return refusal("invalid_request");
    if (!Object.hasOwn(SECRETS, client_id) || SECRETS[client_id] !== client_secret) return refusal("invalid_client", 401);
    if (!["authorization_code", "refresh_token"].includes(grant_type)) return refusal("unsupported_grant_type");
    if (grant?.client_id !== client_id) return refusal("invalid_grant");
    if (grant_type === "refresh_token") return grant.person.does?.refresh ?? this.#tokens(grant, grant.person.does?.refreshed);
    if (grant.redirect_uri !== form.get("redirect_uri")) return refusal("invalid_grant");
    if (grant.code_challenge !== challengeOf(form.get("code_verifier") ?? "")) return refusal("invalid_grant");
    return grant.person.does?.token ?? this.#tokens(grant, grant.person.does?.tokens);
  }

  #tokens(grant, others = {}) {
    const usual = { access_token: secret(), token_type: "Bearer", expires_in: 3600, refresh_token: secret(), scope: "openid email" };
    const tokens = Object.fromEntries(Object.entries({ ...usual, ...others }).filter(([, value]) => value !== null));
    this.#accessTokens.set(tokens.access_token, grant);
    if (tokens.refresh_token) this.#refreshTokens.set(tokens.refresh_token, grant);
    return { status: 200, json: tokens };
  }

  #userinfo(request) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    const grant = this.#accessTokens.get(token);
    this.#hear(grant, { asked: "userinfo", scheme });
    if (scheme !== "Bearer" || !grant) return refusal("invalid_token", 401);
    grant.told = (grant.told ?? 0) + 1;
    if (grant.told > grant.person.does?.told) return refusal("invalid_token", 401);
    return grant.person.does?.userinfo ?? { status: 200, json: grant.person.profile };
  }

  #hear(grant, request) {
    // Of a code or token that is none nobody knows who asks with it.
    if (grant) this.#heard.push({ of: grant.of, ...request });
  }
}

/** No parameter may be there twice (RFC 6749, 3.1 and 3.2). */
const isTwice = (parameters) => new Set(parameters.keys()).size !== parameters.size;
const secret = () => randomBytes(16).toString("hex");
const challengeOf = (verifier) => createHash("sha256").update(verifier).digest("base64url");

/** How OAuth says no. */
const refusal = (error, status = 400) => ({ status, json: { error, error_description: `refused: ${error}` } });

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
