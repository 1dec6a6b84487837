// A whole visit to the to-do example, as a newcomer makes it, with a picture of every page.
import assert from "node:assert/strict";

import { picture } from "./chromium.mjs";
import { PASSWORD } from "./site.mjs";

const EMAIL = "ada@example.com";
const OTHER_DEVICE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Notes what a page complains about. A refused form is answered with an error status on purpose; the browser notes each. */
export function complaints(context) {
  const found = [];
  context.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with a status of")) found.push(message.text());
  });
  context.on("weberror", (error) => found.push(String(error.error())));
  return found;
}

export const alert = async (page) => (await page.getByRole("alert").textContent()).trim();

export async function signUp(page, email) {
  await page.goto("/app#/sign-up");
  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your tasks" }).waitFor();
}

export async function signIn(page, email, password = PASSWORD) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function tour(site, chromium) {
  const context = await site.browser(chromium);
  const wrong = complaints(context);
  const page = await context.newPage();
  await page.goto("/app");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await picture(page, "tasks-sign-in");
  await page.getByRole("link", { name: "Create one" }).click();
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  await picture(page, "tasks-sign-up");
  await signUp(page, EMAIL);

  await tasks(page);
  await devices(site, chromium, page);
  await inAndOut(page);
  assert.deepEqual(wrong, []);
  await context.close();
}

/** By keyboard alone. */
async function tasks(page) {
  const rows = page.getByRole("listitem");
  await page.getByText("Nothing to do.").waitFor();
  await picture(page, "tasks-empty");
  await page.getByLabel("New task").focus();
  for (const title of ["water the plants", "call the bank", "an errand whose name is so long that it does not fit on one line of a telephone"]) {
    await page.keyboard.type(title);
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: title }).waitFor();
  }
  assert.equal(await rows.count(), 3);
  await page.keyboard.press("Tab"); // to "Add"
  await page.keyboard.press("Tab"); // to the newest task
  await page.keyboard.press("Space");
  await page.getByText("2 of 3 to do").waitFor();
  await picture(page, "tasks");
  await page.keyboard.press("Tab"); // to its "Delete"
  await page.keyboard.press("Enter");
  await page.getByText("2 of 2 to do").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "title", "the focus is lost");
  await page.reload();
  await page.getByText("2 of 2 to do").waitFor();
}

async function devices(site, chromium, page) {
  const elsewhere = await site.browser(chromium, { userAgent: OTHER_DEVICE });
  const other = await elsewhere.newPage();
  await other.goto("/app");
  await signIn(other, EMAIL);
  await other.getByText("2 of 2 to do").waitFor();

  await page.getByRole("link", { name: "Devices" }).click();
  const rows = page.getByRole("listitem");
  await page.getByText("Firefox on Windows").waitFor();
  assert.match(await rows.first().textContent(), /^Chrome on Linuxthis device/);
  await picture(page, "tasks-devices");
  await page.getByRole("button", { name: "Sign out Firefox on Windows" }).click();
  await page.getByText("That device is signed out.").waitFor();
  assert.equal(await rows.count(), 1);

  await other.getByRole("checkbox", { name: "call the bank" }).click();
  await other.getByText("You were signed out: the session has ended.").waitFor();
  await picture(other, "tasks-signed-out-elsewhere");
  await elsewhere.close();
}

/** Signing out in one tab is seen in the other; a wrong password and a taken address are said in words. */
async function inAndOut(page) {
  const second = await page.context().newPage();
  await second.goto("/app");
  await second.getByText("2 of 2 to do").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await second.getByText("You are signed out.").waitFor();
  await signIn(page, EMAIL, "not the password");
  assert.equal(await alert(page), "Invalid email or password.");
  await picture(page, "tasks-wrong-password");
  await second.getByRole("link", { name: "Create one" }).click();
  await second.getByLabel("Name").fill("Ada");
  await second.getByLabel("E-mail address").fill(EMAIL);
  await second.getByLabel("Password").fill(PASSWORD);
  await second.getByRole("button", { name: "Create account" }).click();
  assert.match(await alert(second), /already exists/);
  await signIn(page, EMAIL);
  await page.getByText("Your devices").waitFor();
  await second.getByRole("heading", { name: "Your tasks" }).waitFor();
  await second.close();
}
