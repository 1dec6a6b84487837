// The schema that Better Auth's CLI generates for Prisma, and what Prisma's schema engine makes of it.
import { readFileSync } from "node:fs";
import "./grouping.mjs";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { generatePrismaSchema } from "auth/api";
import { prismaAdapter } from "better-auth-1.7/adapters/prisma";
import * as all from "better-auth-1.7/plugins";

import { CLI, PLUGINS, plugins, version } from "./options.mjs";

const ENGINE = "@prisma/schema-engine-wasm";
const PROVIDERS = { sqlite: "sqlite", postgres: "postgresql" };

export async function* prisma(folder) {
  await start();
  // A version ends in the commit it was made of.
  const engine = `${ENGINE} ${version(ENGINE).replace(/\.[0-9a-f]{40}$/, "")}`;
  for (const [kind, provider] of Object.entries(PROVIDERS)) {
    const head = `-- Made by Prisma's schema engine (${engine}) from the schema that ${CLI} generates for Prisma, ${PLUGINS}.`;
    yield [`${folder}prisma.${kind}.sql`, `${head}\n${await migrated(kind, await generated(provider))}\n`];
  }
}

async function generated(provider) {
  const options = plugins(all);
  const adapter = prismaAdapter({}, { provider })(options);
  const { code } = await generatePrismaSchema({ options, adapter, file: "no-such-schema.prisma" });
  // Prisma has the address elsewhere since version 7, and so does the CLI where it finds Prisma installed.
  return code.replace(/^\s*url\s.*\n/m, "");
}

/** The statements that lead from nothing to the schema. */
async function migrated(kind, content) {
  const engine = await bindings.SchemaEngine.new({ datamodels: undefined }, () => {}, nowhere(kind));
  const to = { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content }] };
  const filters = { externalTables: [], externalEnums: [] };
  const { stdout } = await engine.diff({ from: { tag: "empty" }, to, script: true, exitCode: null, filters });
  return stdout;
}

/** The engine is WebAssembly, which Node 20 does not import. */
async function start() {
  const file = new URL(`node_modules/${ENGINE}/schema_engine_bg.wasm`, import.meta.url);
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/** A database in which nothing is: the engine connects although it compares schemas only. */
function nowhere(provider) {
  const ok = (value) => ({ ok: true, value });
  const connection = {
    provider,
    adapterName: "nowhere",
    queryRaw: async () => ok({ columnNames: [], columnTypes: [], rows: [] }),
    executeRaw: async () => ok(0),
    executeScript: async () => ok(),
    dispose: async () => ok(),
    getConnectionInfo: () => ok({ schemaName: "public", supportsRelationJoins: false }),
  };
  const connect = async () => ok(connection);
  return { provider, adapterName: "nowhere", connect, connectToShadowDb: connect };
}
