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
const ENDED = "a session that was ended is refused although a cache cookie still remembers it";
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
  fact("token members", "GET /token also says when the token ends, by which clock, and of which session it is", {
    fact: /^(body|data)\{\}$/,
    real: "token",
    ours: "token, expiresAt, serverTime, sid",
  }),
  fact("token member", "the same, each for itself", {
    fact: /^(body|data)\.(expiresAt|serverTime|sid)$/,
    real: "absent",
  }),
  fact("token member before", "ids are numbered as they appear, and `sid` appears before", {
    scenario: "token: is verified with the published keys",
    fact: /^(body|data)\.keys\[0\]\.kid$/,
    real: "<id 2>",
    ours: "<id 3>",
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
  // The error page
  fact("error page", "the page is our own: it runs nothing, speaks languages, and does not take the words of a link for ours", {
    scenario: "error: shows a page with a code",
    fact: "body",
    real: /^"<!DOCTYPE html>/,
    ours: /^"<!doctype html>[^]*(INVALID_TOKEN|UNKNOWN)/,
  }),
  fact("error page type", "the encoding of a page is said", {
    scenario: "error: shows a page with a code",
    fact: "header content-type",
    real: '"text/html"',
    ours: '"text/html; charset=utf-8"',
  }),
  fact("error page headers", "pages run nothing, are shown in no frame, and tell nobody where their visitors come from", {
    scenario: /^error: /,
    fact: /^header (content-security-policy|referrer-policy|x-frame-options)$/,
    real: "absent",
  }),

  standingHeader("x-content-type-options", '"nosniff"', "nobody may guess another media type"),
  standingHeader("cache-control", '"no-store"', "every answer may hold tokens or sessions, so none may be stored"),
  standingHeader("pragma", '"no-cache"', "the same for caches that speak HTTP/1.0"),
  standingHeader("vary", '"Origin"', "answers differ by origin, because we answer cross-origin requests of trusted origins"),
  extraHeader("access-control-allow-credentials", '"true"', "cross-origin requests of trusted origins are answered; the real server leaves that to its host"),
  extraHeader("access-control-allow-origin", /^"https:\/\/(app|app1|x\.wild|x\.y\.wild|a\.bare|a\.port)\.example(:8443)?"$/, "the trusted origin that asked, never another"),
  extraHeader("access-control-expose-headers", '"retry-after, set-auth-jwt, set-auth-token, www-authenticate, x-retry-after"', "what a page of a trusted origin may read"),
  answer("preflight", "the browser of a trusted origin asks first, and is answered", {
    scenario: "transport: a preflight from another trusted origin",
    real: "404 ∅",
    ours: "204 ∅",
  }),
  extraHeader("www-authenticate", /^"Bearer( error=\\"invalid_token\\")?"$/, "a 401 says how to come in, and whether the bearer was the reason (RFC 6750)"),
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
  fact("order out of a cache", "members stand in the same order wherever they come from; the order carries no meaning", {
    scenario: /^(cache: |cookies: are named)/,
    fact: /^(body|session data)\.(session|user)\{\}$/,
    real: /^id, /,
  }),
  fact("fresh without a cache", "whether a session is fresh is read from its row, not from a cookie that may outlive it", {
    scenario: /^cache: is written with the session/,
    path: "/api/auth/list-sessions",
    fact: /^(cookie 1|session data.*)$/,
    real: "absent",
  }),
  fact("whole clean-up", "of several cookies to delete the real server tells the last only, where another endpoint asked for the session", {
    scenario: "cache: is deleted where none is used",
    path: "/api/auth/token",
    fact: /^cookie [123]$/,
    ours: /^better-auth\.session_data(\.[07])?=; Max-Age=0;/,
  }),
  answer("ended: get-session", ENDED, { scenario: "cache: outlives its session in the real server", real: "200", ours: "200 null" }),
  answer("ended: elsewhere", ENDED, { scenario: "cache: outlives its session in the real server", real: "200", ours: "401 UNAUTHORIZED" }),
  fact("invented user", "the user invented for a taken address looks like a real one, so that it tells nothing", {
    path: "/api/auth/sign-up/email",
    fact: "body.user.role",
    real: "null",
    ours: '"user"',
  }),

  // Links in mails
  fact("sign-up with a taken address", "the answer must not tell that an address is taken, so whoever has it is written to", {
    scenario: "verification: before the first sign-in",
    fact: /^mails\.(count|url)$/,
    ours: /^(2|"<origin>\/<secret \d>")$/,
  }),
  fact("page for a new password", "where nobody named a page for it, a link leads to one of ours, not to an error", {
    scenario: "reset: without a page of one's own",
    fact: /^(mails\.url|header location)$/,
  }),
  answer("sessions after a reset", "whoever resets a password may have lost the old one to a thief, so by default all sessions end", {
    scenario: "reset: leaves or ends the sessions",
    real: "200",
    ours: "200 null",
  }),

  answer("another kind of token verified", "access tokens are signed under the same secret, and one shall not show an address to be anybody's", {
    scenario: "verification: by tokens of another kind",
    real: "200",
    ours: "401 INVALID_TOKEN",
  }),
  answer("another kind of token", "the same, where the real server breaks", {
    scenario: "verification: by tokens of another kind",
    real: "500 ∅",
    ours: "401 INVALID_TOKEN",
  }),

  answer("sessions of the unverified", "whoever signed up with an address that is not theirs leaves when its owner chooses another password", {
    scenario: "reset: of somebody whose address was not verified",
    real: "200",
    ours: "200 null",
  }),
  fact("reset links to an old address", "whoever reads an address that is no longer the user's chooses no password for them", {
    scenario: "change-email: after a link to choose a password was mailed to the old address",
    fact: "header location",
    real: '"<origin>/choose?token=<secret 1>"',
    ours: '"<origin>/choose?error=INVALID_TOKEN"',
  }),
  fact("links before a new password", "a thief's link does not wait until the owner has regained the account, and then takes it", {
    scenario: "change-email: while the password is set anew",
    fact: /^(answer|body\.user\.email)$/,
  }),
  answer("address taken meanwhile", "whoever comes second hears that the link is not good, as of any other; the real server breaks", {
    scenario: "change-email: to an address that is taken meanwhile",
    real: "500 ∅",
    ours: /^(302 ∅|401 INVALID_TOKEN)$/,
  }),
  answer("change without a purpose", "no server since 1.7 mails such a link, which would change an address unseen", {
    scenario: "change-email: by tokens that are not right",
    real: "200",
    ours: "401 INVALID_TOKEN",
  }),

  // Input
  answer("malformed name stored", STRICT_TYPES, { scenario: "user: meets a name that is no string", real: "200", ours: "400 VALIDATION_ERROR" }),
  answer("malformed name breaks", STRICT_TYPES, { scenario: "user: meets a name that is no string", real: "500 ∅", ours: "400 VALIDATION_ERROR" }),
  answer("malformed field", "a value that is none of its field's kind is refused in words, where the real server stores it as it is or breaks", {
    scenario: "fields: of the wrong type are refused",
    real: /^(200|422 FAILED_TO_CREATE_USER|500 ∅)$/, // by kind, and on SQLite more is stored than on PostgreSQL
    ours: "400 VALIDATION_ERROR",
  }),
  answer("bounded text", BOUNDED, {
    scenario: "transport: odd text",
    real: /^(200|422 FAILED_TO_CREATE_USER)$/, // on SQLite, on PostgreSQL
    ours: "400 VALIDATION_ERROR",
  }),
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

  // Identity providers
  fact("unescaped target", "a header holds what RFC 9110 lets it hold, so what it cannot hold is escaped and names the same place", {
    scenario: "social-callback: leads to where it was begun from",
    fact: "header location",
    real: /^"\/a b\?x=.*#y"$/,
    ours: '"/a%20b?x=%C3%A9#y"',
  }),
  fact("ID token unread", "nothing verified it, so the provider is asked over TLS who somebody is; the real server reads it as it comes", {
    scenario: "social-callback: reads an ID token where there is one, and asks where it says too little",
  }),
  fact("who it is", "OpenID Connect names a user `sub`, so that is taken where there is no `id`; and only a text or a number is a name", {
    scenario: "social-callback: needs to know who it is",
  }),
  fact("a kept visit", "it also says which provider was gone to; and members of JSON have no order, so what a frontend adds gives ours none", {
    scenario: "social: keeps what the way back needs",
    fact: /^row\.(value|kept(\{\}|\.provider))$/,
  }),
  fact("another provider", "a code comes back from the provider that was gone to (RFC 9700 section 4.4.2), and until it does the visit is not over", {
    scenario: "social-refused: from a provider that is not known, or another",
  }),
  fact("strict ID tokens", "an ID token has one spelling, is no access token, and names its subject in a text, as OpenID Connect Core has it", {
    scenario: /^social-id-token: (is read in any form that is good|says who it is in the words of a provider|with white space at its end)$/,
  }),
  answer("ID token of nobody", "the same: what names nobody, or an address that is no text, is no ID token", {
    scenario: /^social-id-token(-link)?: needs an address, and then a subject$/,
    real: /^401 (USER_EMAIL_NOT_FOUND|FAILED_TO_GET_USER_INFO)$/,
    ours: "401 INVALID_TOKEN",
  }),
  fact("proven just now", "the answer shows the user as it is stored; the real server shows it as it was before the provider's word was kept", {
    scenario: /^social-id-token(: learns later that an address is verified|-link: adds the account, and signs nobody in anew)$/,
    fact: /^(body|data)\.user\.emailVerified$/,
    real: "false",
    ours: "true",
  }),
  fact("data of a provider", "what a provider said is handed on as it was said, without members of ours", {
    fact: /^(body|data)\.data(\{\}|\.(emailVerified|image))$/,
    path: /^\/api\/auth\/account-info/,
  }),
  fact("ids after a token", "ids are numbered as they appear, and one of them appears in our `set-auth-token`", {
    scenario: /^social-(callback: links no account where that is not wanted|link: refuses the account of another user)$/,
    fact: "accounts[0].id",
    real: "<id 2>",
    ours: "<id 3>",
  }),
  fact("senseless tokens", "a code for which a provider gives no token is worth nothing, whatever the status of its answer", {
    scenario: "social-refused: with a code that is not taken",
    fact: "header location",
    real: '"/oops?x=1&error=unable_to_get_user_info"',
    ours: '"/oops?x=1&error=invalid_code"',
  }),
  answer("callback that breaks", "whatever fails, the browser is led back to where it came from", {
    scenario: /^social-refused: (when nothing listens where the profile is|says what the database made impossible: a session)$/,
    real: "500 ∅",
    ours: "302 ∅",
  }),
  fact("nothing of a banned user", "whoever is refused leaves nothing behind; the real server keeps the tokens before it looks", {
    scenario: "social-id-token: refuses a banned user",
    fact: "kept.isThis",
    real: "true",
    ours: "false",
  }),
  fact("callback undone", "user, account and session are stored together or not at all", {
    scenario: /^social-(refused|id-token): says what the database made impossible: a session$/,
    fact: /^(user|accounts|kept)/,
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
