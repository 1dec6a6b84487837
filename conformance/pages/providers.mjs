// What visitors do at identity providers, and what they must find: coming in through one, being refused there, connecting an account.
import assert from "node:assert/strict";

import { Visitor } from "./visitor.mjs";

const PASSWORD = "four unrelated words here";
const GRACE = "grace@example.com";

/** Settings with three providers on one: where Ada is, where Grace is, and where everybody declines. */
export function withProviders(provider) {
  const at = (name, client, as) => ({
    name,
    clientId: `${client}-client`,
    clientSecret: `${client}-secret`,
    authorizationUrl: `${provider}/authorize?as=${encodeURIComponent(JSON.stringify(as))}`,
    tokenUrl: `${provider}/token`,
    userInfoUrl: `${provider}/userinfo`,
  });
  const person = (name, email) => ({ profile: { id: `at ${email}`, email, email_verified: true, name } });
  return {
    socialProviders: {
      harbour: at("Harbour & Sons", "mock", person("Ada Lovelace", "ada@example.com")),
      island: at("The Island", "mock", person("Grace Hopper", GRACE)),
      closed: at("Closed", "other", { does: { authorize: { error: "access_denied" } } }),
    },
  };
}

/** In through a provider, with the page on the way looked at and its link followed by hand. */
export async function providers(browser, origin, provider, { javaScriptEnabled }) {
  const ada = await Visitor.open(browser, origin, { javaScriptEnabled }, provider);
  const picture = (page) => (javaScriptEnabled ? ada.picture(page) : undefined);
  const { page } = ada;

  await page.goto("/sign-up");
  await picture("sign-up-providers");
  await page.goto("/sign-in?next=%2Faccount%2Fpassword");
  await picture("sign-in-providers");
  await page.getByRole("button", { name: "Continue with Closed" }).click();
  await ada.at("/sign-in?next=%2Faccount%2Fpassword&error=access_denied");
  assert.match(await ada.alert(), /^You did not agree to it there/);
  await picture("sign-in-declined");

  const there = `${provider}/**`;
  await page.route(there, (route) => route.abort("aborted"));
  const heldBack = page.waitForEvent("requestfailed", (request) => request.url().startsWith(provider));
  await page.getByRole("button", { name: "Continue with Harbour & Sons" }).click();
  await heldBack;
  await page.getByRole("heading", { name: "On to Harbour & Sons" }).waitFor();
  await picture("on-the-way");
  await page.unroute(there);
  await page.getByRole("link", { name: "Go on to Harbour & Sons" }).click();
  await ada.at("/account/password");
  await page.goto("/account");
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^Disconnect/ }).count(), 0, "the only way in stays");
  await picture("account-provider");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await ada.at("/sign-in?done=signed-out");
  // And by itself.
  await page.getByRole("button", { name: "Continue with Harbour & Sons" }).click();
  await ada.at("/account");

  if (javaScriptEnabled) await connect(ada, picture);
  assert.deepEqual(ada.complaints, []);
  await page.context().close();
}

/** Connects an account, comes in through it, and lets go of it. */
async function connect(ada, picture) {
  const { page } = ada;
  await page.getByRole("button", { name: "Connect The Island" }).click();
  await ada.at("/account?error=email_does_not_match");
  assert.match(await ada.alert(), /^Your account there has another e-mail address/);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await ada.at("/sign-in?done=signed-out");

  await page.goto("/sign-up");
  await ada.send({ Name: "Grace Hopper", "E-mail address": GRACE, Password: PASSWORD }, "Create account");
  await ada.at("/account");
  await page.getByRole("button", { name: "Connect The Island" }).click();
  await ada.at("/account?done=linked");
  assert.match(await ada.notice(), /^Connected/);
  await picture("account-linked");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("button", { name: "Continue with The Island" }).click();
  await ada.at("/account");
  await page.getByRole("heading", { name: "Grace Hopper" }).waitFor();
  await page.getByRole("button", { name: "Disconnect The Island" }).click();
  await ada.at("/account?done=unlinked");
  assert.match(await ada.notice(), /^Disconnected/);
}
