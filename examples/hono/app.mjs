// An API that admits Countersign's access tokens and asks nobody on a request, yet refuses within a second whom the server
// suspended, deleted or signed out.
import { followRefusals } from "@countersign/client/refusals";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { errors, jwtVerify } from "jose";

const { BETTER_AUTH_SECRET, COUNTERSIGN_URL, COUNTERSIGN_FEED_CREDENTIAL, PORT = "8000" } = process.env;
const key = new TextEncoder().encode(BETTER_AUTH_SECRET); // or `token.secret`, where that is set
const leeway = 5; // seconds the server's clock may be ahead

const refusals = followRefusals({ baseURL: COUNTERSIGN_URL, credential: COUNTERSIGN_FEED_CREDENTIAL });

/** Lets in who shows a token, as `user`, or answers in the words of RFC 6750. */
const signedIn = createMiddleware(async (c, next) => {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (!token) return c.json({ error: "a bearer token is needed" }, 401, { "www-authenticate": "Bearer" });
  if (refusals.isStale) return c.json({ error: "it is not known who is refused" }, 503, { "retry-after": "1" });
  const claims = await verified(token);
  if (!claims || refusals.refuses(claims)) {
    return c.json({ error: "the token is refused" }, 401, { "www-authenticate": 'Bearer error="invalid_token"' });
  }
  c.set("user", claims);
  await next();
});

/** The claims of a token that is ours and alive. */
async function verified(token) {
  try {
    const demands = { algorithms: ["HS256"], requiredClaims: ["sub", "iat", "exp"] };
    const { payload } = await jwtVerify(token, key, demands);
    return payload.iat <= Date.now() / 1000 + leeway ? payload : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

const app = new Hono();
app.get("/me", signedIn, (c) => c.json({ id: c.get("user").sub, email: c.get("user").email }));

serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) => console.log(`running on http://localhost:${port}`));
