// The database of a target, looked at and meddled with from beside: one set of words on SQLite and PostgreSQL.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";

// Counts are small here, and what is read is compared as text: the same words whichever database said them.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** How long a lock of SQLite is waited for, however busy the machine is. */
const LOCK_TIMEOUT_MS = 60_000;

/** The PostgreSQL that the check itself was given, or nothing; `cargo xtask postgres -- ...` gives one. */
export const maintenance = process.env.COUNTERSIGN_TEST_POSTGRES;

/** The URL of a database nobody has used: a file in `directory`, or a new database on the server of `maintenance`. */
export async function newDatabase(kind, directory) {
  if (kind === "sqlite") return `sqlite:${join(directory, "auth.db")}`;
  const url = new URL(maintenance);
  url.pathname = `/conformance_${randomBytes(6).toString("hex")}`;
  await asPostgres(maintenance, (client) => client.query(`create database ${url.pathname.slice(1)}`));
  return url.toString();
}

/** Drops what [`newDatabase`] made on a server. Files go with their directory. */
export async function dropDatabase(url) {
  if (url.startsWith("sqlite:")) return;
  const name = new URL(url).pathname.slice(1);
  await asPostgres(maintenance, (client) => client.query(`drop database if exists ${name} with (force)`));
}

/** Hands the database at `url` to `use`. Statements have `?` for their arguments. */
export function open(url, use) {
  return url.startsWith("sqlite:") ? asSqlite(url.slice("sqlite:".length), use) : asPostgres(url, (client) => use(postgres(client)));
}

async function asSqlite(file, use) {
  const database = new Database(file, { timeout: LOCK_TIMEOUT_MS });
  try {
    return await use(sqlite(database));
  } finally {
    database.close();
  }
}

async function asPostgres(url, use) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const IN_SQLITE = {
  raise: "select raise(abort, 'no')",
  ignore: "select raise(ignore)",
  delete: (table) => `delete from "${table}" where id = old.id`,
};
const IN_POSTGRES = {
  raise: "raise exception 'no'",
  ignore: "return null",
  delete: (table) => `delete from "${table}" where id = old.id; return null`,
};

const body = (ways, how, table) => (typeof ways[how] === "function" ? ways[how](table) : ways[how]);

const sqlite = (database) => ({
  rows: async (sql, ...args) => database.prepare(sql).all(...args.map(inSqlite)),
  run: async (sql, ...args) => void database.prepare(sql).run(...args.map(inSqlite)),
  /** Runs statements without arguments. */
  script: async (sql) => void database.exec(sql),
  /** Makes the database `raise`, `ignore` or `delete` whenever a row of `table` meets `operation`. */
  refuse: async (table, operation, how) =>
    void database.exec(`create trigger no before ${operation} on "${table}" begin ${body(IN_SQLITE, how, table)}; end`),
  /** Takes back what `refuse` did. */
  relent: async () => void database.exec("drop trigger no"),
  /** Runs a statement that leaves rows without what they refer to. */
  async orphan(sql) {
    database.pragma("foreign_keys = off");
    database.exec(sql);
  },
});

const inSqlite = (value) => (value instanceof Date ? value.toISOString() : value);

const postgres = (client) => ({
  async rows(sql, ...args) {
    const { rows } = await client.query(numbered(sql), args);
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, inSqlite(value)])));
  },
  run: async (sql, ...args) => void (await client.query(numbered(sql), args)),
  script: async (sql) => void (await client.query(sql)),
  async refuse(table, operation, how) {
    const action = body(IN_POSTGRES, how, table);
    await client.query(`create function no() returns trigger language plpgsql as $$ begin ${action}; end $$`);
    await client.query(`create trigger no before ${operation} on "${table}" for each row execute function no()`);
  },
  relent: async () => void (await client.query("drop function no cascade")),
  async orphan(sql) {
    await client.query("set session_replication_role = replica");
    await client.query(sql);
  },
});

/** `?` as PostgreSQL has it: `$1`, `$2`... */
function numbered(sql) {
  let number = 0;
  return sql.replaceAll("?", () => `$${++number}`);
}
