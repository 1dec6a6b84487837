// Where the token is, and where it never comes.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { Tabs } from "./tabs.mjs";
import { PASSWORD } from "./site.mjs";
import { signUp } from "./tour.mjs";

const HELPER = new URL("../../clients/js/dist/", import.meta.url);

/** No script finds the token in anything that outlives the page or that another page can read. */
export async function storage(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "storage@example.com", 2);
  const before = await tabs.agree(0);
  await tabs.pass(0.8);
  await tabs.agree(before);
  await tabs.use();
  assert.equal(tabs.tokens.size, 2);
  const cookies = await tabs.context.cookies();
  assert.ok(cookies.some(({ name }) => name === "better-auth.session_token"), "there is no session cookie");
  assert.deepEqual(cookies.filter(({ httpOnly }) => !httpOnly), [], "a script can read a cookie");
  for (const page of tabs.pages) {
    const found = JSON.stringify([await page.evaluate(everythingKept), cookies]);
    for (const token of tabs.tokens) {
      for (const part of token.split(".")) assert.ok(!found.includes(part), "a part of the token is kept");
    }
  }
  // The look itself works: what is put there is found.
  await tabs.first.evaluate(keepSomething);
  const found = JSON.stringify(await tabs.first.evaluate(everythingKept));
  for (const place of ["local", "session", "indexed", "cached", "cookie"]) assert.ok(found.includes(`in ${place}`), place);
  await tabs.close();
}

/** Runs in the page. */
async function everythingKept() {
  const databases = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result)));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store).getAll();
      databases.push(await new Promise((resolve) => (all.onsuccess = () => resolve(all.result))));
    }
    database.close();
  }
  const cached = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) cached.push(await (await cache.match(request)).text());
  }
  const { cookie, documentElement, referrer } = document;
  return [{ ...localStorage }, { ...sessionStorage }, databases, cached, cookie, referrer, name, history.state, location.href, documentElement.outerHTML];
}

/** Runs in the page. */
async function keepSomething() {
  localStorage.x = "in local";
  sessionStorage.x = "in session";
  document.cookie = "x=in cookie";
  await (await caches.open("x")).put("/x", new Response("in cached"));
  await new Promise((resolve) => {
    const opening = indexedDB.open("x");
    opening.onupgradeneeded = () => opening.result.createObjectStore("x").put("in indexed", 1);
    opening.onsuccess = () => resolve(opening.result.close());
  });
}

/** A script in the example's page can speak to the page's own origin only. */
export async function policy(site, chromium, { foreign }) {
  const context = await site.browser(chromium);
  const page = await context.newPage();
  await signUp(page, "policy@example.com");
  const heard = foreign.heard.length;
  assert.equal(await page.evaluate(reach, `${foreign.origin}/stolen`), "Failed to fetch");
  assert.equal(await page.evaluate(reach, `${site.origin}/healthz`), 200);
  assert.equal(foreign.heard.length, heard);
  await context.close();
}

/** Runs in the page. */
const reach = (url) => fetch(url).then(({ status }) => status, ({ message }) => message);

/**
 * The helper on a page of another origin that the server trusts: it signs in with cookies, gets a token, and sends it to the
 * origins it was given. To no other, neither asked for nor by a redirect. A page of an origin that is not trusted gets none.
 */
export async function crossOrigin(site, chromium, { trusted, api, foreign }) {
  const context = await site.browser(chromium);
  const page = await context.newPage();
  const person = { name: "Ada", email: "abroad@example.com", password: PASSWORD };
  await page.goto(trusted.origin);
  assert.equal(await page.evaluate(signUpFromAbroad, [site.origin, person]), 200);
  const token = await page.evaluate(renew, [site.origin, [site.origin, api.origin]]);
  assert.equal(token?.split(".").length, 3, "no token for a trusted origin");
  assert.equal(await page.evaluate(send, `${site.origin}/api/auth/list-sessions`), 200);

  assert.equal(await page.evaluate(send, `${api.origin}/`), 200);
  assert.equal(await page.evaluate(send, `${foreign.origin}/`), 200);
  assert.equal(await page.evaluate(send, `${api.origin}/moved?to=${foreign.origin}/`), 200);
  assert.deepEqual(api.heard.map(({ authorization }) => authorization), [`Bearer ${token}`, `Bearer ${token}`]);
  const seen = foreign.heard.map(({ method, authorization }) => `${method} ${authorization ?? "without a token"}`);
  assert.deepEqual(seen, ["GET without a token", "GET without a token"]);

  await page.goto(foreign.origin);
  assert.equal(await page.evaluate(renew, [site.origin, [foreign.origin]]), "OFFLINE");
  const [cookie] = (await context.cookies(site.origin)).filter(({ name }) => name === "better-auth.session_token");
  assert.ok(cookie, "the browser would have sent no cookie anyway");
  assert.equal(foreign.heard.filter(({ authorization }) => authorization).length, 0);
  await context.close();
}

/** Runs in the page. */
async function signUpFromAbroad([site, person]) {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", credentials: "include", headers, body: JSON.stringify(person) };
  return (await fetch(`${site}/api/auth/sign-up/email`, init)).status;
}

/** Runs in the page. */
async function renew([baseURL, origins]) {
  const { createCountersign } = await import("/helper/index.js");
  const countersign = createCountersign({ baseURL });
  globalThis.authFetch = countersign.createAuthFetch({ origins });
  return countersign.renew().catch(({ code }) => code);
}

/** Runs in the page. */
const send = async (url) => (await globalThis.authFetch(url)).status;

/** Three more origins: one that the server trusts, an API of ours, and one that is none of our business. */
export async function openNeighbours() {
  const [trusted, api, foreign] = await Promise.all([neighbour(), neighbour(), neighbour()]);
  return { trusted, api, foreign, close: () => [trusted, api, foreign].forEach(({ server }) => server.close()) };
}

/** Serves an empty page and the helper, lets every origin ask it with a token, and writes down who did. */
async function neighbour() {
  const heard = [];
  const server = createServer(async ({ method, url, headers: { authorization } }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "authorization");
    if (pathname.startsWith("/helper/")) {
      response.setHeader("content-type", "text/javascript");
      return response.end(await readFile(new URL(pathname.slice("/helper/".length), HELPER)));
    }
    response.setHeader("content-type", "text/html");
    const isAsked = method !== "OPTIONS" && pathname !== "/favicon.ico";
    if (isAsked) heard.push({ method, authorization });
    if (isAsked && pathname === "/moved") response.writeHead(307, { location: searchParams.get("to") });
    response.end("<!doctype html><title>A page</title>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, heard, origin: `http://localhost:${server.address().port}` };
}
