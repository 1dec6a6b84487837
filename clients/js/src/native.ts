import { caller, type Call } from "./call.js";
import { type Countersign, type Options, assemble, endpoints } from "./client.js";
import { type Source, json, understood } from "./source.js";
import { type Token, isAlive } from "./token.js";
import { type World, surroundings } from "./world.js";

/** Where a refresh token is kept where there are no cookies: as well guarded as a password. */
export interface SecureStore {
  read(): string | null | Promise<string | null>;
  /** Keeps the refresh token for good before it resolves; `null` deletes it. */
  write(refreshToken: string | null): void | Promise<void>;
}

export interface NativeOptions extends Options {
  store: SecureStore;
  /** The server's `refresh.grace`, in milliseconds. Default: 30 000. */
  grace?: number;
}

export interface NativeCountersign extends Countersign {
  /**
   * Begins with the token that signing in answered, and keeps a refresh token. The sign-in must be fresh.
   *
   * @throws {CountersignError} as `token`, and `FORBIDDEN` if the session is too old.
   */
  start(accessToken: string): Promise<string | null>;
}

/** The helper where there are no cookies: in a mobile application, on a command line. */
export function createNativeCountersign(options: NativeOptions, world: World = surroundings(options.fetch)): NativeCountersign {
  const { store, grace = 30_000 } = options;
  const call = caller(world, endpoints(options.baseURL), options.timeout);
  const countersign = assemble(options, world, refreshTokens(world, call, store, grace));
  return {
    ...countersign,
    async start(accessToken) {
      const init = { method: "POST", credentials: "omit", ...json({}, bearer(accessToken)) } as const;
      const answer = await call("/refresh/start", init);
      if (!answer) return null;
      await store.write(answer.refreshToken!);
      return countersign.renew();
    },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/**
 * A refresh token, spent at each renewal. The next one is kept before the access token is used, and a renewal without an answer
 * is repeated with the same one. Sooner than `grace` after the last one nothing is renewed: a late copy of the older
 * request would look like theft.
 */
function refreshTokens(world: World, call: Call, store: SecureStore, grace: number): Source {
  let first: number | undefined;
  let notBefore = -Infinity;
  const renew = async (held: Token | undefined) => {
    if (held && world.now() < notBefore) return held;
    const refreshToken = await store.read();
    if (!refreshToken) return undefined;
    const issued = world.now();
    first ??= issued;
    const answer: any = await call("/refresh", { method: "POST", credentials: "omit", ...json({ refreshToken }) });
    if (!answer) {
      await store.write(null);
      return undefined;
    }
    await store.write(answer.refreshToken);
    notBefore = first + grace;
    first = undefined;
    const { token, session, tokenExpiresAt: expiresAt, serverTime } = answer;
    return understood({ token, sid: session?.id, expiresAt, serverTime }, issued);
  };
  return {
    renew,
    async signOut(held) {
      try {
        const token = held && isAlive(held, world.now()) ? held : await renew(undefined);
        if (token) await call("/sign-out", { method: "POST", credentials: "omit", ...json({}, bearer(token.value)) });
      } finally {
        await store.write(null);
      }
    },
  };
}

