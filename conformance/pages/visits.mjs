// What visitors do, and what they must find.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Visitor } from "./visitor.mjs";

const PASSWORD = "four unrelated words here";
const ANOTHER = "four other words instead";
const OTHER_DEVICE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** From nobody to an account and back, through every page. */
export async function visit(browser, origin, { javaScriptEnabled }) {
  const email = `ada.${javaScriptEnabled ? "scripts" : "plain"}@example.com`;
  const ada = await Visitor.open(browser, origin, { javaScriptEnabled });
  const other = await Visitor.open(browser, origin, { javaScriptEnabled, userAgent: OTHER_DEVICE });
  // Pictures are the same with scripts, but axe needs them.
  const picture = (name, options) => (javaScriptEnabled ? ada.picture(name, options) : undefined);

  await signUp(ada, email, picture);
  await devices(ada, other, email, picture);
  await wrongThenRight(ada, email, picture);
  await changePassword(ada, email, picture);
  await forgetPassword(ada, email, picture);
  await refusals(ada, other, email, picture);
  await reference(ada, picture);

  assert.deepEqual([...ada.complaints, ...other.complaints], []);
  await ada.page.context().close();
  await other.page.context().close();
}

async function signUp(ada, email, picture) {
  const { page } = ada;
  await page.goto("/account");
  await ada.at("/sign-in?next=%2Faccount");
  await page.goto("/");
  await picture("home");
  await page.getByRole("link", { name: "Create an account" }).click();
  await ada.at("/sign-up");
  await picture("sign-up");
  await ada.send({ Name: "Ada Lovelace", "E-mail address": email, Password: PASSWORD }, "Create account");
  await ada.at("/account");
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await checkToken(ada, email);
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

/** Another device comes, and is sent away. */
async function devices(ada, other, email, picture) {
  const { page } = ada;
  await other.page.goto("/sign-in");
  await other.signIn(email, PASSWORD);
  await other.at("/account");

  await page.reload();
  const listed = page.getByRole("region", { name: "Devices" }).getByRole("listitem");
  assert.equal(await listed.count(), 2);
  assert.match(await listed.first().textContent(), /this device/);
  assert.match(await listed.last().textContent(), /Firefox on Windows/);
  await picture("account");
  await page.getByRole("button", { name: /^Revoke Firefox on Windows/ }).click();
  await ada.at("/account?done=revoked");
  assert.equal(await ada.notice(), "That device is signed out.");
  assert.equal(await listed.count(), 1);
  await picture("account-revoked");
  await other.page.reload();
  await other.at("/sign-in?next=%2Faccount");

  await page.getByRole("button", { name: "Sign out" }).click();
  await ada.at("/sign-in?done=signed-out");
  assert.equal(await ada.notice(), "You are signed out.");
  await picture("sign-in");
}

/** By keyboard alone: the first field has the focus, and Enter sends. */
async function wrongThenRight(ada, email, picture) {
  const { page } = ada;
  await page.reload();
  await page.locator("#email:focus").waitFor();
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type("not the password");
  const [answer] = await Promise.all([page.waitForResponse("**/sign-in"), page.keyboard.press("Enter")]);
  assert.equal(answer.status(), 401);
  assert.equal(await ada.alert(), "The e-mail address or the password is wrong.");
  assert.match(await page.title(), /^Error: Sign in/);
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email);
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  await picture("sign-in-wrong");
  await page.getByRole("alert").getByRole("link").click();
  await page.locator("#email:focus").waitFor();
  await page.getByLabel("Password").focus();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
}

async function changePassword(ada, email, picture) {
  const { page } = ada;
  await page.getByRole("link", { name: "Change your password" }).click();
  await ada.at("/account/password");
  await picture("change-password");
  await ada.send({ "Current password": "not the password", "New password": ANOTHER }, "Change password");
  await page.getByText("That is not your password.").waitFor();
  await picture("change-password-wrong");
  await ada.send({ "Current password": PASSWORD, "New password": ANOTHER }, "Change password");
  await ada.at("/account?done=password");
  assert.equal(await ada.notice(), "Your password is changed.");
}

/** Signs out, forgets the password, and comes in with another through the link of a mail. */
async function forgetPassword(ada, email, picture) {
  const { page } = ada;
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await ada.at("/forgot-password");
  await picture("forgot-password");
  await ada.send({ "E-mail address": email }, "Send the link");
  await ada.at("/forgot-password?done=sent");
  assert.match(await ada.notice(), /^If there is an account/);
  await picture("forgot-password-sent");
  await page.getByRole("link", { name: "See the mails of this machine" }).click();
  await ada.at("/dev/outbox");
  await picture("outbox");
  await ada.mail("reset-password");
  await page.getByRole("link", { name: "Open the link" }).last().click();
  await page.waitForURL("**/new-password?token=*");
  await picture("new-password");
  await ada.send({ "New password": PASSWORD }, "Keep this password");
  await ada.at("/sign-in?done=reset");
  await page.goBack();
  await page.waitForURL("**/new-password?token=*");
  await ada.send({ "New password": PASSWORD }, "Keep this password");
  assert.match(await ada.alert(), /^This link has been used/);
  await picture("new-password-spent");
  await page.goto("/sign-in");
  await ada.signIn(email, PASSWORD);
  await ada.at("/account");
}

/** Signing out everywhere else, signing up with a taken address, and addresses that lead nowhere. */
async function refusals(ada, other, email, picture) {
  const { page } = ada;
  await other.page.goto("/sign-in?next=%2Faccount");
  await other.signIn(email, PASSWORD);
  await other.at("/account");
  await other.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await other.at("/account?done=revoked-others");
  await page.reload();
  await ada.at("/sign-in?next=%2Faccount");
  await page.getByRole("link", { name: "Create an account" }).click();
  await ada.send({ Name: "Ada", "E-mail address": email, Password: PASSWORD }, "Create account");
  assert.match(await ada.alert(), /already an account/);
  await picture("sign-up-taken");
  await page.goto("/nowhere");
  assert.equal(await ada.alert(), "There is no page at this address.");
  await picture("not-found");
  await page.goto("/api/auth/error?error=INVALID_TOKEN&error_description=the%20link%20of%20a%20mail");
  await page.getByText("What the address says about it").click();
  await page.getByText("the link of a mail").waitFor();
  await picture("error");
}

async function reference(ada, picture) {
  const { page } = ada;
  await page.goto("/api/auth/reference");
  await page.getByRole("heading", { name: "POST /sign-in/email" }).waitFor();
  await picture("reference", { fullPage: false });
  await page.goto("/api/auth/reference#get-session");
  await page.getByRole("link", { name: "Common errors" }).click();
  await page.getByText("CROSS_SITE_NAVIGATION_LOGIN_BLOCKED").waitFor();
}

/** The pages in the languages a browser asks for. */
export async function languages(browser, origin) {
  for (const [locale, title, lead] of [
    ["de-AT", "Passwort vergessen?", "Wir senden Ihnen einen Link, mit dem Sie ein neues wählen."],
    ["fr", "Mot de passe oublié ?", "Nous vous envoyons un lien pour en choisir un autre."],
  ]) {
    const visitor = await Visitor.open(browser, origin, { locale });
    await visitor.page.goto("/forgot-password");
    await visitor.page.getByRole("heading", { name: title }).waitFor();
    await visitor.page.getByText(lead).waitFor();
    assert.equal(await visitor.page.locator("html").getAttribute("lang"), locale.split("-")[0]);
    await visitor.picture(`forgot-password-${locale}`);
    await visitor.page.goto("/confirm-email");
    await visitor.picture(`confirm-email-${locale}`);
    await visitor.page.goto("/");
    await visitor.picture(`home-${locale}`);
    assert.deepEqual(visitor.complaints, []);
    await visitor.page.context().close();
  }
}

const LOGO =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 32'><rect width='120' height='32' rx='16' fill='#f5b301'/><circle cx='16' cy='16' r='8' fill='#3a2a00'/></svg>";

/** A logo from a file, and a colour on which white could not be read. */
export async function brand(withServer, browser, directory) {
  const logo = join(directory, "logo.svg");
  writeFileSync(logo, LOGO);
  const settings = { appName: "Harbour & Sons", pages: { logo, logoHasName: true, forDevelopers: false, colors: { accent: "#f5b301" } } };
  await withServer(settings, async (origin) => {
    const visitor = await Visitor.open(browser, origin, {});
    const { page } = visitor;
    await page.goto("/");
    const shown = page.getByRole("img", { name: "Harbour & Sons" });
    assert.ok((await shown.evaluate((image) => image.naturalWidth)) > 0, "the logo is loaded");
    assert.equal(await page.getByText("For developers").count(), 0);
    await visitor.picture("brand-home");
    await page.goto("/sign-in?done=signed-out");
    await visitor.picture("brand-sign-in");
    assert.deepEqual(visitor.complaints, []);
    await page.context().close();
  });
}
