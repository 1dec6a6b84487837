import { type AuthFetch, type AuthFetchOptions, authFetch } from "./auth-fetch.js";
import { renewal } from "./renewal.js";
import { caller } from "./call.js";
import { type Source, cookies } from "./source.js";
import type { Listener, Store } from "./state.js";
import type { Token } from "./token.js";
import { type World, surroundings } from "./world.js";

export interface Options {
  /** Where Countersign is, as for `better-auth/client`: `https://auth.example`, with a path if that is not `/api/auth`. Default: here. */
  baseURL?: string | undefined;
  /**
   * `share`, the default: a tab that asks is given the token another tab has, so that the browser renews once.
   * `alone`: no token ever leaves its page, and each tab asks the server for its own.
   */
  tabs?: "share" | "alone";
  /** Milliseconds after which the server counts as not reached. Default: 10 000. */
  timeout?: number;
  /** Instead of the global `fetch`. */
  fetch?: typeof fetch;
}

export interface Countersign {
  /** What is known of the session; a store as those of nanostores. */
  readonly state: Store;
  /** Calls `listener` now and at every change; the reason is in the state. The answer stops that. */
  subscribe(listener: Listener): () => void;
  /**
   * An access token that is good for a while, or `null` if nobody is signed in.
   *
   * @throws {CountersignError} if there is none to be had now.
   */
  token(): Promise<string | null>;
  /**
   * A new token, whatever is held: to be called after signing in with a client that is not followed. If it is known of which
   * session it will be, another tab's will do.
   *
   * @throws {CountersignError} as `token`.
   */
  renew(sid?: string): Promise<string | null>;
  /** A `fetch` that adds the token to requests to these origins, and to no others. */
  createAuthFetch(options: AuthFetchOptions): AuthFetch;
  /**
   * Forgets the token in every tab, then ends the session at the server.
   *
   * @throws {CountersignError} if the server was not told: there, the session lives on.
   */
  signOut(): Promise<void>;
  /** Forgets the token in every tab and tells the server nothing: for when something else does. */
  forget(reason?: "signed-out" | "expired"): void;
}

/** The helper for one server. It asks for nothing until it is asked for something. */
export function createCountersign(options: Options = {}, world: World = surroundings(options.fetch)): Countersign {
  return assemble(options, world, cookies(world, caller(world, endpoints(options.baseURL), options.timeout)));
}

export function assemble({ baseURL, tabs }: Options, world: World, source: Source): Countersign {
  const held = renewal(world, source, `countersign ${endpoints(baseURL)}`, tabs !== "alone");
  const value = (token?: Token) => token?.value ?? null;
  return {
    state: held.state,
    subscribe: held.state.subscribe,
    token: async () => value(await held.usable()),
    renew: async (sid) => value(await held.again(sid)),
    createAuthFetch: ({ origins }) => authFetch(world.fetch, held, origins),
    signOut: () => source.signOut(held.forget()),
    forget: (reason) => void held.forget(reason),
  };
}

/** The address below which the endpoints lie, as `better-auth/client` has it. */
export function endpoints(baseURL: string | undefined): string {
  const base = (baseURL || globalThis.location?.origin || "").replace(/\/+$/, "");
  return /^\w+:\/\/[^/]+$|^$/.test(base) ? `${base}/api/auth` : base;
}
