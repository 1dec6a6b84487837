import { expect, it } from "vitest";

import { getServerToken } from "../src/server.js";

const answer = () => {
  const headers = new Headers([["set-cookie", "better-auth.session_token=new; Path=/"], ["content-type", "application/json"]]);
  return new Response(JSON.stringify({ token: "t", sid: "s", expiresAt: "2026-11-24T12:00:00.000Z", serverTime: "x" }), { headers });
};

const asks: { url: string; cookie: string | null }[] = [];
const fetch: typeof globalThis.fetch = async (input, init) => {
  asks.push({ url: String(input), cookie: new Headers(init?.headers).get("cookie") });
  return answer();
};
const visit = (cookie: string) => new Request("https://app.example/page", { headers: { cookie } });
const baseURL = "https://auth.example";

it("asks once per request, with our cookies alone, and hands on the server's", async () => {
  asks.length = 0;
  const request = visit("a=1; better-auth.session_token=x.y; __Secure-better-auth.dont_remember=z; better-authish=2; xbetter-auth.y=3");
  const [one, two] = await Promise.all([getServerToken(request, { baseURL, fetch }), getServerToken(request, { baseURL, fetch })]);
  expect(one).toBe(two);
  expect(one).toEqual({ token: "t", sid: "s", expiresAt: "2026-11-24T12:00:00.000Z", setCookie: ["better-auth.session_token=new; Path=/"] });
  expect(asks).toEqual([{ url: "https://auth.example/api/auth/token", cookie: "better-auth.session_token=x.y; __Secure-better-auth.dont_remember=z" }]);
});

it("asks nobody for a visitor without our cookies", async () => {
  asks.length = 0;
  expect(await getServerToken(visit("a=1"), { baseURL, fetch })).toBeNull();
  expect(await getServerToken(new Request("https://app.example/"), { baseURL, fetch })).toBeNull();
  expect(asks).toEqual([]);
});

it("tells nobody signed in from a failure", async () => {
  const says = (status: number) => ({ baseURL, fetch: async () => new Response(null, { status }) });
  expect(await getServerToken(visit("better-auth.session_token=x"), says(401))).toBeNull();
  await expect(getServerToken(visit("better-auth.session_token=x"), says(503))).rejects.toThrow("503");
});

it("takes a path and another prefix", async () => {
  asks.length = 0;
  await getServerToken(visit("acme.session_token=x"), { baseURL: "https://auth.example/identity/", cookiePrefix: "acme", fetch });
  expect(asks).toEqual([{ url: "https://auth.example/identity/token", cookie: "acme.session_token=x" }]);
});
