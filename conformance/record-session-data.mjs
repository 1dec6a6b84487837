// Records `session_data` cookies of the real Better Auth for the tests of `crates/token`:
//
//   node record-session-data.mjs > ../crates/token/tests/data/session_data.json
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { admin } from "better-auth/plugins";
import Database from "better-sqlite3";

import { PASSWORD, SECRET } from "./harness/app.mjs";

const NAMES = { plain: "Ada", odd: 'A "q" \\ / \b\f\n\r\t\u0001\u007f é € 😀 \u2028 ,"signature":" }', long: "ä".repeat(2000) };
const NUMBERS = [0.1, 1e21, 1.5e-7, 5e-324, -2.5, 1e-6, 4503599627370497.5];
const session_data = "better-auth.session_data";

const cases = [];
for (const strategy of ["compact", "jwt", "jwe"]) {
  for (const [name, text] of Object.entries(NAMES)) cases.push(await record(strategy, name, { name: text }));
  cases.push(await record(strategy, "not remembered", { name: "Ada", rememberMe: false }));
  cases.push(await record(strategy, "version", { name: "Ada" }, { version: "2" }));
  cases.push(await record(strategy, "numbers", { name: "Ada", numbers: NUMBERS }));
}
console.log(JSON.stringify({ secret: SECRET, cases }, undefined, 1));

/** What one sign-up with these settings puts into the cookie, its chunks joined, beside the answer of get-session. */
async function record(strategy, name, body, cookieCache = {}) {
  const options = {
    baseURL: "http://localhost:3000",
    secret: SECRET,
    database: new Database(":memory:"),
    emailAndPassword: { enabled: true },
    session: { cookieCache: { enabled: true, strategy, ...cookieCache } },
    user: { additionalFields: { numbers: { type: "number[]", required: false } } },
    plugins: [admin()],
    telemetry: { enabled: false },
  };
  await (await getMigrations(options)).runMigrations();
  const auth = betterAuth(options);
  const { headers } = await auth.api.signUpEmail({ body: { email: "ada@example.com", password: PASSWORD, ...body }, returnHeaders: true });
  const pairs = headers.getSetCookie().map((line) => line.split(";")[0].split(/=(.*)/s));
  const cookie = pairs.map(([known, value]) => `${known}=${value}`).join("; ");
  const answer = await auth.api.getSession({ headers: new Headers({ cookie }), query: { disableCookieCache: true } });
  const chunks = pairs.filter(([known]) => known.startsWith(session_data)).map(([, value]) => decodeURIComponent(value));
  return { strategy, name, chunks: chunks.length, value: chunks.join(""), answer };
}
