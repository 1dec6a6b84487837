// One HTTP exchange, said exactly: nothing is added that the caller did not ask for, nothing of the answer is hidden.
import { request } from "node:http";

/** Cache cookies can be long. */
const HEAD_MAX = 65_536;

/**
 * Sends one request to the server at `origin` over loopback.
 *
 * A body that is no string goes out as JSON. Node's `fetch` is not used because it adds `Sec-Fetch-Mode`, which the
 * origin checks read.
 */
export function exchange(origin, method, path, { headers = {}, body } = {}) {
  const { port, host } = new URL(origin);
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const sent = { host, ...headers };
  if (text !== undefined) sent["content-length"] = Buffer.byteLength(text);
  if (text !== body && !("content-type" in sent)) sent["content-type"] = "application/json";

  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers: sent, agent: false, maxHeaderSize: HEAD_MAX }, (incoming) => {
      const chunks = [];
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => resolve(answer(incoming, Buffer.concat(chunks).toString())));
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

/** What came back: `setCookies` apart from the other headers, and `json` when the body is JSON. */
function answer(incoming, text) {
  const { "set-cookie": setCookies = [], ...headers } = incoming.headers;
  return { status: incoming.statusCode, headers, setCookies, text, json: parsed(text) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The cookies of one browser: just enough of RFC 6265 for servers that use one path and one host. */
export class Jar {
  #cookies = new Map();

  /** Takes over what a `Set-Cookie` header says; `Max-Age=0` removes. */
  take(setCookie) {
    const [pair, ...attributes] = setCookie.split(/;\s*/);
    const name = pair.slice(0, pair.indexOf("="));
    if (attributes.includes("Max-Age=0")) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(name.length + 1));
  }

  /** The `Cookie` header, or undefined when there is none to send. */
  header() {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? undefined : pairs.join("; ");
  }

  /** The raw value of one cookie. */
  value(name) {
    return this.#cookies.get(name);
  }
}
