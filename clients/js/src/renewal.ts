import type { CountersignError } from "./error.js";
import type { Source } from "./source.js";
import { type Reason, type State, Store } from "./state.js";
import { otherTabs } from "./tabs.js";
import { type Token, dueAt, isAlive, isUsable } from "./token.js";
import type { World } from "./world.js";

/** The clock is looked at this often, in milliseconds, for timers stand still while the machine sleeps; also the longest pause between attempts. */
const MINUTE = 60_000;

/** The access token of a page. */
export interface Renewal {
  readonly state: Store;
  /** A token that is good for a while; none if nobody is signed in. */
  usable(): Promise<Token | undefined>;
  /** A token other than `stale`. One flight serves all who ask. `refusal` is what an API said of `stale`. */
  renewed(stale?: Token, refusal?: string): Promise<Token | undefined>;
  /** A new token, whatever was said before: from the server, or of the session `sid` from another tab. */
  again(sid?: string): Promise<Token | undefined>;
  /** Forgets the token in this tab and in all others, at once. Answers what was held. A session that is `expired` is news only where there was one. */
  forget(reason?: Reason): Token | undefined;
}

/**
 * Holds the access token, in this closure and nowhere else, and renews it in time.
 *
 *     unknown ──► signed-in ──► signed-out        offline, busy: the status stays
 *        ▲            │             │
 *        └────────────┴─────────────┘             another session: begins anew
 */
export function renewal(world: World, source: Source, name: string, shares: boolean): Renewal {
  const state = new Store();
  let held: Token | undefined;
  let due = 0;
  let flight: Promise<Token | undefined> | undefined;
  /** Counts sign-outs and changes of session: the answer to a question from before is dropped. */
  let epoch = 0;
  /** The session that ended last: late news of it count for nothing. */
  let ended: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  /** When the next attempt may be made after one that failed. */
  let pause = 0;
  /** The server's wish to be left alone until then. */
  let busy: { until: number; error: CountersignError } | undefined;
  /** What an API said when it refused the token. */
  let refused: string | undefined;
  /** The session the next token must be of, if another tab hands it over; empty: none of another tab will do. */
  let wanted: string | undefined;

  const tabs = otherTabs(world, name, shares, {
    fresh: () => (world.now() < due ? held : undefined),
    session: heardOf,
    token(token) {
      const isOurs = held ? token.sid === held.sid && token.issued > held.issued : flight && wanted === undefined;
      if (isOurs) void adopt(token, "shared");
    },
    signedOut: (reason, message) => clear("signed-out", reason, message),
  });
  world.wakes(() => {
    pause = 0;
    wake();
  });
  world.pauses(tabs.drop, () => {
    if (held) void tabs.hold(held, due);
  });

  async function usable(): Promise<Token | undefined> {
    if (state.value.status === "signed-out") return undefined;
    if (!held || !isUsable(held, world.now())) return renewed(held);
    if (world.now() >= nextAttempt()) inBackground();
    return held;
  }

  async function renewed(stale = held, refusal?: string): Promise<Token | undefined> {
    for (;;) {
      if (held && held !== stale) return held;
      refused ??= refusal;
      const began = epoch;
      const mine = (flight ??= fly());
      try {
        await mine;
        if (epoch === began || state.value.status === "signed-out") return held;
      } finally {
        if (flight === mine) flight = undefined;
      }
    }
  }

  async function fly(): Promise<undefined> {
    const [stale, began] = [held, epoch];
    const isOver = () => epoch !== began || held !== stale;
    try {
      await tabs.exclusively(async () => {
        const theirs = isOver() || wanted === "" ? undefined : await tabs.ask(stale?.issued ?? 0);
        if (isOver()) return;
        if (theirs && (wanted ?? theirs.sid) === theirs.sid) return adopt(theirs, "shared");
        if (busy && world.now() < busy.until) throw busy.error;
        const ours = await source.renew(stale);
        if (isOver() || (ours && ours === stale)) return;
        if (!ours) return end(refused ? "refused" : "expired", refused);
        await adopt(ours, stale ? "renewed" : "signed-in");
        tabs.tellSession(ours.sid);
      });
    } catch (error) {
      if (!isOver()) failed(error as CountersignError);
    } finally {
      if (epoch === began) refused = wanted = undefined;
      schedule();
    }
  }

  /** Resolves when the other tabs can see that there is a token. */
  function adopt(token: Token, reason: Reason): Promise<void> {
    due = dueAt(token, held, world.random());
    held = token;
    failures = pause = 0;
    busy = undefined;
    schedule();
    state.set({ status: "signed-in", reason, sid: token.sid, expiresAt: token.expiresAt });
    return tabs.hold(token, due);
  }

  /** Not to be reached does not mean to be signed out: the old token serves as long as it lives. */
  function failed(error: CountersignError): void {
    const { code, message, retryAfter } = error;
    if (code === "FORBIDDEN") {
      end("refused", message);
      throw error;
    }
    const now = world.now();
    if (error !== busy?.error) {
      pause = now + Math.min(1000 * 2 ** failures++, MINUTE);
      busy = retryAfter ? { until: now + retryAfter, error } : undefined;
    }
    state.set({ ...state.value, reason: code === "OFFLINE" ? "offline" : "busy", message });
    if (!held || !isAlive(held, now)) throw error;
  }

  /** In every tab. */
  function end(reason: Reason, message?: string): void {
    tabs.tellSignedOut(reason, message);
    clear("signed-out", reason, message);
  }

  function clear(status: State["status"], reason: Reason, message?: string): void {
    epoch++;
    ended = held?.sid ?? ended;
    held = flight = busy = wanted = undefined;
    failures = pause = 0;
    schedule();
    tabs.drop();
    if (state.value.status !== status) state.set({ status, reason, ...(message && { message }) });
  }

  /** Another tab has a token of the session `sid`. A page that never asked for one, or is asking, need not be told. */
  function heardOf(sid: string): void {
    if (sid === held?.sid || sid === ended || (!held && (flight || state.value.status === "unknown"))) return;
    clear("unknown", "start");
    wanted = sid;
    if (!world.hidden()) inBackground();
  }

  const nextAttempt = () => Math.max(due, pause, busy?.until ?? 0);

  function schedule(): void {
    clearTimeout(timer);
    if (!held) return;
    timer = setTimeout(wake, Math.min(Math.max(nextAttempt() - world.now(), 0), MINUTE));
    (timer as { unref?: () => void }).unref?.();
  }

  /** A page that nobody sees renews nothing until it is asked: a forgotten tab keeps no session alive. */
  function wake(): void {
    if (!held || world.hidden()) return;
    if (world.now() < nextAttempt()) schedule();
    else inBackground();
  }

  function inBackground(): void {
    renewed().catch(() => {});
  }

  return {
    state,
    usable,
    renewed,
    again(sid = "") {
      if (state.value.status === "signed-out") clear("unknown", "start");
      epoch++;
      flight = ended = undefined;
      wanted = sid;
      return renewed();
    },
    forget(reason = "signed-out") {
      const was = held;
      // Who never had a token may have asked before somebody signed in elsewhere: that is no news to others.
      if (was || reason !== "expired") end(reason);
      else clear("signed-out", reason);
      return was;
    },
  };
}
