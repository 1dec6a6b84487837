// The schema that Better Auth's CLI generates for Drizzle, and what drizzle-kit makes of it.
import { rmSync, writeFileSync } from "node:fs";
import "./grouping.mjs";
import { generateDrizzleSchema } from "auth/api";
import { drizzleAdapter } from "better-auth-1.7/adapters/drizzle";
import * as all from "better-auth-1.7/plugins";
import * as kit from "drizzle-kit/api";

import { CLI, PLUGINS, plugins, uuid, version } from "./options.mjs";

const SQLITE = { provider: "sqlite", snapshot: kit.generateSQLiteDrizzleJson, migration: kit.generateSQLiteMigration };
const POSTGRES = { provider: "pg", snapshot: kit.generateDrizzleJson, migration: kit.generateMigration };
/** The name of the file, the database, options, whether names are plural, what the first line says, and where the schema is kept. */
const MADE = [
  ["drizzle-plural.sqlite", SQLITE, plugins, true, ", usePlural.", "conformance/drizzle/schema.sqlite.mjs"],
  ["drizzle.postgres", POSTGRES, plugins, false, "."],
  ["drizzle-plural-uuid.postgres", POSTGRES, uuid, true, ", usePlural and generateId uuid.", "conformance/drizzle/schema.postgres.mjs"],
];

export async function* drizzle(folder) {
  for (const [name, database, from, usePlural, about, kept] of MADE) {
    const schema = await generated(database, from(all), usePlural);
    const head = `-- Made by drizzle-kit ${version("drizzle-kit")} from the schema that ${CLI} generates for Drizzle, ${PLUGINS}${about}`;
    yield [`${folder}${name}.sql`, `${head}\n${await migrated(database, schema)}`];
    if (kept) yield [kept, `// As ${CLI} generates it for Drizzle; ${folder}${name}.sql is what drizzle-kit makes of it.\n${schema}`];
  }
}

async function generated({ provider }, options, usePlural) {
  const adapter = drizzleAdapter({}, { provider, usePlural, schema: {} })(options);
  const { code } = await generateDrizzleSchema({ options, adapter, file: "no-such-schema.ts" });
  return code;
}

/** The statements that make an empty database fit the schema, which drizzle-kit takes as a module. */
async function migrated({ provider, snapshot, migration }, schema) {
  const file = new URL(`.schema-${provider}-${process.pid}-${schema.length}.mjs`, import.meta.url);
  writeFileSync(file, schema);
  try {
    const statements = await migration(await snapshot({}), await snapshot(await import(file)));
    return statements.join("\n");
  } finally {
    rmSync(file);
  }
}
