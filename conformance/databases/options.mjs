// What the databases have in common: options of Better Auth, and the words for them.
import { readFileSync } from "node:fs";

export const PLUGINS = "plugins jwt, bearer and admin";

/** Options with the plugins whose tables we know; `made` is the module `better-auth/plugins`. */
export const plugins = ({ jwt, bearer, admin }) => ({ plugins: [jwt(), bearer(), admin()] });

export const uuid = (made) => ({ ...plugins(made), advanced: { database: { generateId: "uuid" } } });

export const CLI = `Better Auth's CLI (auth ${version("auth")}, better-auth ${version("better-auth-1.7")})`;

/** The version of a package that is installed here. */
export function version(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
