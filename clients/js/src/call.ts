import { CountersignError } from "./error.js";
import type { World } from "./world.js";

/** The answer to a call: `undefined` where the server says that there is no session. */
export type Call = (path: string, init: RequestInit) => Promise<Record<string, never> | undefined>;

/** Calls endpoints below `base`, gives up after `timeout` milliseconds, and turns everything but a session into an error. */
export function caller(world: World, base: string, timeout = 10_000): Call {
  return async (path, init) => {
    let response: Response;
    try {
      const signal = AbortSignal.timeout(timeout);
      response = await world.fetch(base + path, { cache: "no-store", redirect: "error", signal, ...init });
    } catch (cause) {
      throw new CountersignError("OFFLINE", "the server is not reached", undefined, undefined, { cause });
    }
    const { status } = response;
    if (status === 401) return undefined;
    const body = await response.json().catch(() => undefined);
    if (response.ok && body && typeof body === "object") return body;
    const said = typeof body?.message === "string" ? body.message : `the server answered ${status}`;
    if (status === 403) throw new CountersignError("FORBIDDEN", said, status);
    if (status === 429 || status >= 500) throw new CountersignError("BUSY", said, status, wait(response, world.now()));
    throw new CountersignError("UNEXPECTED", said, status);
  };
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 section 10.2.3). */
function wait({ headers }: Response, now: number): number | undefined {
  const text = headers.get("retry-after") ?? headers.get("x-retry-after");
  if (!text) return undefined;
  const seconds = Number(text);
  const milliseconds = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1000;
  return milliseconds > 0 ? milliseconds : undefined;
}
