import { beforeEach, describe, expect, it } from "vitest";

import { type Countersign } from "../src/client.js";
import { API, FakeBrowser, FakeServer, offline } from "./fakes.js";

const FOREIGN = "https://evil.example";
let server: FakeServer;
let countersign: Countersign;
let authFetch: ReturnType<Countersign["createAuthFetch"]>;

beforeEach(() => {
  server = new FakeServer();
  countersign = new FakeBrowser(server).open();
  authFetch = countersign.createAuthFetch({ origins: [API] });
});

const sentTo = (origin: string) => server.requests.filter(({ url }) => url.startsWith(origin));

describe("the list of origins", () => {
  it.each(["https://api.example", "https://api.example:8443", "https://api.example/", "http://localhost:3000", "http://app.localhost", "http://127.0.0.1:8080", "http://[::1]:80"])(
    "takes %s",
    (origin) => expect(() => countersign.createAuthFetch({ origins: [origin] })).not.toThrow(),
  );

  it.each(["http://api.example", "https://api.example/tasks", "https://user@api.example", "https://api.example?x", "ftp://localhost", "http://localhost.evil.example", "http://1127.0.0.1.example", "*", "null", "", "data:text/plain,x"])(
    "refuses %j",
    (origin) => expect(() => countersign.createAuthFetch({ origins: [API, origin] })).toThrow(TypeError),
  );

  it.each([FOREIGN, "https://api.example.evil.example", "https://evil.example/https://api.example", "http://api.example", "https://api.example:444"])(
    "keeps the token from %s",
    async (url) => {
      await countersign.token();
      await authFetch(url);
      expect(server.requests.at(-1)!.headers.has("authorization")).toBe(false);
    },
  );

  it("knows an origin however it is written", async () => {
    await authFetch("HTTPS://API.example:443/tasks");
    expect(server.requests.at(-1)!.headers.get("authorization")).toBe("Bearer token-1");
  });
});

describe("a request", () => {
  it("carries the token, and whatever else it had", async () => {
    const response = await authFetch(`${API}/tasks`, { method: "POST", body: "milk", headers: { "x-app": "1" } });
    expect(await response.text()).toBe("token-1 sent milk");
    expect(sentTo(API)[0]!.headers.get("x-app")).toBe("1");
  });

  it("that has an Authorization of its own keeps it", async () => {
    await authFetch(`${API}/tasks`, { headers: { authorization: "Basic x" } });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.headers.get("authorization")).toBe("Basic x");
  });

  it("goes without a token where nobody is signed in", async () => {
    server.session = undefined;
    const response = await authFetch(`${API}/tasks`);
    expect(response.status).toBe(401);
    expect(server.calls).toEqual(["GET /api/auth/token", `GET ${API}/tasks`]);
  });

  it("is not sent where no token is to be had", async () => {
    server.trouble = offline;
    await expect(authFetch(`${API}/tasks`)).rejects.toMatchObject({ code: "OFFLINE" });
    expect(sentTo(API)).toHaveLength(0);
  });
});

describe("an answer", () => {
  it("invalid_token renews once and repeats once, with the same body", async () => {
    await countersign.token();
    server.accepted.clear();
    for (const body of ["milk", new URLSearchParams({ a: "b" }), new Blob(["milk"]), new TextEncoder().encode("milk")]) {
      const before = server.calls.length;
      const response = await authFetch(`${API}/tasks`, { method: "POST", body });
      expect(response.status).toBe(200);
      expect(server.calls.slice(before)).toEqual([`POST ${API}/tasks`, "GET /api/auth/token", `POST ${API}/tasks`]);
      const [first, second] = await Promise.all(sentTo(API).slice(-2).map((request) => request.text()));
      expect(second).toBe(first);
      server.accepted.clear();
    }
  });

  it("invalid_token to many requests renews once for all", async () => {
    await countersign.token();
    server.accepted.clear();
    const responses = await Promise.all(Array.from({ length: 5 }, (_, n) => authFetch(`${API}/tasks/${n}`)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(server.renewals).toBe(2);
  });

  it("invalid_token to a stream renews, and is the caller's", async () => {
    await countersign.token();
    server.accepted.clear();
    const body = new Blob(["milk"]).stream();
    const response = await authFetch(`${API}/tasks`, { method: "POST", body, duplex: "half" } as RequestInit);
    expect(response.status).toBe(401);
    expect(server.renewals).toBe(2);
    expect(sentTo(API)).toHaveLength(1);
  });

  it("invalid_token to a new token is the caller's, and renews no more", async () => {
    const make = server.make.bind(server);
    server.make = () => {
      const made = make();
      server.accepted.delete(made.token);
      return made;
    };
    expect((await authFetch(`${API}/tasks`)).status).toBe(401);
    expect(server.renewals).toBe(2);
    for (let n = 0; n < 5; n++) expect((await authFetch(`${API}/tasks`)).status).toBe(401);
    expect(server.renewals).toBe(2);
  });

  it("that refuses the user ends the page's session, in the words of the API", async () => {
    await countersign.token();
    server.suspended = true;
    const response = await authFetch(`${API}/tasks`);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("suspended");
    expect(countersign.state.value).toEqual({ status: "signed-out", reason: "refused", message: "the account is suspended" });
    expect(server.calls.slice(1)).toEqual([`GET ${API}/tasks`, "GET /api/auth/token"]);
  });

  it("invalid_token while the server is away is the caller's, and signs nobody out", async () => {
    await countersign.token();
    server.accepted.clear();
    server.trouble = (request) => {
      if (request.url.startsWith(API)) {
        return new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
      }
      return Promise.reject(new TypeError("Failed to fetch"));
    };
    expect((await authFetch(`${API}/tasks`)).status).toBe(401);
    expect(countersign.state.value).toMatchObject({ status: "signed-in", reason: "offline" });
    expect(sentTo(API)).toHaveLength(1);
  });

  it.each([
    [403, 'Bearer error="insufficient_scope"'],
    [401, "Bearer"],
    [401, 'Basic realm="x"'],
    [429, ""],
    [503, ""],
    [500, 'Bearer error="invalid_token"'],
  ])("%i %j is the caller's and renews nothing", async (status, challenge) => {
    await countersign.token();
    server.trouble = () => new Response(null, { status, headers: { "www-authenticate": challenge } });
    expect((await authFetch(`${API}/tasks`)).status).toBe(status);
    expect(server.calls.slice(1)).toEqual([`GET ${API}/tasks`]);
  });
});
