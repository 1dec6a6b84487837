// What visitors do about their addresses, and what they must find: showing one to be theirs, taking another, and going for good.
import assert from "node:assert/strict";

import { Visitor } from "./visitor.mjs";

const PASSWORD = "four unrelated words here";

/** A server on which nobody signs in before their address is known, and addresses and users may be changed and deleted. */
export const ADDRESSES = {
  emailAndPassword: { requireEmailVerification: true },
  user: { changeEmail: { enabled: true }, deleteUser: { enabled: true } },
};

/** From a new address to one that is known, on to another, and out. */
export async function addresses(browser, origin, { javaScriptEnabled }) {
  const name = javaScriptEnabled ? "scripts" : "plain";
  const [email, countess] = [`ada.${name}@example.com`, `countess.${name}@example.com`];
  const ada = await Visitor.open(browser, origin, { javaScriptEnabled });
  const picture = (page) => (javaScriptEnabled ? ada.picture(page) : undefined);

  await signUp(ada, email, picture);
  await askAgain(ada, email, picture);
  await followLink(ada, email, picture);
  await changeEmail(ada, { email, countess }, picture);
  await spentLinks(ada, picture);
  await deleteAccount(ada, countess, picture);

  assert.deepEqual(ada.complaints, []);
  await ada.page.context().close();
}

async function signUp(ada, email, picture) {
  const { page } = ada;
  await page.goto("/sign-up?next=%2Faccount%2Femail");
  await ada.send({ Name: "Ada Lovelace", "E-mail address": email, Password: PASSWORD }, "Create account");
  await page.getByRole("heading", { name: "Confirm your address" }).waitFor();
  assert.equal(await ada.notice(), `We have sent a mail to ${email}.`);
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email);
  await picture("signed-up");
  await ada.mail("verify-email");
}

/** Without the link nobody comes in; another is asked for, and what is no address is refused. */
async function askAgain(ada, email, picture) {
  const { page } = ada;
  await page.getByRole("link", { name: "Back to signing in" }).click();
  await ada.at("/sign-in?next=%2Faccount%2Femail");
  await ada.signIn(email, PASSWORD);
  assert.equal(await ada.alert(), "This e-mail address has not been confirmed yet.");
  await picture("sign-in-not-confirmed");
  await page.getByRole("button", { name: "Send the link" }).click();
  await ada.at("/confirm-email?done=sent&next=%2Faccount%2Femail");
  assert.match(await ada.notice(), /^If this address is still to be confirmed/);
  await picture("confirm-email-sent");
  await page.goto("/confirm-email");
  await picture("confirm-email");
  await ada.send({ "E-mail address": "ada@nowhere" }, "Send the link");
  assert.equal(await ada.alert(), "That does not look like an e-mail address.");
  await picture("confirm-email-wrong");
}

async function followLink(ada, email, picture) {
  const { page } = ada;
  await page.goto("/api/auth/verify-email?token=x&callbackURL=%2Fconfirm-email%3Fdone%3Dconfirmed");
  await ada.at("/confirm-email?done=confirmed&error=INVALID_TOKEN");
  assert.match(await ada.alert(), /^This link has been used/);
  await picture("confirm-email-spent");
  await openNewestLink(ada);
  await ada.at("/confirm-email?done=confirmed&next=%2Faccount%2Femail");
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  await picture("confirm-email-confirmed");
  await page.getByRole("link", { name: "Sign in" }).click();
  await ada.signIn(email, PASSWORD);
  await ada.at("/account/email");
}

/** Both addresses agree, and then the account has the new one. */
async function changeEmail(ada, { email, countess }, picture) {
  const { page } = ada;
  await page.goto("/account");
  await page.getByRole("link", { name: "Change your e-mail address" }).click();
  await ada.at("/account/email");
  await page.getByText(`Your address is ${email}.`).waitFor();
  await picture("change-email");
  await ada.send({ "New e-mail address": email }, "Change the address");
  assert.equal(await ada.alert(), "That is your address already.");
  await picture("change-email-same");
  await ada.send({ "New e-mail address": countess }, "Change the address");
  await ada.at("/account/email?done=asked");
  assert.equal(await ada.notice(), `We have sent a mail to ${email}.`);
  await picture("change-email-asked");
  await ada.mail("change-email-confirmation");
  await openNewestLink(ada);
  await ada.at("/confirm-email?done=agreed");
  assert.match(await ada.notice(), /^Thank you\. Now we have sent a mail to the new address\.$/);
  await picture("change-email-agreed");
  await ada.mail("change-email-verification");
  await openNewestLink(ada);
  await ada.at("/confirm-email?done=changed");
  await page.getByRole("heading", { name: "Your address is changed" }).waitFor();
  await picture("change-email-changed");
  await page.getByRole("link", { name: "Your account" }).click();
  await ada.at("/account");
  await page.getByText(countess).first().waitFor();
}

/** The link that changed the address is worth nothing now. */
async function spentLinks(ada, picture) {
  const { page } = ada;
  await openNewestLink(ada);
  await ada.at("/confirm-email?done=changed&error=INVALID_TOKEN");
  assert.match(await ada.alert(), /^This link has been used/);
  await picture("change-email-spent");
  await page.getByRole("link", { name: "Change your e-mail address" }).click();
  await ada.at("/account/email");
}

/** By a link that leads to a page which asks once more; then nobody signs in with the address. */
async function deleteAccount(ada, email, picture) {
  const { page } = ada;
  await page.goto("/account");
  await picture("account-changes");
  await page.getByRole("link", { name: "Delete your account" }).click();
  await ada.at("/account/delete");
  await picture("delete-account");
  await page.getByRole("button", { name: "Send the link" }).click();
  await ada.at("/account/delete?done=asked");
  assert.equal(await ada.notice(), `We have sent a mail to ${email}.`);
  await picture("delete-account-asked");
  await ada.mail("delete-account");
  await openNewestLink(ada);
  await page.getByRole("button", { name: "Delete the account for good" }).waitFor();
  await picture("delete-account-last");
  const { href } = new URL(page.url());
  await page.getByRole("button", { name: "Delete the account for good" }).click();
  await ada.at("/sign-in?done=deleted");
  assert.equal(await ada.notice(), "Your account is deleted.");
  await picture("deleted");
  await ada.signIn(email, PASSWORD);
  assert.equal(await ada.alert(), "The e-mail address or the password is wrong.");
  await page.goto(href);
  assert.match(new URL(page.url()).pathname, /^\/sign-in$/);
}

/** Opens the link of the newest mail, from the page that shows them. */
async function openNewestLink({ page }) {
  await page.goto("/dev/outbox");
  await page.getByRole("link", { name: "Open the link" }).last().click();
}

/** The account of who came in without showing their address to be theirs. */
export async function unconfirmed(browser, origin) {
  const eve = await Visitor.open(browser, origin, {});
  const { page } = eve;
  await page.goto("/sign-up");
  await eve.send({ Name: "Eve", "E-mail address": "eve.open@example.com", Password: PASSWORD }, "Create account");
  await eve.at("/account");
  await eve.picture("account-unconfirmed");
  await page.getByRole("button", { name: "Send the link to confirm it" }).click();
  await eve.at("/confirm-email?done=sent");
  await openNewestLink(eve);
  await eve.at("/confirm-email?done=confirmed");
  await page.getByText("You are signed in.").waitFor();
  await page.getByRole("link", { name: "Your account" }).click();
  await eve.at("/account");
  await page.getByText("confirmed", { exact: true }).waitFor();
  assert.deepEqual(eve.complaints, []);
  await page.context().close();
}
