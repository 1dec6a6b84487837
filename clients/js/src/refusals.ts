import { endpoints } from "./client.js";

/** A connection that says nothing for so long is dead, in milliseconds: the server says something each second. */
const QUIET = 5_000;
/** The longest pause between two attempts to connect, in milliseconds. */
const LONGEST_PAUSE = 5_000;
/** The longest event, in characters. */
const LONGEST_EVENT = 4 * 1024 * 1024;

export interface RefusalsOptions {
  /** Where Countersign is: `https://auth.example`, with a path if that is not `/api/auth`. */
  baseURL: string;
  /** What `countersign token feed` prints, or a service token. */
  credential: string;
  /** Milliseconds without word from the server's database after which nobody knows who is refused. Default: 30 000. */
  maxStaleness?: number;
  /** Hears why the stream is not followed at the moment. Default: `console.warn`. */
  onTrouble?: (error: unknown) => void;
  /** Instead of the global `fetch`. */
  fetch?: typeof fetch;
}

/** The claims that are looked at, of a token whose signature and times hold. */
export interface Claims {
  sub?: string | undefined;
  sid?: unknown;
  jti?: string | undefined;
  iat?: number | undefined;
}

/** Who is refused, as of at most `maxStaleness` ago. */
export interface Refusals {
  /** True before the first word from the server and when the last is too old: then answer 503, never 401. */
  readonly isStale: boolean;
  /** Whether who shows these claims is suspended, deleted or signed out. True while nothing is known. `now` in seconds. */
  refuses(claims: Claims, now?: number): boolean;
  /** Ends the connection. */
  stop(): void;
}

interface Change {
  kind: string;
  subject: string;
  since: number | null;
  until: number | null;
}

/** Who is refused, at one place in the feed. What can refuse nothing any more goes when there is twice as much. */
class Held {
  #changes = new Map<string, Change>();
  #room = 1_000;

  apply(change: Change): void {
    if (change.kind === "user_on") this.#changes.delete(`user_off ${change.subject}`);
    else this.#changes.set(`${change.kind} ${change.subject}`, change);
    if (this.#changes.size <= this.#room) return;
    const now = Date.now() / 1000;
    for (const [key, { until }] of this.#changes) if (until !== null && until < now) this.#changes.delete(key);
    this.#room = 2 * this.#changes.size + 1_000;
  }

  get(kind: string, subject: unknown): Change | undefined {
    return this.#changes.get(`${kind} ${subject}`);
  }
}

/** Follows a server's refusals, for a service that verifies tokens itself: `GET /revocations`, see docs/revocations.md. */
export function followRefusals(options: RefusalsOptions): Refusals {
  const { baseURL, credential, maxStaleness = 30_000, onTrouble = console.warn, fetch: send = fetch } = options;
  const end = new AbortController();
  let known: Held | undefined;
  /** A snapshot, used once the heartbeat after it has said how old it is. */
  let staged: Held | undefined;
  let position: string | undefined;
  let asOf = -Infinity;

  async function follow(): Promise<void> {
    for (let pause = 100; !end.signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await read(() => (pause = 50)).catch((error) => end.signal.aborted || onTrouble(error));
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
    }
  }

  async function read(alive: () => void): Promise<void> {
    const quiet = new AbortController();
    const signal = AbortSignal.any([quiet.signal, end.signal]);
    const hush = () => setTimeout(() => quiet.abort(new Error("the server says nothing")), QUIET);
    let timer = hush();
    try {
      const headers = { authorization: `Bearer ${credential}`, ...(known && position && { "last-event-id": position }) };
      const answer = await send(`${endpoints(baseURL)}/revocations`, { headers, signal, redirect: "error" });
      if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
      staged = undefined;
      const pieces = answer.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
      for (let unread = ""; ; ) {
        const { done, value } = await pieces.read();
        if (done) return;
        clearTimeout(timer);
        timer = hush();
        const events = (unread + value).split("\n\n");
        unread = events.pop()!;
        if (unread.length > LONGEST_EVENT) throw new Error("an event has no end");
        for (const event of events) take(Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/, 2))));
        alive();
      }
    } finally {
      clearTimeout(timer);
      quiet.abort();
    }
  }

  function take({ id, event, data }: Record<string, string>): void {
    if (!data) return;
    const said = JSON.parse(data);
    if (event === "heartbeat") {
      known = staged ?? known;
      staged = undefined;
      position = id;
      asOf = performance.now() - said.age_ms;
    } else if (event === "snapshot") {
      staged ??= new Held();
      for (const change of said.changes) staged.apply(change);
    } else if (staged ?? known) {
      (staged ?? known)!.apply(said);
      if (!staged) position = id;
    }
  }

  void follow();
  return {
    get isStale() {
      return performance.now() - asOf > maxStaleness;
    },
    refuses({ sub, sid, jti, iat = 0 }, now = Date.now() / 1000) {
      if (!known) return true;
      const off = known.get("user_off", sub);
      const ended = known.get("session_revoked", sid);
      const before = sid === undefined ? known.get("user_tokens_before", sub) : undefined;
      if (off && (off.until === null || now < off.until)) return true;
      if (ended && now >= (ended.since ?? 0)) return true;
      return (before !== undefined && iat < (before.since ?? Infinity)) || known.get("token_revoked", jti) !== undefined;
    },
    stop: () => end.abort(),
  };
}
