import { beforeEach, expect, it, vi } from "vitest";

import { type NativeCountersign, createNativeCountersign } from "../src/native.js";
import { AUTH, API, FakeBrowser, FakeServer, offline } from "./fakes.js";

let server: FakeServer;
let kept: string | null;
let kinds: string[];
let countersign: NativeCountersign;

const store = {
  read: async () => kept,
  write: async (refreshToken: string | null) => {
    kinds.push(refreshToken === null ? "deleted" : "kept");
    kept = refreshToken;
  },
};

const start = () => {
  const world = new FakeBrowser(server).world({ locks: undefined, channel: undefined });
  return createNativeCountersign({ baseURL: AUTH, store }, world);
};

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-24T12:00:00Z") });
  server = new FakeServer();
  kept = null;
  kinds = [];
  countersign = start();
  return () => vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

it("begins with the token of a sign-in, and sends no cookies", async () => {
  const { token } = server.make();
  expect(await countersign.start(token)).toBe("token-2");
  expect(server.calls).toEqual(["POST /api/auth/refresh/start", "POST /api/auth/refresh"]);
  expect(server.requests[0]!.headers.get("authorization")).toBe("Bearer token-1");
  expect(server.requests.map(({ credentials }) => credentials)).toEqual(["omit", "omit"]);
  expect(kept).toBe("csr_2");
  expect(countersign.state.value).toMatchObject({ status: "signed-in", sid: "session-1" });
});

it("goes on with what was kept, and keeps the next one before it hands out a token", async () => {
  kept = "csr_1";
  store.write = async (refreshToken) => {
    kinds.push(`kept ${refreshToken}, ${countersign.state.value.status}`);
    kept = refreshToken;
  };
  expect(await countersign.token()).toBe("token-1");
  expect(kinds).toEqual(["kept csr_2, unknown"]);
  await pass(server.lifetime);
  expect(kept).toBe("csr_3");
});

it("sends the same refresh token again when there was no answer", async () => {
  kept = "csr_1";
  server.trouble = offline;
  await expect(countersign.token()).rejects.toMatchObject({ code: "OFFLINE" });
  server.trouble = undefined;
  expect(await countersign.token()).toBe("token-1");
  const sent = await Promise.all(server.requests.map(async (request) => (await request.json()).refreshToken));
  expect(sent).toEqual(["csr_1", "csr_1"]);
});

it("renews no sooner than the grace after the renewal before began", async () => {
  kept = "csr_1";
  await countersign.token();
  await pass(29_000);
  expect(await countersign.renew()).toBe("token-1");
  expect(server.renewals).toBe(1);
  await pass(2_000);
  expect(await countersign.renew()).toBe("token-2");
});

it("counts the grace from the first attempt", async () => {
  kept = "csr_1";
  server.trouble = offline;
  await countersign.token().catch(() => {});
  await pass(20_000);
  server.trouble = undefined;
  await countersign.token();
  await pass(11_000);
  expect(await countersign.renew()).toBe("token-2");
});

it("forgets a refresh token that is worth nothing", async () => {
  kept = "csr_0";
  expect(await countersign.token()).toBeNull();
  expect(kept).toBeNull();
  expect(countersign.state.value).toMatchObject({ status: "signed-out", reason: "expired" });
});

it("keeps it for a user who is suspended, and says so", async () => {
  kept = "csr_1";
  server.trouble = () => Response.json({ code: "BANNED_USER", message: "You have been banned" }, { status: 403 });
  await expect(countersign.token()).rejects.toMatchObject({ code: "FORBIDDEN", status: 403, message: "You have been banned" });
  expect(kept).toBe("csr_1");
  expect(countersign.state.value).toMatchObject({ status: "signed-out", reason: "refused", message: "You have been banned" });
});

it("signs out with a live token, also when its own has ended", async () => {
  kept = "csr_1";
  await countersign.token();
  vi.setSystemTime(Date.now() + server.lifetime);
  await countersign.signOut();
  expect(server.calls.slice(1)).toEqual(["POST /api/auth/refresh", "POST /api/auth/sign-out"]);
  expect(server.requests.at(-1)!.headers.get("authorization")).toBe("Bearer token-2");
  expect(kept).toBeNull();
});

it("forgets the refresh token also when the server cannot be told", async () => {
  kept = "csr_1";
  await countersign.token();
  server.trouble = offline;
  await expect(countersign.signOut()).rejects.toMatchObject({ code: "OFFLINE" });
  expect(kept).toBeNull();
});

it("adds its token to requests as any other", async () => {
  kept = "csr_1";
  const response = await countersign.createAuthFetch({ origins: [API] })(`${API}/tasks`);
  expect(await response.text()).toBe("token-1 sent ");
});
