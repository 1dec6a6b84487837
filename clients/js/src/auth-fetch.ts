import type { Renewal } from "./renewal.js";

export interface AuthFetchOptions {
  /** The origins whose requests carry the token: `https://api.example`. HTTPS, or this machine. */
  origins: readonly string[];
}

export type AuthFetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/**
 * Adds the token to requests to `origins`. An answer 401 with `invalid_token` (RFC 6750) renews the token once and repeats the
 * request once, where its body can be sent again. Every other answer is the caller's, 403, 429 and 503 among them.
 *
 * A redirect to another origin is followed without the token: `fetch` drops `Authorization` there (Fetch standard, HTTP-redirect fetch).
 */
export function authFetch(send: typeof fetch, renewal: Renewal, origins: readonly string[]): AuthFetch {
  const listed = new Set(origins.map(parsed));
  /** A token that was refused though it was new: renewing it would change nothing. */
  let hopeless: string | undefined;

  return async (input, init) => {
    const request = new Request(input, init);
    if (!listed.has(new URL(request.url).origin) || request.headers.has("authorization")) return send(request);
    const token = await renewal.usable();
    const spare = isReplayable(init?.body) ? request.clone() : undefined;
    const response = await send(token ? bearing(request, token.value) : request);
    const refusal = token && token.value !== hopeless ? refusalOf(response) : undefined;
    if (refusal === undefined) return response;

    const next = await renewal.renewed(token, refusal).catch(() => undefined);
    if (!next || next === token || !spare) return response;
    await response.body?.cancel();
    const repeated = await send(bearing(spare, next.value));
    if (refusalOf(repeated) !== undefined) hopeless = next.value;
    return repeated;
  };
}

/** An origin and nothing else, that nobody on the way can read or be. */
function parsed(text: string): string {
  const { protocol, hostname, origin, href } = new URL(text);
  const isLocal = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname);
  if (href !== `${origin}/` || !(protocol === "https:" || (protocol === "http:" && isLocal))) {
    throw new TypeError(`${text} is no https:// origin`);
  }
  return origin;
}

function bearing(request: Request, token: string): Request {
  const bearer = new Request(request);
  bearer.headers.set("authorization", `Bearer ${token}`);
  return bearer;
}

/** A stream is read once. */
const isReplayable = (body: unknown) => !(body as ReadableStream | undefined)?.getReader;

/** What a 401 with `invalid_token` says, perhaps nothing; `undefined` for any other answer. */
function refusalOf({ status, headers }: Response): string | undefined {
  const challenge = headers.get("www-authenticate") ?? "";
  if (status !== 401 || !/\berror="?invalid_token\b/.test(challenge)) return undefined;
  return /error_description="([^"]*)"/.exec(challenge)?.[1] ?? "";
}
