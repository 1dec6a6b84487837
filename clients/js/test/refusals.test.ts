import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { type Refusals, followRefusals } from "../src/refusals.js";

/** A server's stream, written by hand. */
class Stream {
  asked: Headers[] = [];
  #out: ReadableStreamDefaultController<Uint8Array> | undefined;

  fetch: typeof fetch = async (_, init) => {
    this.asked.push(new Headers(init?.headers));
    const body = new ReadableStream({ start: (out) => void (this.#out = out) });
    init?.signal?.addEventListener("abort", () => this.cut());
    return new Response(body);
  };

  say(event: string, data: object, id = "e-1-1") {
    this.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  write(text: string) {
    this.#out!.enqueue(new TextEncoder().encode(text));
  }

  cut() {
    try {
      this.#out!.error(new Error("cut off"));
    } catch {
      // It was cut before.
    }
  }
}

const change = (kind: string, subject: string, since: number | null = null, until: number | null = null) => ({ kind, subject, since, until });
const settle = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

let stream: Stream;
let refusals: Refusals;
let troubles: unknown[];

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
  stream = new Stream();
  troubles = [];
  const { fetch } = stream;
  refusals = followRefusals({ baseURL: "https://auth.example", credential: "csf_x", fetch, onTrouble: (error) => troubles.push(error) });
  await settle();
});

afterEach(() => {
  refusals.stop();
  vi.useRealTimers();
});

async function begin(...changes: object[]) {
  stream.say("snapshot", { changes, more: false });
  stream.say("heartbeat", { age_ms: 100 });
  await settle();
}

it("admits nobody before the first snapshot is whole and its age is known", async () => {
  const states = [refusals.isStale];
  stream.say("snapshot", { changes: [], more: true });
  stream.say("snapshot", { changes: [change("user_off", "bob")], more: false });
  await settle();
  states.push(refusals.isStale);
  expect(refusals.refuses({ sub: "ada" })).toBe(true);
  stream.say("heartbeat", { age_ms: 100 });
  await settle();
  states.push(refusals.isStale);
  expect(states).toEqual([true, true, false]);
  expect([refusals.refuses({ sub: "ada" }), refusals.refuses({ sub: "bob" })]).toEqual([false, true]);
});

it.each([
  ["a suspended user", change("user_off", "ada"), true],
  ["a user whose suspension has ended", change("user_off", "ada", null, 999), false],
  ["a user who is suspended for a while", change("user_off", "ada", null, 1001), true],
  ["a session that ended", change("session_revoked", "s", 0, 2000), true],
  ["a session that will end", change("session_revoked", "s", 1001, 2000), false],
  ["another session", change("session_revoked", "t", 0, 2000), false],
  ["a token that was revoked", change("token_revoked", "j", null, 2000), true],
  ["a token of a session from before an instant", change("user_tokens_before", "ada", 901, 2000), false],
  ["a kind nobody knows yet", change("something_new", "ada"), false],
])("judges %s", async (_, held, isRefused) => {
  await begin(held);
  expect(refusals.refuses({ sub: "ada", sid: "s", jti: "j", iat: 900 }, 1000)).toBe(isRefused);
});

it.each([
  ["from before an instant", 901, true],
  ["from that instant", 900, false],
])("judges a token of no session %s", async (_, since, isRefused) => {
  await begin(change("user_tokens_before", "ada", since, 2000));
  expect(refusals.refuses({ sub: "ada", jti: "j", iat: 900 }, 1000)).toBe(isRefused);
});

it("hears of changes, also in pieces, and of a user who is let in again", async () => {
  await begin();
  const event = `id: e-2-2\nevent: user_off\ndata: ${JSON.stringify(change("user_off", "ada"))}\n\n`;
  stream.write(event.slice(0, 30));
  await settle();
  expect(refusals.refuses({ sub: "ada" })).toBe(false);
  stream.write(event.slice(30));
  await settle();
  expect(refusals.refuses({ sub: "ada" })).toBe(true);
  stream.say("user_on", change("user_on", "ada"));
  await settle();
  expect(refusals.refuses({ sub: "ada" })).toBe(false);
});

it("says when its knowledge is too old, however many heartbeats a server cut off from its database sends", async () => {
  await begin();
  for (let age = 1; age <= 31; age++) {
    await settle(1000);
    stream.say("heartbeat", { age_ms: age * 1000 });
  }
  await settle();
  expect(refusals.isStale).toBe(true);
  expect(stream.asked.length).toBe(1);
});

it("comes back with its place after a connection that is cut or silent, and throws away half a snapshot", async () => {
  await begin(change("user_off", "bob"));
  stream.say("user_off", change("user_off", "ada"), "e-2-2");
  await settle();
  stream.cut();
  await settle(200);
  expect(stream.asked.map((headers) => headers.get("last-event-id"))).toEqual([null, "e-2-2"]);
  expect(stream.asked[1]!.get("authorization")).toBe("Bearer csf_x");
  stream.say("snapshot", { changes: [], more: true });
  await settle(5_000);
  await settle(200);
  expect(stream.asked.length).toBe(3);
  stream.say("heartbeat", { age_ms: 0 }, "e-3-3");
  await settle();
  expect(["ada", "bob"].map((sub) => refusals.refuses({ sub }))).toEqual([true, true]);
  expect(troubles.length).toBe(2);
});

it("asks no more once it is stopped", async () => {
  await begin();
  refusals.stop();
  await settle(60_000);
  expect(stream.asked.length).toBe(1);
  expect(troubles).toEqual([]);
});

it("forgets what refuses nothing any more, and nothing else", async () => {
  const ended = (of: string, until: number) => Array.from({ length: 1_500 }, (_, index) => change("session_revoked", `${of}${index}`, 0, until));
  const [past, live] = [ended("past", 1_789_999_999), ended("live", 1_790_000_900)];
  await begin(change("user_off", "ada"), ...past, ...live, change("user_off", "bob"));
  const refused = (changes: { subject: string }[]) => changes.filter(({ subject }) => refusals.refuses({ sub: "eve", sid: subject })).length;
  expect([refused(live), refused(past)]).toEqual([1_500, 0]);
  expect(["ada", "bob", "eve"].map((sub) => refusals.refuses({ sub }))).toEqual([true, true, false]);
});
