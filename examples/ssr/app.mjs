// Pages rendered on a server, as Next.js and its like do it: who visits is read from the cookies, on most requests without asking
// anybody, and who was suspended, deleted or signed out is nevertheless nobody within a second.
import { createServer } from "node:http";

import { followRefusals } from "@countersign/client/refusals";
import { getServerToken } from "@countersign/client/server";
import { getCookieCache } from "better-auth/cookies";

const { BETTER_AUTH_SECRET: secret, COUNTERSIGN_URL: baseURL, COUNTERSIGN_FEED_CREDENTIAL: credential, PORT = "8001" } = process.env;
const isSecure = baseURL.startsWith("https:");
const refusals = followRefusals({ baseURL, credential });

/** Who visits. `setCookie` goes out with the page, for the server may have renewed the session. */
async function visitorOf(request) {
  const remembered = await getCookieCache(request, { secret, isSecure });
  if (remembered && !isRefused(remembered)) return { email: remembered.user.email, from: "the cookie", setCookie: [] };
  const asked = await getServerToken(request, { baseURL });
  return asked && { email: claimsOf(asked.token).email, from: "the server", setCookie: asked.setCookie };
}

/** What the cookie remembers is minutes old. Where nobody knows whether it still holds, the server is asked. */
function isRefused({ user, session }) {
  const claims = { sub: user.id, sid: session.id, iat: new Date(session.createdAt) / 1000 };
  return refusals.isStale || refusals.refuses(claims);
}

/** The token comes from the server itself, so nobody needs to verify it. To an API it goes as it is: `Bearer ${token}`. */
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Rendered on a server</title>${body}`;
const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const server = createServer(async (incoming, outgoing) => {
  try {
    const visitor = await visitorOf(new Request(`http://localhost${incoming.url}`, { headers: { cookie: incoming.headers.cookie ?? "" } }));
    outgoing.setHeader("content-type", "text/html");
    outgoing.setHeader("cache-control", "private, no-store");
    outgoing.setHeader("set-cookie", visitor?.setCookie ?? []);
    outgoing.end(page(visitor ? `<p>Hello ${escaped(visitor.email)}, says ${visitor.from}.` : `<p><a href="${baseURL}/sign-in">Sign in</a>`));
  } catch (error) {
    console.error(error);
    outgoing.writeHead(503, { "retry-after": "1" }).end("It is not known who you are. Please try again.");
  }
});

server.listen(Number(PORT), () => console.log(`running on http://localhost:${server.address().port}`));
