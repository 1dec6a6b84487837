// Better Auth with the plugins whose wire we speak, on a SQLite file or on PostgreSQL. Runs in a worker thread; see real.mjs.
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, bearer, genericOAuth, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";
import pg from "pg";

import { idTokenVerifier } from "./harness/verify-id-token.mjs";

const { settings: given, secret, drizzle } = workerData;
const { config, ...settings } = withGenericProviders(given);
const database = drizzle ? await throughDrizzle(workerData.database) : open(workerData.database);

/** Every mail it would have sent, the newest last; shown where ours shows its own. */
const mails = [];
const send = (mail) => async ({ user, url }) => void mails.push({ mail, to: user.email, url });

let handler;
const server = createServer((request, response) => {
  if (request.url !== "/dev/outbox") return handler(request, response);
  response.setHeader("content-type", "application/json").end(JSON.stringify(mails));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://localhost:${server.address().port}`;

const options = merge(
  {
    baseURL: origin,
    secret,
    database,
    rateLimit: { enabled: false },
    logger: { disabled: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true, sendResetPassword: true },
    emailVerification: { sendVerificationEmail: true },
    plugins: [jwt(), bearer(), admin(), ...(config.length > 0 ? [genericOAuth({ config })] : [])],
  },
  settings,
);
for (const [section, sender] of [
  [options.emailAndPassword, "sendResetPassword"],
  [options.emailVerification, "sendVerificationEmail"],
  [options.user?.changeEmail, "sendChangeEmailConfirmation"],
  [options.user?.deleteUser, "sendDeleteAccountVerification"],
]) {
  // Ours are switched on and off, theirs are functions.
  if (section?.[sender] === true) section[sender] = send(sender);
  else if (section) delete section[sender];
}
// Drizzle's own tool migrates its databases.
if (!drizzle) await (await getMigrations(options)).runMigrations();
handler = toNodeHandler(betterAuth(options));
parentPort.postMessage(origin);

function open(url) {
  if (!url.startsWith("sqlite:")) return new pg.Pool({ connectionString: url });
  const file = new Database(url.slice("sqlite:".length));
  file.pragma("journal_mode = WAL");
  return file;
}

/** Drizzle's adapter on a database with plural names. */
async function throughDrizzle(url) {
  const provider = url.startsWith("sqlite:") ? "sqlite" : "pg";
  const { drizzle } = await import(provider === "sqlite" ? "drizzle-orm/better-sqlite3" : "drizzle-orm/node-postgres");
  const schema = await import(provider === "sqlite" ? "./drizzle/schema.sqlite.mjs" : "./drizzle/schema.postgres.mjs");
  return drizzleAdapter(drizzle(open(url), { schema }), { provider, schema, usePlural: true });
}

/**
 * Ours are all in one list; of theirs, those that say where the provider is go to a plugin, which learns a name from the
 * provider itself, and keys are a function's.
 */
function withGenericProviders({ socialProviders = {}, ...others }) {
  const isGeneric = ([, { authorizationUrl }]) => authorizationUrl !== undefined;
  const verifying = ({ jwksUrl, ...options }) => (jwksUrl ? { ...options, verifyIdToken: idTokenVerifier({ ...options, jwksUrl }) } : options);
  const discovering = ({ issuer, ...options }) => (issuer ? { ...options, discoveryUrl: `${issuer}/.well-known/openid-configuration` } : options);
  const listed = Object.entries(socialProviders).map(([id, options]) => [id, verifying(options)]);
  return {
    ...others,
    socialProviders: Object.fromEntries(listed.filter((entry) => !isGeneric(entry))),
    config: listed.filter(isGeneric).map(([providerId, options]) => ({ providerId, ...discovering(options) })),
  };
}

/** Lays `over` upon `base`, object by object. */
function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = isPlain(value) && isPlain(base[key]);
    merged[key] = both ? merge(base[key], value) : value;
  }
  return merged;
}

function isPlain(value) {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}
