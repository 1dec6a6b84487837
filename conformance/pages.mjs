// The hosted pages in a real browser: a whole visit, once without scripts and once with them, and a picture of every
// page in light, dark and on a phone, in target/screenshots/.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { startOurs } from "./ours.mjs";

const PICTURES = fileURLToPath(new URL("../target/screenshots/", import.meta.url));
const SECRET = "Hq7Zt2Wm9Xc4Vb6Ln1Kp8Sd3Fg5Jr0Ty";
const PASSWORD = "four unrelated words here";
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
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
const OTHER_DEVICE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const LOOKS = [
  { look: "light", colorScheme: "light", width: 1180, height: 820 },
  { look: "dark", colorScheme: "dark", width: 1180, height: 820 },
  { look: "phone", colorScheme: "light", width: 375, height: 740 },
  { look: "phone-dark", colorScheme: "dark", width: 375, height: 740 },
];

/** One browser window of its own: what it asked for, and what it complained about. */
class Visitor {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.complaints = [];
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => {
      // A refused form is answered with an error status on purpose; the browser notes each.
      if (message.type() === "error" && !message.text().includes("the server responded with a status of")) {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) this.complaints.push(`asked for ${url}`);
    });
  }

  static async open(browser, origin, options) {
    const context = await browser.newContext({ baseURL: origin, locale: "en", ...options });
    return new Visitor(await context.newPage(), origin);
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

  async signIn(email, password) {
    await this.page.getByLabel("E-mail address").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Every look of the page that is open. Nothing may stick out sideways, and no field may be without a name. */
  async picture(name, { fullPage = true } = {}) {
    for (const { look, colorScheme, width, height } of LOOKS) {
      await this.page.setViewportSize({ width, height });
      await this.page.emulateMedia({ colorScheme });
      const [inner, outer] = await this.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(inner <= outer, `${name} is ${inner} wide on a ${look} window of ${outer}`);
      await this.page.screenshot({ path: join(PICTURES, `${name}-${look}.png`), fullPage });
    }
    const nameless = await this.page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=hidden]), textarea, button")]
        .filter((field) => !field.labels?.length && !field.textContent.trim() && !field.ariaLabel)
        .map((field) => field.outerHTML),
    );
    assert.deepEqual(nameless, [], `${name} has fields without a label`);
    await this.page.setViewportSize({ width: 1180, height: 820 });
  }
}

async function visit(browser, origin, { javaScriptEnabled }) {
  const email = `ada.${javaScriptEnabled ? "scripts" : "plain"}@example.com`;
  const pictures = !javaScriptEnabled;
  const ada = await Visitor.open(browser, origin, { javaScriptEnabled });
  const { page } = ada;
  const picture = (name, options) => (pictures ? ada.picture(name, options) : undefined);

  await page.goto("/account");
  await ada.at("/sign-in?next=%2Faccount");
  await page.goto("/");
  await picture("home");

  await page.getByRole("link", { name: "Create an account" }).click();
  await picture("sign-up");
  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await ada.at("/account");
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await checkToken(ada, email);

  const other = await Visitor.open(browser, origin, { javaScriptEnabled, userAgent: OTHER_DEVICE });
  await other.page.goto("/sign-in");
  await other.signIn(email, PASSWORD);
  await other.at("/account");

  await page.reload();
  const devices = page.getByRole("region", { name: "Devices" }).getByRole("listitem");
  assert.equal(await devices.count(), 2);
  assert.match(await devices.first().textContent(), /this device/);
  assert.match(await devices.last().textContent(), /Firefox on Windows/);
  await picture("account");
  await page.getByRole("button", { name: /^Revoke Firefox on Windows/ }).click();
  await ada.at("/account?done=revoked");
  assert.equal(await ada.notice(), "That device is signed out.");
  assert.equal(await devices.count(), 1);
  await picture("account-revoked");
  await other.page.reload();
  await other.at("/sign-in?next=%2Faccount");

  await page.getByRole("button", { name: "Sign out" }).click();
  await ada.at("/sign-in?done=signed-out");
  assert.equal(await ada.notice(), "You are signed out.");
  await picture("sign-in");

  await wrongThenRight(ada, email, picture);
  await refusals(ada, other, email, picture);
  await page.goto("/api/auth/reference");
  await page.getByRole("heading", { name: "POST /sign-in/email" }).waitFor();
  await picture("reference", { fullPage: false });
  await page.goto("/api/auth/reference#get-session");
  await picture("reference-endpoint", { fullPage: false });
  await page.getByRole("link", { name: "Common errors" }).click();
  await page.getByText("CROSS_SITE_NAVIGATION_LOGIN_BLOCKED").waitFor();

  assert.deepEqual([...ada.complaints, ...other.complaints], []);
  await page.context().close();
  await other.page.context().close();
}

/** The token on the page is the user's own, and the API takes it. */
async function checkToken({ page, origin }, email) {
  const token = await page.getByRole("textbox", { name: "Access token" }).inputValue();
  assert.equal(token.split(".").length, 3);
  const payload = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal(payload.email, email);
  const answer = await fetch(`${origin}/api/auth/get-session`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await answer.json()).user.email, email);
}

/** By keyboard alone: the first field has the focus, and Enter sends. */
async function wrongThenRight(visitor, email, picture) {
  const { page } = visitor;
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type("not the password");
  const [answer] = await Promise.all([page.waitForResponse("**/sign-in"), page.keyboard.press("Enter")]);
  assert.equal(answer.status(), 401);
  assert.equal(await visitor.alert(), "The e-mail address or the password is wrong.");
  assert.match(await page.title(), /^Error: Sign in/);
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email);
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  await picture("sign-in-wrong");
  await page.getByLabel("Password").focus();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
}

/** Signing up with a taken address, and signing out everywhere else. */
async function refusals(ada, other, email, picture) {
  await other.signIn(email, PASSWORD);
  await other.at("/account");
  await other.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await other.at("/account?done=revoked-others");
  await ada.page.reload();
  await ada.at("/sign-in?next=%2Faccount");
  await ada.page.getByRole("link", { name: "Create an account" }).click();
  await ada.page.getByLabel("Name").fill("Ada");
  await ada.page.getByLabel("E-mail address").fill(email);
  await ada.page.getByLabel("Password").fill(PASSWORD);
  await ada.page.getByRole("button", { name: "Create account" }).click();
  assert.match(await ada.alert(), /already an account/);
  await picture("sign-up-taken");
}

const executablePath = process.env.CHROMIUM_BIN ?? BROWSERS.find(existsSync);
if (!executablePath) throw new Error("no Chromium: install the package chromium, or set CHROMIUM_BIN");
mkdirSync(PICTURES, { recursive: true });
const directory = mkdtempSync(join(tmpdir(), "pages-"));
const server = await startOurs({ secret: SECRET, directory });
const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
try {
  for (const javaScriptEnabled of [false, true]) {
    await visit(browser, server.origin, { javaScriptEnabled });
    console.log(`a whole visit with scripts ${javaScriptEnabled ? "on" : "off"}: as expected`);
  }
  console.log("pictures of every page are in target/screenshots/");
} finally {
  await browser.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
