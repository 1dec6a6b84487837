/** What is known about the session, and what made it so. */
export interface State {
  /** `unknown` until the server was asked, or heard of in another tab. */
  readonly status: "unknown" | "signed-in" | "signed-out";
  readonly reason: Reason;
  /** In words, where the server or an API gave any. */
  readonly message?: string;
  /** The session's id. */
  readonly sid?: string;
  /** When the access token ends, by the server's clock, in milliseconds. */
  readonly expiresAt?: number;
}

export type Reason =
  /** Nothing has been asked yet. */
  | "start"
  /** The first token of a session. */
  | "signed-in"
  /** This page renewed the token. */
  | "renewed"
  /** Another tab has it already. */
  | "shared"
  /** The server is not reached. Who was signed in stays so. */
  | "offline"
  /** The server asks for patience. Who was signed in stays so. */
  | "busy"
  /** Somebody signed out, here or in another tab. */
  | "signed-out"
  /** The server says that there is no session: it ran out, or was ended elsewhere. */
  | "expired"
  /** An API or the server refused the user: suspended, deleted, revoked. `message` says more. */
  | "refused";

export type Listener = (state: State, before?: State) => void;

/** A readable store in the shape of nanostores', so that its adapters take it. */
export class Store {
  #listeners = new Set<Listener>();
  #state: State = { status: "unknown", reason: "start" };

  /** The state now. */
  get value(): State {
    return this.#state;
  }

  get(): State {
    return this.#state;
  }

  /** How many listen; nanostores' name. */
  get lc(): number {
    return this.#listeners.size;
  }

  /** Calls `listener` at every change. The answer stops that. */
  listen = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The same, and once right now. */
  subscribe = (listener: Listener): (() => void) => {
    listener(this.#state);
    return this.listen(listener);
  };

  /** @internal */
  set(next: State): void {
    const before = this.#state;
    this.#state = next;
    for (const listener of [...this.#listeners]) listener(next, before);
  }
}
