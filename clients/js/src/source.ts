import { CountersignError } from "./error.js";
import type { Call } from "./call.js";
import { type Answer, type Token, read } from "./token.js";
import type { World } from "./world.js";

/** What tokens are renewed with. */
export interface Source {
  /** A new token, or none where there is no session any more. `held` is the one to be replaced. */
  renew(held: Token | undefined): Promise<Token | undefined>;
  signOut(held: Token | undefined): Promise<void>;
}

/** The session cookie, which no script can read. */
export function cookies(world: World, call: Call): Source {
  return {
    async renew() {
      const issued = world.now();
      const answer = await call("/token", { credentials: "include" });
      return answer && understood(answer as unknown as Answer, issued);
    },
    async signOut() {
      await call("/sign-out", { method: "POST", credentials: "include", ...json() });
    },
  };
}

/** A body of JSON. */
export const json = (body: object = {}, headers?: Record<string, string>): RequestInit => ({
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

export function understood(answer: Answer, issued: number): Token {
  const token = read(answer, issued);
  if (!token) throw new CountersignError("UNEXPECTED", "the answer holds no token");
  return token;
}
