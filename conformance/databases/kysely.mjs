// Better Auth's own migrations, of every version whose databases we open.
import Database from "better-sqlite3";
import pg from "pg";

import { dropDatabase, newDatabase } from "../harness/database.mjs";
import { PLUGINS, plugins, uuid, version } from "./options.mjs";

const none = () => ({});
/** Names somebody chose; `MAPPED` in crates/testkit/src/databases.rs says the same in our settings. */
const mapped = ({ jwt, bearer, admin }) => ({
  user: { modelName: "people", fields: { email: "mail_address", name: "full_name" } },
  session: { modelName: "visits", fields: { userId: "person_id", expiresAt: "ends_at" } },
  account: { modelName: "logins", fields: { userId: "person_id" } },
  verification: { modelName: "proofs" },
  plugins: [
    jwt({ schema: { jwks: { modelName: "signing_keys" } } }),
    bearer(),
    admin({ schema: { user: { fields: { role: "user_role", banExpires: "ban_ends_at" } } } }),
  ],
});

const BOTH = { sqlite: inMemory, postgres: onServer };
const PLAIN = "without plugins.";
const WITH = `with the ${PLUGINS}`;
/** The name of the files, the package, its options from its plugins, the databases, and what the first line says. */
const MADE = [
  ["kysely-1.4", "better-auth-1.4", none, BOTH, PLAIN],
  ["kysely-1.5", "better-auth-1.5", none, BOTH, PLAIN],
  ["kysely-1.6", "better-auth-1.6", none, BOTH, PLAIN],
  ["kysely-1.6-plugins", "better-auth-1.6", plugins, BOTH, `${WITH}. Keys do not say their algorithm, before 1.7.`],
  ["kysely-1.7.1", "better-auth-1.7.1", none, BOTH, `${PLAIN} Accounts have an issuer, from 1.7.0 to 1.7.2.`],
  ["kysely-uuid", "better-auth-1.7", uuid, { postgres: onServer }, `${WITH}, generateId uuid.`],
  ["kysely-mapped", "better-auth-1.7", mapped, BOTH, `${WITH} and names of one's own.`],
];

export async function* kysely(folder) {
  for (const [name, from, options, databases, about] of MADE) {
    for (const [kind, on] of Object.entries(databases)) {
      const ddl = await on((database) => printed(from, options, database));
      const head = `-- Printed by better-auth ${version(from)} (getMigrations(options).compileMigrations()) ${about}`;
      yield [`${folder}${name}.${kind}.sql`, `${head}\n${ddl}\n`];
    }
  }
}

/** What this version prints for `database`, which is empty: it looks first. */
async function printed(from, options, database) {
  const { getMigrations } = await import(from === "better-auth-1.4" ? `${from}/db` : `${from}/db/migration`);
  const own = options(await import(`${from}/plugins`));
  const migrations = await getMigrations({ ...own, database, telemetry: { enabled: false } });
  return migrations.compileMigrations();
}

async function inMemory(use) {
  const database = new Database(":memory:");
  try {
    return await use(database);
  } finally {
    database.close();
  }
}

async function onServer(use) {
  const url = await newDatabase("postgres");
  const database = new pg.Pool({ connectionString: url });
  try {
    return await use(database);
  } finally {
    await database.end();
    await dropDatabase(url);
  }
}
