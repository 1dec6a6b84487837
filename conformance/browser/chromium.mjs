// A real browser, and pictures of what it shows.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const PICTURES = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Nothing but the pages: no updates, no sync, no measurements. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const LOOKS = [
  { look: "light", colorScheme: "light", width: 1180, height: 820 },
  { look: "dark", colorScheme: "dark", width: 1180, height: 820 },
  { look: "phone", colorScheme: "light", width: 375, height: 740 },
  { look: "phone-dark", colorScheme: "dark", width: 375, height: 740 },
];

export function launch() {
  const executablePath = process.env.CHROMIUM_BIN ?? PROGRAMS.find(existsSync);
  if (!executablePath) throw new Error("no Chromium: install the package chromium, or set CHROMIUM_BIN");
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** Every look of the page that is open. Nothing may stick out sideways, and no field may be without a name. */
export async function picture(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  for (const { look, colorScheme, width, height } of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(inner <= outer, `${name} is ${inner} wide on a ${look} window of ${outer}`);
    await page.screenshot({ path: join(PICTURES, `${name}-${look}.png`), fullPage: true });
  }
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("input:not([type=hidden]), textarea, button")]
      .filter((field) => !field.labels?.length && !field.textContent.trim() && !field.ariaLabel)
      .map((field) => field.outerHTML),
  );
  assert.deepEqual(nameless, [], `${name} has fields without a label`);
  await page.setViewportSize({ width: 1180, height: 820 });
}

/** What every open page shows, for whoever has to find out why a check failed. */
export async function pictureOfFailure(browser) {
  mkdirSync(PICTURES, { recursive: true });
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [index, page] of pages.entries()) {
    await page.screenshot({ path: join(PICTURES, `failed-${index + 1}.png`) }).catch(() => {});
  }
  console.error(`what ${pages.length} pages showed is in target/screenshots/failed-*.png`);
}
