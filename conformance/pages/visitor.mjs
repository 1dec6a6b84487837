// One browser window: what it asks for, what it complains about, how it looks, and whether everyone can use it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import axe from "axe-core";

import { PATIENCE_MS } from "../harness/until.mjs";

const PICTURES = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
mkdirSync(PICTURES, { recursive: true });

const LOOKS = [
  { look: "light", colorScheme: "light", width: 1180, height: 820 },
  { look: "dark", colorScheme: "dark", width: 1180, height: 820 },
  { look: "phone", colorScheme: "light", width: 375, height: 740 },
  { look: "phone-dark", colorScheme: "dark", width: 375, height: 740 },
];
/** The rules of WCAG 2.2, levels A and AA, and what axe calls best practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What can be reached with the keyboard. */
const FOCUSABLE = "a[href], button, input:not([type=hidden]):not([hidden]), textarea, summary, [tabindex='0']";

export class Visitor {
  constructor(page, origin, elsewhere) {
    this.page = page;
    this.origin = origin;
    this.complaints = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", (message) => {
      // A refused form is answered with an error status on purpose; the browser notes each.
      if (message.type() === "error" && !message.text().includes("the server responded with a status of")) {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (elsewhere && url.startsWith(`${elsewhere}/`)) return;
      if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) this.complaints.push(`asked for ${url}`);
    });
  }

  /** A window on the pages at `origin`, which may go `elsewhere`, to one other origin or to none. */
  static async open(browser, origin, options, elsewhere) {
    const context = await browser.newContext({ baseURL: origin, locale: "en", ...options });
    return new Visitor(await context.newPage(), origin, elsewhere);
  }

  /** Waits until the window is at this path. */
  at(path) {
    return this.page.waitForURL((url) => url.pathname + url.search === path);
  }

  async alert() {
    return (await this.page.getByRole("alert").textContent()).trim();
  }

  async notice() {
    return (await this.page.getByRole("status").textContent()).trim();
  }

  /** Fills in fields by their labels and presses a button. */
  async send(fields, button) {
    for (const [label, text] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(text);
    await this.page.getByRole("button", { name: button }).click();
  }

  signIn(email, password) {
    return this.send({ "E-mail address": email, Password: password }, "Sign in");
  }

  /** Every look of the page that is open. Nothing may stick out sideways, and axe may find nothing in any. */
  async picture(name, { fullPage = true } = {}) {
    for (const { look, colorScheme, width, height } of LOOKS) {
      await this.page.setViewportSize({ width, height });
      await this.page.emulateMedia({ colorScheme });
      const [inner, outer] = await this.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(inner <= outer, `${name} is ${inner} wide on a ${look} window of ${outer}`);
      await this.page.screenshot({ path: join(PICTURES, `${name}-${look}.png`), fullPage });
      assert.deepEqual(await this.#violations(), [], `axe on ${name}, ${look}`);
    }
    await this.page.setViewportSize({ width: 1180, height: 820 });
    await this.#keyboard(name);
  }

  /** The mail that was written last, as a program that shows mails shows it. */
  async mail(name) {
    const mails = await (await fetch(`${this.origin}/dev/outbox`)).json();
    const window = await this.page.context().newPage();
    await window.setContent(mails.at(-1).html);
    for (const [look, width] of [["light", 720], ["phone", 375]]) {
      await window.setViewportSize({ width, height: 640 });
      await window.screenshot({ path: join(PICTURES, `mail-${name}-${look}.png`) });
    }
    await window.close();
  }

  /** What axe finds wrong. It is put into the page past its policy, by the debugger. */
  async #violations() {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
  }

  /** Everything that can be used is reached with the tab key, once around, and shows that it has the focus. */
  async #keyboard(name) {
    const wanted = await this.page.locator(FOCUSABLE).count();
    await this.page.evaluate(() => document.activeElement?.blur());
    const reached = new Set();
    for (let step = 0; step < wanted + 2; step += 1) {
      await this.page.keyboard.press("Tab");
      const focused = await this.page.evaluate((focusable) => {
        const element = document.activeElement;
        const at = [...document.querySelectorAll(focusable)].indexOf(element);
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { at, html: element.outerHTML.slice(0, 120), visible: outlineStyle !== "none" && outlineWidth !== "0px" };
      }, FOCUSABLE);
      if (focused.at < 0) continue;
      assert.ok(focused.visible, `${name}: the focus does not show on ${focused.html}`);
      reached.add(focused.at);
    }
    assert.equal(reached.size, wanted, `${name}: reached with the keyboard`);
  }
}
