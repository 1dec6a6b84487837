// Restarts of all nodes, and a new secret under live clients.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import { binary } from "../ours.mjs";
import { api, check, json, signIn, signOut, signUp } from "./checks.mjs";
import { refresh, startRefresh } from "./renewal.mjs";

export async function rotation({ cluster, nodes, ada }) {
  const [a, b] = nodes;
  const onAll = (token) => Promise.all(nodes.map((each) => api(each, token)));
  const all = (statuses, expected) => statuses.every((status) => status === expected);

  const doomed = await signIn(a, "ada@example.com");
  await signOut(a, doomed.token);
  const live = await signIn(a, "ada@example.com");
  const renewable = await startRefresh(a, live.token);
  const links = await mailedLinks(a, "mail@example.com");
  await Promise.all(nodes.map((each) => each.restart()));
  const still = await onAll(doomed.token);
  check("refused before a restart of all nodes, refused after it", all(still, 401), still.join(" "));

  const old = cluster.secret;
  const rotated = { BETTER_AUTH_SECRETS: `2:${randomBytes(24).toString("hex")},1:${old}`, BETTER_AUTH_SECRET: old };
  await Promise.all(nodes.map((each) => each.restart(rotated)));
  const after = await onAll(live.token);
  check("a new secret signs no bearer out", all(after, 200), after.join(" "));
  const session = await fetch(`${b.origin}/api/auth/get-session`, { headers: { cookie: live.cookie } });
  check("nor a cookie", (await session.json())?.user?.id === ada.id);
  const anew = await refresh(b, renewable.body.refreshToken);
  check("nor a refresh token", anew.status === 200, String(anew.status));
  check("and what it signs is taken by all", all(await onAll(anew.body.token), 200));
  const verified = await json(b, "GET", links.verification.pathname + links.verification.search.split("&")[0]);
  check("nor is the link worthless that shows an address", verified.status === 200, String(verified.status));
  const body = { newPassword: "another password", token: links.reset.pathname.split("/").at(-1) };
  const reset = await json(b, "POST", "/api/auth/reset-password", { body });
  check("nor the one that leads to a new password", reset.status === 200, String(reset.status));
  const environment = { PATH: process.env.PATH, DATABASE_URL: cluster.database, ...rotated };
  const why = execFileSync(binary, ["token", "why"], { input: live.token, env: environment }).toString().trim();
  check("and `token why` says so", why.startsWith(`admitted: user ${ada.id}`), why);
}

/** The links that a new user of this address is mailed. */
async function mailedLinks(node, email) {
  await signUp(node, email);
  await json(node, "POST", "/api/auth/send-verification-email", { body: { email } });
  await json(node, "POST", "/api/auth/request-password-reset", { body: { email } });
  const mails = await json(node, "GET", "/dev/outbox");
  const urls = mails.body.filter(({ to }) => to === email).map(({ url }) => new URL(url));
  const [verification, reset] = ["/verify-email", "/reset-password/"].map((path) => urls.find(({ pathname }) => pathname.includes(path)));
  return { verification, reset };
}
