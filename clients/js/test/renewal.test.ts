import { beforeEach, describe, expect, it, vi } from "vitest";

import { CountersignError } from "../src/error.js";
import type { State } from "../src/state.js";
import { FakeBrowser, FakeServer, type Tab, offline } from "./fakes.js";

const MINUTE = 60_000;
let server: FakeServer;
let browser: FakeBrowser;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-24T12:00:00Z") });
  server = new FakeServer();
  browser = new FakeBrowser(server);
  return () => vi.useRealTimers();
});

/** Lets time go by, and whatever happens in it. */
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

/** The machine sleeps: the clock moves on and no timer fires. */
const sleep = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

const answered = async <T>(promise: Promise<T>): Promise<T> => {
  const settled = Promise.allSettled([promise]);
  await pass(20);
  const [outcome] = await settled;
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
};

const reasons = (tab: Tab): string[] => {
  const heard: string[] = [];
  tab.state.listen((state: State) => heard.push(state.reason));
  return heard;
};

describe("a page", () => {
  it("asks for nothing until it is asked", async () => {
    const tab = browser.open();
    expect(tab.state.value).toEqual({ status: "unknown", reason: "start" });
    await pass(MINUTE);
    expect(server.calls).toEqual([]);
  });

  it("has one flight for all who ask", async () => {
    const tab = browser.open();
    const tokens = await answered(Promise.all([tab.token(), tab.token(), tab.token()]));
    expect(tokens).toEqual(["token-1", "token-1", "token-1"]);
    expect(server.calls).toEqual(["GET /api/auth/token"]);
    expect(server.requests[0]).toMatchObject({ credentials: "include", cache: "no-store", redirect: "error" });
    expect(tab.state.value).toMatchObject({ status: "signed-in", reason: "signed-in", sid: "session-1" });
  });

  it("renews between 75 and 80 percent of a token's life, at different moments in different pages", async () => {
    const moments = new Set<number>();
    for (let n = 0; n < 8; n++) {
      const tab = new FakeBrowser(server).open({}, { random: () => n / 8 });
      await answered(tab.token());
      const begin = Date.now();
      const before = server.renewals;
      while (server.renewals === before) await pass(1_000);
      const share = (Date.now() - begin) / server.lifetime;
      expect(share).toBeGreaterThanOrEqual(0.75);
      expect(share).toBeLessThan(0.802);
      moments.add(share);
      tab.forget();
    }
    expect(moments.size).toBeGreaterThan(4);
  });

  it("goes by the server's clock, whatever its own says", async () => {
    for (const ahead of [-40 * MINUTE, 40 * MINUTE]) {
      server.ahead = ahead;
      const tab = new FakeBrowser(server).open();
      await answered(tab.token());
      const before = server.renewals;
      await pass(0.74 * server.lifetime);
      expect(server.renewals).toBe(before);
      await pass(0.07 * server.lifetime);
      expect(server.renewals).toBe(before + 1);
      tab.forget();
    }
  });

  it("hands out the old token while the new one is on its way", async () => {
    const tab = browser.open();
    await answered(tab.token());
    tab.show(false);
    sleep(0.9 * server.lifetime);
    expect(await answered(tab.token())).toBe("token-1");
    expect(await answered(tab.token())).toBe("token-2");
  });

  it("waits for a new token rather than hand out one that ends on the way", async () => {
    const tab = browser.open();
    await answered(tab.token());
    sleep(server.lifetime - 5_000);
    expect(await answered(tab.token())).toBe("token-2");
  });

  it("renews nothing while nobody sees it, and at once when somebody does", async () => {
    const tab = browser.open();
    await answered(tab.token());
    tab.show(false);
    await pass(10 * server.lifetime);
    expect(server.renewals).toBe(1);
    tab.show(true);
    await pass(20);
    expect(server.renewals).toBe(2);
  });

  it("renews within a minute of waking up, and at once when it is asked", async () => {
    const tab = browser.open();
    await answered(tab.token());
    sleep(8 * 60 * MINUTE);
    await pass(MINUTE);
    expect(server.renewals).toBe(2);
    sleep(8 * 60 * MINUTE);
    expect(await answered(tab.token())).toBe("token-3");
  });

  it("does not ask over and over when the session will not last longer than the token", async () => {
    server.sessionEnds = Date.now() + server.lifetime;
    const tab = browser.open();
    await answered(tab.token());
    await pass(0.99 * server.lifetime);
    expect(server.renewals).toBe(2);
    server.session = undefined;
    await pass(0.02 * server.lifetime);
    expect(server.renewals).toBe(3);
    expect(tab.state.value).toMatchObject({ status: "signed-out", reason: "expired" });
  });

  it("says that nobody is signed in, and asks no more", async () => {
    server.session = undefined;
    const tab = browser.open();
    expect(await answered(tab.token())).toBeNull();
    expect(await answered(tab.token())).toBeNull();
    expect(server.renewals).toBe(1);
    server.session = "session-2";
    expect(await answered(tab.renew())).toBe("token-1");
    expect(tab.state.value).toMatchObject({ status: "signed-in", sid: "session-2" });
  });

  it("works without locks and channels", async () => {
    const tab = browser.open({}, { locks: undefined, channel: undefined });
    expect(await answered(tab.token())).toBe("token-1");
    await pass(server.lifetime);
    expect(server.renewals).toBe(2);
  });

  it("tells nanostores' listeners what it was and is", async () => {
    const tab = browser.open();
    const heard: [string, string | undefined][] = [];
    const stop = tab.subscribe((now, before) => heard.push([now.reason, before?.reason]));
    expect(tab.state.lc).toBe(1);
    await answered(tab.token());
    stop();
    await answered(tab.signOut());
    expect(heard).toEqual([["start", undefined], ["signed-in", "start"]]);
    expect(tab.state.lc).toBe(0);
  });
});

describe("trouble", () => {
  it("of the network signs nobody out, and the old token serves as long as it lives", async () => {
    const tab = browser.open();
    await answered(tab.token());
    server.trouble = offline;
    await pass(0.9 * server.lifetime);
    expect(tab.state.value).toMatchObject({ status: "signed-in", reason: "offline" });
    expect(await answered(tab.token())).toBe("token-1");
    await pass(0.2 * server.lifetime);
    await expect(answered(tab.token())).rejects.toMatchObject({ name: "CountersignError", code: "OFFLINE" });
    expect(tab.state.value.status).toBe("signed-in");
    server.trouble = undefined;
    tab.online();
    await pass(20);
    expect(await answered(tab.token())).toBe("token-2");
    expect(tab.state.value).toMatchObject({ status: "signed-in", reason: "renewed" });
  });

  it("is met with longer and longer pauses, of a minute at most", async () => {
    const tab = browser.open();
    await answered(tab.token());
    await pass(0.74 * server.lifetime);
    server.trouble = offline;
    const begin = server.renewals;
    await pass(0.07 * server.lifetime);
    const soon = server.renewals - begin;
    expect(soon).toBeGreaterThanOrEqual(3);
    expect(soon).toBeLessThan(8);
    const later = server.renewals;
    await pass(10 * MINUTE);
    expect(server.renewals - later).toBeGreaterThanOrEqual(9);
    expect(server.renewals - later).toBeLessThanOrEqual(11);
  });

  it("of a server that asks for patience is respected, in seconds and as a date", async () => {
    const asSeconds = () => "120";
    const asDate = () => new Date(Date.now() + 120_000).toUTCString();
    for (const [status, after] of [[429, asSeconds], [503, asDate]] as const) {
      server.trouble = undefined;
      const tab = new FakeBrowser(server).open({}, { random: () => 0 });
      await answered(tab.token());
      server.trouble = () => Response.json({ message: "Too many requests" }, { status, headers: { "retry-after": after() } });
      await pass(0.76 * server.lifetime - 20);
      const before = server.renewals;
      expect(tab.state.value).toMatchObject({ status: "signed-in", reason: "busy", message: "Too many requests" });
      for (let n = 0; n < 9; n++) {
        await pass(10_000);
        tab.show(true);
        await expect(answered(tab.renew())).resolves.toMatch(/^token/);
      }
      expect(server.renewals).toBe(before);
      server.trouble = undefined;
      await pass(40_000);
      expect(server.renewals).toBe(before + 1);
      tab.forget();
    }
  });

  it("without a token is an error that says how long to wait", async () => {
    server.trouble = () => Response.json({}, { status: 503, headers: { "retry-after": "7" } });
    const tab = browser.open();
    const error = await answered(tab.token().catch((error: unknown) => error));
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: "BUSY", status: 503, retryAfter: 7_000 });
    expect(tab.state.value).toMatchObject({ status: "unknown", reason: "busy" });
  });

  it("of a server that never answers ends", async () => {
    vi.useRealTimers();
    server.trouble = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await expect(browser.open({ timeout: 20 }).token()).rejects.toMatchObject({ code: "OFFLINE" });
  });

  it("with the address is named", async () => {
    server.trouble = () => new Response("<h1>Welcome</h1>");
    await expect(answered(browser.open().token())).rejects.toMatchObject({ code: "UNEXPECTED", status: 200 });
    server.trouble = () => Response.json({ token: 1 });
    await expect(answered(browser.open().token())).rejects.toMatchObject({ code: "UNEXPECTED" });
  });

  it("a lost reply is asked for again", async () => {
    const tab = browser.open();
    await answered(tab.token());
    server.slow = () => Promise.reject(new TypeError("connection reset"));
    await pass(0.8 * server.lifetime);
    server.slow = undefined;
    await pass(MINUTE);
    expect(tab.state.value).toMatchObject({ status: "signed-in", reason: "renewed" });
  });
});

describe("tabs", () => {
  for (const count of [1, 3, 10]) {
    it(`${count} of them renew once per expiry`, async () => {
      const tabs = Array.from({ length: count }, () => browser.open());
      const tokens = await answered(Promise.all(tabs.map((tab) => tab.token())));
      expect(new Set(tokens)).toEqual(new Set(["token-1"]));
      for (let expiry = 1; expiry <= 5; expiry++) {
        await pass(0.81 * server.lifetime);
        expect(server.renewals).toBe(1 + expiry);
      }
      const held = await answered(Promise.all(tabs.map((tab) => tab.token())));
      expect(new Set(held).size).toBe(1);
    });
  }

  it("renew once also when messages are slow", async () => {
    browser.delay = 300;
    const tabs = Array.from({ length: 5 }, () => browser.open());
    await Promise.all([pass(5_000), ...tabs.map((tab) => tab.token())]);
    for (let expiry = 1; expiry <= 3; expiry++) {
      sleep(server.lifetime);
      await Promise.all([pass(5_000), ...tabs.map((tab) => tab.token())]);
      expect(server.renewals).toBe(1 + expiry);
    }
  });

  it("that all wake up at once renew once", async () => {
    const tabs = Array.from({ length: 10 }, () => browser.open());
    await answered(Promise.all(tabs.map((tab) => tab.token())));
    sleep(3 * server.lifetime);
    tabs.forEach((tab) => tab.show(true));
    await pass(20);
    expect(server.renewals).toBe(2);
  });

  it("do not take the token of an older session for the one of a sign-in", async () => {
    await answered(browser.open().token());
    server.session = "session-2";
    const one = browser.open();
    expect(await answered(one.renew())).toBe("token-2");
    expect(one.state.value.sid).toBe("session-2");
    const two = browser.open();
    server.session = "session-3";
    expect(await answered(two.renew("session-3"))).toBe("token-3");
    expect(await answered(browser.open().renew("session-3"))).toBe("token-3");
  });

  it("that come later get the token that is there", async () => {
    await answered(browser.open().token());
    await pass(MINUTE);
    const late = browser.open();
    expect(await answered(late.token())).toBe("token-1");
    expect(late.state.value.reason).toBe("shared");
    expect(server.renewals).toBe(1);
  });

  it("never say a token unasked", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(one.token());
    await pass(5 * server.lifetime);
    expect(JSON.stringify(browser.said)).not.toContain("token-");
    await answered(two.token());
    expect(JSON.stringify(browser.said)).toContain("token-");
  });

  it("that are alone each ask for their own, one after the other", async () => {
    const tabs = Array.from({ length: 3 }, () => browser.open({ tabs: "alone" }));
    const tokens = await answered(Promise.all(tabs.map((tab) => tab.token())));
    expect(new Set(tokens).size).toBe(3);
    await pass(server.lifetime);
    expect(server.renewals).toBe(6);
    expect(JSON.stringify(browser.said)).not.toContain("token-");
  });

  it("wait no longer than a second for one that does not answer", async () => {
    const mute = browser.open({}, { channel: undefined });
    await answered(mute.token());
    const asking = browser.open();
    const token = asking.token();
    await pass(900);
    expect(server.renewals).toBe(1);
    await pass(200);
    expect(await token).toBe("token-2");
  });

  it("go on when the one that renewed is closed", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token()]));
    one.close();
    const three = browser.open();
    expect(await answered(three.token())).toBe("token-1");
    [two, three].forEach((tab) => tab.close());
    expect(await answered(browser.open().token())).toBe("token-2");
  });

  it("are all cleared before the server is told of a sign-out", async () => {
    const [one, two, three] = [browser.open(), browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token(), three.token()]));
    const clearedWhenTold: string[][] = [];
    server.trouble = async () => {
      await pass(5);
      clearedWhenTold.push([one, two, three].map((tab) => tab.state.value.status));
      return Response.json({ success: true });
    };
    await answered(one.signOut());
    expect(clearedWhenTold).toEqual([["signed-out", "signed-out", "signed-out"]]);
    expect(server.calls.at(-1)).toBe("POST /api/auth/sign-out");
    expect(await answered(Promise.all([one.token(), two.token(), three.token()]))).toEqual([null, null, null]);
    expect(server.renewals).toBe(1);
  });

  it("drop an answer that comes after the sign-out", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token()]));
    server.slow = () => new Promise((resolve) => setTimeout(resolve, 500));
    const late = two.renew();
    await pass(100);
    const out = one.signOut();
    await pass(1_000);
    await out;
    expect(await late).toBeNull();
    expect(two.state.value).toMatchObject({ status: "signed-out", reason: "signed-out" });
  });

  it("forget also when the server cannot be told, and say so", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token()]));
    server.trouble = offline;
    await expect(answered(one.signOut())).rejects.toMatchObject({ code: "OFFLINE" });
    expect([one, two].map((tab) => tab.state.value.status)).toEqual(["signed-out", "signed-out"]);
  });

  it("follow another that signs in, also as somebody else", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token()]));
    const heard = reasons(two);
    await answered(one.signOut());
    server.session = "session-2";
    await answered(one.renew());
    await pass(20);
    expect(two.state.value).toMatchObject({ status: "signed-in", reason: "shared", sid: "session-2" });
    expect(heard).toEqual(["signed-out", "start", "shared"]);
    server.session = "session-3";
    await answered(one.renew());
    await pass(20);
    expect([one, two].map((tab) => tab.state.value.sid)).toEqual(["session-3", "session-3"]);
    expect(server.renewals).toBe(3);
  });

  it("learn from each other that the session is over", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await answered(Promise.all([one.token(), two.token()]));
    server.session = undefined;
    await answered(one.renew());
    await pass(20);
    expect(two.state.value).toMatchObject({ status: "signed-out", reason: "expired" });
    expect(server.renewals).toBe(2);
  });
});
