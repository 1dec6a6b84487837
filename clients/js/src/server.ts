/** What server-side rendering has of a signed-in visitor. */
export interface ServerToken {
  token: string;
  sid: string;
  /** When the token ends: ISO 8601. */
  expiresAt: string;
  /** Values of `Set-Cookie` to be passed on with the page, so that the browser learns of a renewed session. */
  setCookie: string[];
}

export interface ServerOptions {
  /** Where the server reaches Countersign: `https://auth.example`, with a path if that is not `/api/auth`. */
  baseURL: string;
  /** What cookie names begin with: `advanced.cookie_prefix` of the server. Default: `better-auth`. */
  cookiePrefix?: string;
  fetch?: typeof fetch;
}

const asked = new WeakMap<Request, Promise<ServerToken | null>>();

/**
 * An access token for the visitor who sent `request`, or `null` if nobody is signed in. A request is asked for once, however
 * often this is called. Only the cookies of Countersign are sent on.
 *
 * @throws {Error} if the server is not reached or does not answer as it should.
 */
export function getServerToken(request: Request, options: ServerOptions): Promise<ServerToken | null> {
  const known = asked.get(request);
  if (known) return known;
  const answer = ask(request, options);
  asked.set(request, answer);
  return answer;
}

async function ask(request: Request, options: ServerOptions): Promise<ServerToken | null> {
  const { baseURL, cookiePrefix = "better-auth", fetch: send = fetch } = options;
  const cookie = ours(request.headers.get("cookie") ?? "", cookiePrefix);
  if (!cookie) return null;
  const url = new URL(baseURL);
  if (url.pathname === "/") url.pathname = "/api/auth";
  url.pathname = `${url.pathname.replace(/\/$/, "")}/token`;
  const agent = request.headers.get("user-agent");
  const headers = { cookie, ...(agent && { "user-agent": agent }) };
  const response = await send(url, { headers, redirect: "error", signal: AbortSignal.timeout(10_000) });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const { token, sid, expiresAt } = await response.json();
  return { token, sid, expiresAt, setCookie: response.headers.getSetCookie() };
}

const ours = (cookies: string, prefix: string) =>
  cookies
    .split(/;\s*/)
    .filter((cookie) => cookie.replace(/^__Secure-/, "").startsWith(`${prefix}.`))
    .join("; ");
