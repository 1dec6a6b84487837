// Beside the real client of Better Auth, and in it.
import { createAuthClient } from "better-auth/client";
import { beforeEach, expect, it, vi } from "vitest";

import { createCountersign } from "../src/client.js";
import { countersignClient, followSession } from "../src/plugin.js";
import { AUTH, API, FakeBrowser, FakeServer } from "./fakes.js";

let server: FakeServer;
let browser: FakeBrowser;

beforeEach(() => {
  server = new FakeServer();
  browser = new FakeBrowser(server);
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

const user = { id: "user-1", name: "Ada", email: "ada@example.com", emailVerified: false };
const session = (id: string) => ({ id, userId: user.id, token: "opaque", expiresAt: "2026-12-01T12:00:00.000Z" });

/** The endpoints that Better Auth's client asks for; the rest is the fake server's. */
const fetchImpl: typeof fetch = async (input, init) => {
  const { pathname } = new URL(String(input));
  if (pathname !== "/api/auth/get-session") return server.fetch(input, init);
  return Response.json(server.session ? { user, session: session(server.session) } : null);
};

/** An unchanged client, and the helper beside it. */
function beside() {
  const authClient = createAuthClient({ baseURL: AUTH, fetchOptions: { customFetchImpl: fetchImpl } });
  const countersign = browser.open();
  const stop = followSession(countersign, authClient.$store);
  return { authClient, countersign, stop, useSession: authClient.useSession };
}

it("who useSession says is signed in has a token", async () => {
  const { countersign, useSession } = beside();
  await useSession.get().refetch();
  await settle();
  expect(countersign.state.value).toMatchObject({ status: "signed-in", sid: "session-1" });
  expect(await countersign.token()).toBe("token-1");
  await useSession.get().refetch();
  await settle();
  expect(server.renewals).toBe(1);
});

it("who useSession says is not signed in has none", async () => {
  const { countersign, useSession } = beside();
  await useSession.get().refetch();
  await settle();
  server.session = undefined;
  await useSession.get().refetch();
  await settle();
  expect(countersign.state.value.status).toBe("signed-out");
  expect(await countersign.token()).toBeNull();
});

it("useSession learns at once that another tab signed out", async () => {
  const { useSession } = beside();
  await useSession.get().refetch();
  await settle();
  expect(useSession.get().data?.user.name).toBe("Ada");
  await browser.open().signOut();
  await settle();
  expect(useSession.get().data).toBeNull();
});

it("useSession learns that another tab signed in", async () => {
  server.session = undefined;
  const { countersign, useSession } = beside();
  await useSession.get().refetch();
  await settle();
  expect(useSession.get().data).toBeNull();
  server.session = "session-2";
  await browser.open().renew();
  await settle();
  expect(useSession.get().data?.session.id).toBe("session-2");
  expect(countersign.state.value).toMatchObject({ status: "signed-in", sid: "session-2" });
  expect(server.renewals).toBe(1);
});

it("a page that asked before another tab signed in signs nobody out", async () => {
  const other = browser.open();
  await other.renew();
  const authClient = createAuthClient({ baseURL: AUTH, fetchOptions: { customFetchImpl: async () => Response.json(null) } });
  const countersign = browser.open();
  followSession(countersign, authClient.$store);
  await authClient.useSession.get().refetch();
  await settle();
  expect([countersign.state.value.status, other.state.value.status]).toEqual(["signed-out", "signed-in"]);
});

it("asks no more than once where useSession and the tokens are of different sessions for good", async () => {
  let asked = 0;
  const customFetchImpl = async () => (asked++, Response.json({ user, session: session("session-9") }));
  const authClient = createAuthClient({ baseURL: AUTH, fetchOptions: { customFetchImpl } });
  const countersign = browser.open();
  const stop = followSession(countersign, authClient.$store);
  await authClient.useSession.get().refetch();
  await settle();
  stop();
  expect(asked).toBe(2);
  expect(countersign.state.value.sid).toBe("session-1");
});

it("tells a first visit from a session that is gone and from a sign-out", async () => {
  const reasons = async (gone?: "expired") => {
    const authClient = createAuthClient({ baseURL: AUTH, fetchOptions: { customFetchImpl: fetchImpl } });
    const countersign = new FakeBrowser(server).open();
    followSession(countersign, authClient.$store, gone);
    server.session = undefined;
    await authClient.useSession.get().refetch();
    const first = countersign.state.value.reason;
    server.session = "session-3";
    await authClient.useSession.get().refetch();
    await settle();
    server.session = undefined;
    await authClient.useSession.get().refetch();
    return [first, countersign.state.value.reason];
  };
  expect(await reasons()).toEqual(["expired", "signed-out"]);
  expect(await reasons("expired")).toEqual(["expired", "expired"]);
});

it("useSession learns that an API refused the user", async () => {
  const { countersign, useSession } = beside();
  await useSession.get().refetch();
  await settle();
  server.suspended = true;
  await countersign.createAuthFetch({ origins: [API] })(`${API}/tasks`);
  expect(useSession.get().data).toBeNull();
  expect(countersign.state.value.message).toBe("the account is suspended");
});

it("a sign-in as somebody else gets a token of the new session", async () => {
  const { countersign, useSession } = beside();
  await useSession.get().refetch();
  await settle();
  server.session = "session-2";
  await useSession.get().refetch();
  await settle();
  expect(countersign.state.value.sid).toBe("session-2");
});

it("follows no more when it is told to stop", async () => {
  const { countersign, useSession, stop } = beside();
  stop();
  await useSession.get().refetch();
  await settle();
  expect(countersign.state.value.status).toBe("unknown");
});

it("as a plugin it forgets the token before the client's own signOut is sent", async () => {
  const authClient = createAuthClient({
    baseURL: AUTH,
    fetchOptions: { customFetchImpl: fetchImpl },
    plugins: [countersignClient({ fetch: server.fetch })],
  });
  const { countersign } = authClient;
  expect(await countersign.renew()).toBe("token-1");
  expect((await countersign.createAuthFetch({ origins: [API] })(`${API}/tasks`)).status).toBe(200);
  const seen: string[] = [];
  countersign.state.listen(({ status }) => seen.push(`${status} after ${server.calls.length} calls`));
  const before = server.calls.length;
  await authClient.signOut();
  expect(seen).toEqual([`signed-out after ${before} calls`]);
  expect(server.calls.at(-1)).toBe("POST /api/auth/sign-out");
});

it("as a plugin it goes to the address of the client, with a path too", async () => {
  for (const [options, path] of [
    [{ baseURL: AUTH }, "/api/auth/token"],
    [{ baseURL: `${AUTH}/identity` }, "/identity/token"],
    [{ baseURL: AUTH, basePath: "/identity" }, "/identity/token"],
  ] as const) {
    const { countersign } = createAuthClient({ ...options, plugins: [countersignClient({ fetch: server.fetch })] });
    await countersign.renew().catch(() => {});
    expect(server.calls.at(-1)).toBe(`GET ${path}`);
  }
});

it("runs where there is no browser", async () => {
  vi.stubGlobal("location", undefined);
  expect(createCountersign().state.value.status).toBe("unknown");
  vi.unstubAllGlobals();
});
