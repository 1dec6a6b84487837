// Where Countersign answers otherwise on purpose. Each entry says why, and recognises exactly what it explains: a
// difference that none recognises fails the run, and so does an entry that recognises nothing any more.
// What a difference looks like stands in harness/compare.mjs.

/** One fact of any answer; `where` is narrowed as far as the reason goes. */
const fact = (id, reason, where) => ({ id, reason, explains: (difference) => matches(difference, where) });

/** A header that only we send. */
const extraHeader = (name, ours, reason) => fact(`header ${name}`, reason, { fact: `header ${name}`, real: "absent", ours });

/** One that we send with every answer: no scenario is counted as differing for it. */
const standingHeader = (name, ours, reason) => ({ ...extraHeader(name, ours, reason), standing: true });

/** A whole answer: in `scenario`, the real server said `real` where we say `ours`, in the words of the table. */
const answer = (id, reason, where) => fact(id, reason, { ...where, fact: "answer" });

/** Patterns are texts or regular expressions; for a text the whole must be equal. */
function matches(difference, patterns) {
  return Object.entries(patterns).every(([key, pattern]) =>
    pattern instanceof RegExp ? pattern.test(difference[key]) : pattern === difference[key],
  );
}

const JWT = /^<jwt for <id \d+>>$/;
const SUSPENDED = "a suspended user is refused on every request, not only at sign-in";
const BOUNDED = "texts are bounded and hold no NUL, which PostgreSQL cannot store";
const STRICT_TYPES = "a name that is no string is refused in words, where the real server stores 5.0 or breaks";
const CODED = "an unexpected failure has a code and a sentence like every other error; the real server answers with nothing";

export const differences = [
  // Tokens
  fact("token in answers", "sign-up, sign-in and change-password hand out the access token, not the opaque session token", {
    fact: /^(body|data)\.token$/,
    real: /^<token \d+>$/,
    ours: JWT,
  }),
  fact("set-auth-token", "the bearer token is the access token, not the signed session token", {
    fact: "header set-auth-token",
    real: /^<token \d+>\.<signature>$/,
    ours: JWT,
  }),
  answer("no keys", "access tokens are signed with the secret unless an asymmetric algorithm is chosen, and a secret is not published", {
    scenario: /^token: has no published keys/,
    real: "200",
    ours: "404 ∅",
  }),
  fact("key members", "a published key says that it is for signatures; the order of members carries no meaning", {
    fact: /^(body|data)\.keys\[0\](\{\}|\.use)$/,
    ours: /^("sig"|kty, crv, alg, use, x, kid)$/,
  }),
  fact("opaque bearer", "only access tokens are bearers: a text without dots names no session, so there is none to clear", {
    scenario: "bearer: that cannot be used is nobody",
    fact: /^cookie \d$/,
    ours: "absent",
  }),
  answer("opaque bearer beside a cookie", "an unusable bearer is ignored whatever its form, and the cookie counts", {
    scenario: "bearer: goes before the cookie",
    real: "200 null",
    ours: "200",
  }),

  // Headers
  standingHeader("x-content-type-options", '"nosniff"', "nobody may guess another media type"),
  standingHeader("cache-control", '"no-store"', "every answer may hold tokens or sessions, so none may be stored"),
  standingHeader("pragma", '"no-cache"', "the same for caches that speak HTTP/1.0"),
  standingHeader("vary", '"Origin"', "answers differ by origin, because we answer cross-origin requests of trusted origins"),
  extraHeader("access-control-allow-credentials", '"true"', "cross-origin requests of trusted origins are answered; the real server leaves that to its host"),
  extraHeader("access-control-allow-origin", /^"https:\/\/(app|app1|x\.wild|x\.y\.wild|a\.bare|a\.port)\.example(:8443)?"$/, "the trusted origin that asked, never another"),
  extraHeader("access-control-expose-headers", '"retry-after, set-auth-jwt, set-auth-token, x-retry-after"', "what a page of a trusted origin may read"),
  answer("preflight", "the browser of a trusted origin asks first, and is answered", {
    scenario: "transport: a preflight from another trusted origin",
    real: "404 ∅",
    ours: "204 ∅",
  }),
  extraHeader("retry-after", "<1 to 10>", "the standard header beside the one of the real server"),

  // Sessions and users
  fact("ipAddress", "we know the peer of the socket; the real server stores an empty text where no proxy header is configured", {
    fact: /\.ipAddress$/,
    real: '""',
    ours: '"127.0.0.1"',
  }),
  answer("suspended: get-session", SUSPENDED, { scenario: "banned: reads the session", real: "200", ours: "200 null" }),
  answer("suspended: elsewhere", SUSPENDED, { scenario: "banned: asks the other endpoints", real: "200", ours: "401 UNAUTHORIZED" }),
  answer("suspended: change-password", SUSPENDED, { scenario: "banned: asks the other endpoints", real: "403 BANNED_USER", ours: "401 UNAUTHORIZED" }),
  fact("don't-remember stays", "a session that is not remembered is not turned into one of seven days by a password change", {
    scenario: "cookies: last as long as the browser without rememberMe",
    fact: "body.session.expiresAt",
    real: "<now + 10080 min>",
    ours: "<now + 1440 min>",
  }),
  fact("one cookie", "the same cookie is not set twice in one answer", {
    scenario: "session: is refreshed by other endpoints too",
    path: "/api/auth/update-user",
    fact: "cookie 2",
    ours: "absent",
  }),
  fact("invented user", "the user invented for a taken address looks like a real one, so that it tells nothing", {
    path: "/api/auth/sign-up/email",
    fact: "body.user.role",
    real: "null",
    ours: '"user"',
  }),

  // Input
  answer("malformed name stored", STRICT_TYPES, { scenario: "user: meets a name that is no string", real: "200", ours: "400 VALIDATION_ERROR" }),
  answer("malformed name breaks", STRICT_TYPES, { scenario: "user: meets a name that is no string", real: "500 ∅", ours: "400 VALIDATION_ERROR" }),
  answer("bounded text", BOUNDED, { scenario: "transport: odd text", real: "200", ours: "400 VALIDATION_ERROR" }),
  fact("password of no items", "only texts are judged by their length", {
    scenario: "transport: every member of the wrong type",
    fact: "body.message",
    real: /; \[body\.password\] Too small: expected array to have >=1 items"$/,
  }),
  answer("lone surrogate", "a lone surrogate is no character, so the body is no JSON text", { scenario: "transport: odd text", real: "200", ours: "400 BAD_REQUEST" }),
  answer("strict JSON", "a byte order mark and numbers beyond the range of a double are no JSON for us", {
    scenario: "transport: odd JSON that some readers take",
    real: "400 PASSWORD_TOO_LONG",
    ours: "400 BAD_REQUEST",
  }),

  answer("unknown paths uncounted", "an unknown path costs nothing, so it is not counted", {
    scenario: "limits: unknown paths below /sign-in count to three",
    real: '429 "Too many requests. Please try again later."',
    ours: "404 ∅",
  }),

  // Failures of the database
  answer("coded failure", CODED, { scenario: /: says? what the database made impossible/, real: "500 ∅", ours: "500 INTERNAL_SERVER_ERROR" }),
  answer("failed sign-out", "a sign-out that could not end the session is not reported as done", {
    scenario: "sessions: say what the database made impossible",
    path: "/api/auth/sign-out",
    real: "200",
    ours: "500 INTERNAL_SERVER_ERROR",
  }),
  answer("stored hash that is none", "it matches no password, like a missing one", {
    scenario: "sign-in: says what the database made impossible",
    real: "500 ∅",
    ours: "401 INVALID_EMAIL_OR_PASSWORD",
  }),
  answer("dropped user row", "whether the database refuses the row or drops it without a word is one failure and has one status", {
    scenario: /^sign-up: says what the database made impossible/,
    real: "400 FAILED_TO_CREATE_USER",
    ours: "422 FAILED_TO_CREATE_USER",
  }),
];
