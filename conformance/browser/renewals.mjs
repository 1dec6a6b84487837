// However many tabs there are and whatever happens: a browser renews once per expiry, and nobody is signed out.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { exchange } from "../harness/http.mjs";
import { until } from "../harness/until.mjs";
import { picture } from "./chromium.mjs";
import { PASSWORD, SECRET } from "./site.mjs";
import { LIFETIME, Tabs } from "./tabs.mjs";
import { alert, signIn } from "./tour.mjs";

const EXPIRIES = 3;
/** The share of a token's life after which it is renewed at the latest. */
const DUE = 0.8;

export async function renewals(site, chromium) {
  const table = [];
  for (const count of [1, 3, 10]) {
    const tabs = await Tabs.open(site, chromium, `tabs-${count}@example.com`, count);
    assert.equal(tabs.answered, 1, `${count} tabs needed ${tabs.answered} tokens to begin with`);
    const seen = [];
    for (let expiry = 0; expiry < EXPIRIES; expiry++) seen.push(await tabs.renewals(() => oneExpiry(tabs)));
    table.push({ tabs: count, expiries: EXPIRIES, "renewals at each": seen.join(" "), renewals: tabs.answered - 1 });
    assert.deepEqual(seen, Array(EXPIRIES).fill(1));
    assert.equal(tabs.asked, tabs.answered, "a question for a token was given up");
    await tabs.close();
  }
  console.table(table);
}

async function oneExpiry(tabs) {
  const before = await tabs.agree(0);
  await tabs.pass(DUE);
  await tabs.agree(before);
  await tabs.use();
}

export async function sleep(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "sleep@example.com", 3);
  for (const seconds of [LIFETIME / 2, 8 * 3600, LIFETIME * DUE]) {
    const before = await tabs.agree(0);
    const seen = await tabs.renewals(async () => {
      await tabs.sleep(seconds);
      if (seconds >= LIFETIME * DUE) await tabs.agree(before);
      await tabs.use();
    });
    assert.equal(seen, seconds >= LIFETIME * DUE ? 1 : 0, `after ${seconds} s of sleep`);
  }
  await tabs.close();
}

/** Without a network nobody is signed out, also when the token has ended; when it is back there is one renewal. */
export async function offline(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "offline@example.com", 3);
  const before = await tabs.agree(0);
  const away = await tabs.renewals(async () => {
    await tabs.context.setOffline(true);
    await tabs.pass(1.5);
    for (const page of tabs.pages) {
      await page.getByText("You stay signed in, and can go on when it is back.").waitFor();
      await page.getByRole("checkbox").click();
      assert.match(await alert(page), /^The server is not reached\./);
    }
    await picture(tabs.first, "tasks-offline");
  });
  const back = await tabs.renewals(async () => {
    await tabs.context.setOffline(false);
    await tabs.agree(before);
    await tabs.use();
  });
  assert.deepEqual([away, back], [0, 1]);
  for (const page of tabs.pages) await page.getByRole("alert").waitFor({ state: "detached" });
  await tabs.close();
}

/** The server renews and the answer is lost: it is asked again, by one tab, and nobody is signed out. */
export async function lostReply(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "lost@example.com", 3);
  const before = await tabs.agree(0);
  let lost = 0;
  await tabs.context.route("**/api/auth/token", async (route) => {
    if (lost++) return route.continue();
    assert.equal((await route.fetch()).status(), 200);
    await route.abort("connectionreset");
  });
  const seen = await tabs.renewals(async () => {
    await tabs.pass(DUE);
    await until("a reply is lost", () => lost > 0);
    await tabs.passUntilAgreed(before);
    await tabs.use();
  });
  assert.equal(seen, 1, "beside the one that was lost");
  await tabs.close();
}

/** The server is away just when a renewal is due. */
export async function restart(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "restart@example.com", 3);
  const before = await tabs.agree(0);
  const seen = await tabs.renewals(async () => {
    await site.server.kill();
    await tabs.pass(DUE);
    await tabs.first.getByText("You stay signed in").waitFor();
    await site.restart();
    await tabs.passUntilAgreed(before);
    await tabs.use();
  });
  assert.equal(seen, 1);
  await tabs.close();
}

/** A new secret ends nothing: the old token is good for as long as it lives, and the next is signed with the new one. */
export async function rotation(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "rotation@example.com", 3);
  const before = await tabs.agree(0);
  await site.restart({ BETTER_AUTH_SECRETS: `2:${randomBytes(24).toString("hex")},1:${SECRET}` });
  assert.equal(await tabs.renewals(() => tabs.use()), 0, "the old token was refused");
  const seen = await tabs.renewals(async () => {
    await tabs.pass(DUE);
    await tabs.agree(before);
    await tabs.use();
  });
  assert.equal(seen, 1);
  const [old, next] = [...tabs.tokens].map((token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid);
  assert.notEqual(old, next, "the next token is signed with the old secret");
  await tabs.close();
}

/** The next call says so in words, in the tab that makes it and in all others; signing in says it too. */
export async function suspended(site, chromium) {
  const tabs = await Tabs.open(site, chromium, "suspended@example.com", 3);
  site.command("user", "suspend", "suspended@example.com");
  const [token] = tabs.tokens;
  const headers = { authorization: `Bearer ${token}` };
  await until("the site knows of it", async () => (await exchange(site.origin, "GET", "/tasks", { headers })).status === 401);
  await tabs.first.getByRole("checkbox").click();
  for (const page of tabs.pages) await page.getByText("You were signed out: the account is suspended.").waitFor();
  assert.equal(tabs.answered, 1, "a suspended user was handed a token");
  await picture(tabs.first, "tasks-suspended");
  await signIn(tabs.first, "suspended@example.com", PASSWORD);
  assert.match(await alert(tabs.first), /banned/);
  await tabs.close();
}
