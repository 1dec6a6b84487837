/** What the helper asks of its surroundings; a test has its own. */
export interface World {
  fetch: typeof fetch;
  /** Milliseconds. */
  now(): number;
  /** From 0 up to 1. */
  random(): number;
  /** Absent outside browsers, and on pages that are neither HTTPS nor of this machine. */
  locks?: Pick<LockManager, "request" | "query"> | undefined;
  channel?: ((name: string) => Channel) | undefined;
  /** Whether nobody sees the page. */
  hidden(): boolean;
  /** Calls `wake` when the page is seen again, or the network is back. */
  wakes(wake: () => void): void;
  /** Calls `leave` when the page goes, and `back` when it returns from the browser's memory. */
  pauses(leave: () => void, back: () => void): void;
}

export type Channel = Pick<BroadcastChannel, "postMessage" | "onmessage">;

/** The browser, or whatever of it there is. */
export function surroundings(send?: typeof fetch): World {
  const page = globalThis.document;
  const window = page && globalThis;
  const on = (type: string, listener: () => void, target: EventTarget | undefined = window) =>
    target?.addEventListener(type, listener);
  return {
    fetch: send ?? ((input, init) => fetch(input, init)),
    now: () => Date.now(),
    random: () => Math.random(),
    locks: page && globalThis.navigator?.locks,
    channel: page && globalThis.BroadcastChannel && ((name) => new BroadcastChannel(name)),
    hidden: () => page?.visibilityState === "hidden",
    wakes(wake) {
      on("visibilitychange", wake, page);
      on("online", wake);
    },
    pauses(leave, back) {
      on("pagehide", leave);
      on("pageshow", back);
    },
  };
}
