// Someone who talks to a server under test: a browser with cookies, a program without, or one with a bearer token.
import { adminClient, jwtClient } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/client";

import { exchange, Jar } from "./http.mjs";

const BASE_PATH = "/api/auth";

/** Headers a browser adds to a same-origin `fetch`. */
const browserHeaders = (origin) => ({ origin, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" });

/** Headers of a browser that comes from a page elsewhere. */
const NAVIGATION = { origin: undefined, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

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
  /** What came last. */
  #answer;

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
   * Sends a request: by the official client where it has words for it, else word for word. `rule` names the row of the table
   * it exercises; a header given as undefined is left out.
   */
  async send(method, path, { rule, headers, body } = {}) {
    const say = inWordsOfTheClient(method, path, body, headers);
    if (say) {
      await this.call(say, { rule });
      return this.#answer;
    }
    const sent = withoutUndefined({ ...this.#standing(), ...headers });
    const answer = await exchange(this.#target.origin, method, BASE_PATH + path, { headers: sent, body });
    this.#keep(method, BASE_PATH + path, answer, rule);
    return answer;
  }

  /** Follows a link from a page elsewhere, as a browser does: without an origin. */
  visit(path, rule) {
    return this.send("GET", path, { headers: NAVIGATION, rule });
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
    this.#answer = answer;
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

/** Paths that are methods of the client: `/sign-in/email` is `client.signIn.email`. */
const METHOD = /^(\/[a-z]+(-[a-z]+)*)+$/;

/** The call of the client that sends this, if there is one. Most bodies that are wrong on purpose it cannot even say. */
function inWordsOfTheClient(method, path, body, headers = {}) {
  const { pathname, searchParams } = new URL(path, "http://localhost");
  const query = Object.fromEntries(searchParams);
  const isPlain = body !== null && typeof body === "object" && !Array.isArray(body) && !("query" in body);
  const isSayable = METHOD.test(pathname) && pathname === path.split("?")[0] && Object.keys(query).length === searchParams.size;
  const takes = method === "GET" ? body === undefined : method === "POST" && isPlain && searchParams.size === 0;
  // What a browser adds by itself; that it is left out, or anything else is added, is no doing of the client.
  const isOfBrowser = Object.entries(headers).every(([name, value]) => ["cookie", "origin"].includes(name) && value !== undefined);
  if (!isSayable || !takes || !isOfBrowser) return undefined;
  const words = pathname.slice(1).split("/").map((word) => word.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase()));
  const options = { ...body, query: searchParams.size ? query : undefined, fetchOptions: { method, headers } };
  return (client) => words.reduce((at, word) => at[word], client)(options);
}

function withoutUndefined(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
