// Someone who talks to a server under test: a browser with cookies, a program without, or one with a bearer token.
import { adminClient, jwtClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/client";

import { exchange, Jar } from "./http.mjs";

const BASE_PATH = "/api/auth";

/** Headers a browser adds to a same-origin `fetch`. */
const browserHeaders = (origin) => ({ origin, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" });

/**
 * Makes a visitor of `target` whose every exchange is told to `transcript`.
 *
 * `kind` is `browser` (keeps cookies, sends `Origin`), `program` (neither) or `bearer` (sends `token`).
 */
export class Visitor {
  #target;
  #transcript;
  #kind;
  #jar = new Jar();
  #token;

  constructor(target, transcript, kind, token) {
    this.#target = target;
    this.#transcript = transcript;
    this.#kind = kind;
    this.#token = token;
  }

  /** The value of a kept cookie, as it came. */
  cookie(name) {
    return this.#jar.value(name);
  }

  /** The `Cookie` header this visitor would send. */
  cookies() {
    return this.#jar.header();
  }

  /**
   * Sends a request word for word: what the official client cannot say. `rule` names the row of the table it exercises;
   * a header given as undefined is left out.
   */
  async send(method, path, { rule, headers, body } = {}) {
    const sent = withoutUndefined({ ...this.#standing(), ...headers });
    const answer = await exchange(this.#target.origin, method, BASE_PATH + path, { headers: sent, body });
    this.#keep(method, BASE_PATH + path, answer, rule);
    return answer;
  }

  /** Lets the official client speak: `act` receives it, and what it resolves to is recorded beside the exchange. */
  async call(act, { rule } = {}) {
    const result = await act(this.#client(rule));
    this.#transcript.result(result);
    return result;
  }

  #standing() {
    if (this.#kind === "bearer") return { authorization: `Bearer ${this.#token}` };
    if (this.#kind === "program") return {};
    return { ...browserHeaders(this.#target.origin), cookie: this.#jar.header() };
  }

  #keep(method, path, answer, rule) {
    if (this.#kind === "browser") answer.setCookies.forEach((cookie) => this.#jar.take(cookie));
    this.#transcript.exchange({ method, path, answer, rule });
  }

  #client(rule) {
    return createAuthClient({
      baseURL: this.#target.origin,
      plugins: [adminClient(), jwtClient()],
      fetchOptions: { customFetchImpl: (url, init) => this.#fetch(url, init, rule) },
    });
  }

  async #fetch(url, init, rule) {
    const { pathname, search } = new URL(url);
    const path = pathname + search;
    const method = init.method ?? "GET";
    const sent = withoutUndefined({ ...this.#standing(), ...Object.fromEntries(new Headers(init.headers)) });
    const answer = await exchange(this.#target.origin, method, path, { headers: sent, body: init.body ?? undefined });
    this.#keep(method, path, answer, rule);
    return new Response(answer.text, { status: answer.status, headers: answer.headers });
  }
}

function withoutUndefined(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
