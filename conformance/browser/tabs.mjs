// Some tabs of one browser in which somebody is signed in, under the site's clock.
import assert from "node:assert/strict";

import { until } from "../harness/until.mjs";
import { signUp } from "./tour.mjs";

/** The longest step in which time goes by, as a share of a token's life: late enough for it to be renewed, before it ends. */
const STEP = 0.2;
/** How long a token lives, in seconds: `token.lifetime` of the site. */
export const LIFETIME = 600;

/** A step in which a tab that asked another does not give up yet, in seconds, and how many are enough for the longest pause. */
const RETRY = 0.9;
const RETRIES = 100;

export class Tabs {
  /** Questions for a token that the server answered, and those that it was asked. */
  answered = 0;
  asked = 0;
  /** Tokens that the API was called with, in order. */
  tokens = new Set();

  /** Signs `email` up in the first of `count` tabs and opens the others. */
  static async open(site, chromium, email, count) {
    const context = await site.browser(chromium);
    await context.clock.install({ time: site.clock.now() });
    const tabs = new Tabs(site, context);
    await tabs.add();
    await signUp(tabs.first, email);
    await tabs.first.getByLabel("New task").fill("water the plants");
    await tabs.first.keyboard.press("Enter");
    await tabs.first.getByRole("checkbox").waitFor();
    while (tabs.pages.length < count) {
      const page = await tabs.add();
      await page.goto("/app");
      // It has asked another for the token, and would show no list if the network were gone before that came.
      await page.getByRole("checkbox").waitFor();
    }
    await tabs.agree(0);
    return tabs;
  }

  constructor(site, context) {
    Object.assign(this, { site, context, pages: [] });
    context.on("request", (request) => this.#sent(request));
    context.on("response", (response) => (this.answered += isForToken(response) && response.status() === 200));
  }

  #sent(request) {
    this.asked += isForToken(request);
    const [scheme, token] = (request.headers().authorization ?? "").split(" ");
    if (scheme === "Bearer") this.tokens.add(token);
  }

  get first() {
    return this.pages[0];
  }

  async add() {
    this.pages.push(await this.context.newPage());
    return this.pages.at(-1);
  }

  /** Lets `share` of a token's life go by, in steps, so that server and pages stay together. */
  async pass(share) {
    const steps = Math.ceil(share / STEP);
    const milliseconds = Math.round((share * LIFETIME * 1000) / steps);
    for (let step = 0; step < steps; step++) {
      await until("no tab renews or asks another", () => this.first.evaluate(isQuiet));
      await this.site.advance(milliseconds);
      await this.context.clock.runFor(milliseconds);
    }
  }

  /**
   * Lets time go by until all pages hold a token newer than one that ended at `before`: less at a time than a tab waits for the
   * answer of another, which takes its own time however the clock is driven.
   */
  async passUntilAgreed(before) {
    for (let step = 0; step < RETRIES && !isOneAfter(before, await this.#ends()); step++) await this.pass(RETRY / LIFETIME);
    return this.agree(before);
  }

  /** The lid is closed, and opened again after so many seconds: whatever was due is done at once. */
  async sleep(seconds) {
    await this.site.advance(seconds * 1000);
    await this.context.clock.fastForward(seconds * 1000);
  }

  /** Waits until all pages hold one token that is newer than one that ended at `before`. Says when it ends, in milliseconds. */
  async agree(before) {
    let ends;
    await until("all tabs hold the same new token", async () => {
      ends = await this.#ends();
      return isOneAfter(before, ends);
    }, { seen: () => ends });
    return ends[0];
  }

  /** When the tokens of all pages end, by their own word. */
  #ends() {
    return Promise.all(this.pages.map(endOfToken));
  }

  /** Each tab uses the API, and is let in with the token it holds. */
  async use() {
    const statuses = await Promise.all(this.pages.map(turn));
    assert.deepEqual(statuses, this.pages.map(() => 200));
  }

  /** Does something, and says how many tokens the server handed out meanwhile. */
  async renewals(what) {
    const before = this.answered;
    await what();
    return this.answered - before;
  }

  close() {
    return this.context.close();
  }
}

const isOneAfter = (before, ends) => ends.every((end) => end === ends[0] && end > before);

/**
 * Turns the task of a page, and waits until the page has looked at the list again: a clock that leaps before that ends the token
 * with which it looks. Says what the API answered.
 */
async function turn(page) {
  let isTurned = false;
  const note = (response) => void (isTurned ||= pathOf(response).endsWith("/toggle"));
  page.on("response", note);
  const turned = page.waitForResponse((response) => pathOf(response).endsWith("/toggle"));
  const looks = page.waitForRequest((request) => isTurned && pathOf(request) === "/tasks");
  looks.catch(() => {}); // Whoever is refused does not look.
  await page.getByRole("checkbox").click();
  const answer = await turned;
  if (answer.ok()) await (await looks).response();
  page.off("response", note);
  return answer.status();
}

/** Runs in the page. A leap of the clock would end the patience of a tab that asked, before the answer could come. */
async function isQuiet() {
  const { held, pending } = await navigator.locks.query();
  return [...held, ...pending].every(({ mode }) => mode === "shared");
}

const pathOf = (message) => new URL(message.url()).pathname;
const isForToken = (message) => pathOf(message) === "/api/auth/token";

/** What the page says about its token; -Infinity where it holds none. */
async function endOfToken(page) {
  const time = page.locator(".token time");
  return (await time.count()) ? Date.parse(await time.getAttribute("datetime")) : -Infinity;
}
