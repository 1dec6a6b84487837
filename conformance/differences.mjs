// Where Countersign answers otherwise on purpose. Each entry says why, and recognises exactly the facts it explains:
// a difference that none recognises fails the run, and so does an entry that recognises nothing any more.
// A fact is described in harness/compare.mjs: `fact` on `method path`, `real` against `ours`.

/** An entry for a header that only we send, with the values it may have. */
const extraHeader = (name, values, reason) => ({
  id: `header ${name}`,
  reason,
  explains: ({ fact, real, ours }) => fact === `header ${name}` && real === "absent" && values.test(ours),
});

export const differences = [
  {
    id: "token in answers",
    reason: "sign-up, sign-in and change-password hand out the access token, not the opaque session token",
    explains: ({ fact, real, ours }) => /^(body|data)\.token$/.test(fact) && /^<token \d+>$/.test(real) && /^<jwt for <id \d+>>$/.test(ours),
  },
  {
    id: "set-auth-token",
    reason: "the bearer token is the access token, not the signed session token",
    explains: ({ fact, real, ours }) => fact === "header set-auth-token" && /^<token \d+>\.<signature>$/.test(real) && /^<jwt for <id \d+>>$/.test(ours),
  },
  {
    id: "ipAddress",
    reason: "we know the peer of the socket; the real server stores an empty text where no proxy header is configured",
    explains: ({ fact, real, ours }) => fact.endsWith(".ipAddress") && real === '""' && ours === '"127.0.0.1"',
  },
  extraHeader("x-content-type-options", /^"nosniff"$/, "nobody may guess another media type"),
  extraHeader("cache-control", /^"no-store"$/, "every answer may hold tokens or sessions, so none may be stored"),
];
