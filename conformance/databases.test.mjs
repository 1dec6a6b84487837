// A database made by one server, opened by the other: users keep their passwords and their sessions.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { PASSWORD, SECRET } from "./harness/app.mjs";
import { dropDatabase, maintenance, newDatabase } from "./harness/database.mjs";
import { exchange } from "./harness/http.mjs";
import { startOurs } from "./ours.mjs";
import { startReal } from "./real.mjs";

const EMAIL = "ada@example.com";
const CREDENTIALS = { email: EMAIL, password: PASSWORD };

/** Ours where a TypeScript server shares the database: access tokens have a key of their own. */
const startBeside = (given) => startOurs({ ...given, settings: { database: { shared: true }, token: { algorithm: "EdDSA" } } });

/** Runs `use` with a server on one database and stops it. */
async function on(start, { folder, database }, use) {
  const server = await start({ secret: SECRET, directory: folder, database });
  try {
    return await use((method, path, rest) => exchange(server.origin, method, `/api/auth${path}`, rest), server.origin);
  } finally {
    await server.stop();
  }
}

/** Signs Ada up, and says who she is and what her browser keeps. */
const signUp = (send) => send("POST", "/sign-up/email", { body: { name: "Ada", ...CREDENTIALS } }).then(({ json, setCookies }) => ({ user: json.user, cookie: setCookies[0].split(";")[0] }));

/** The session and the user as get-session tells them, without the address that only we store. */
const look = async (send, cookie) => {
  const { json } = await send("GET", "/get-session", { headers: { cookie } });
  return json && { ...json, session: { ...json.session, ipAddress: undefined } };
};

const kinds = maintenance ? ["sqlite", "postgres"] : ["sqlite"];
const orders = [["the real server's", startReal, startBeside], ["ours", startBeside, startReal]];
for (const [kind, name, first, second] of kinds.flatMap((kind) => orders.map((order) => [kind, ...order]))) {
  test(`${name} is opened by the other, and by the first again, on ${kind}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "databases-"));
    const place = { folder, database: await newDatabase(kind, folder) };
    t.after(async () => {
      await dropDatabase(place.database);
      rmSync(folder, { recursive: true, force: true });
    });

    const { user, cookie, session } = await on(first, place, async (send) => {
      const made = await signUp(send);
      return { ...made, session: await look(send, made.cookie) };
    });

    const later = await on(second, place, async (send, origin) => {
      assert.deepEqual(await look(send, cookie), session, "the session lives on");
      const signedIn = await send("POST", "/sign-in/email", { body: CREDENTIALS });
      assert.equal(signedIn.status, 200, signedIn.text);
      assert.deepEqual(signedIn.json.user, user, "the user is the same");
      const taken = await send("POST", "/sign-up/email", { body: { name: "Eve", ...CREDENTIALS } });
      assert.equal(taken.json.code, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
      const changed = await send("POST", "/change-password", {
        body: { currentPassword: PASSWORD, newPassword: "another password" },
        headers: { cookie, origin },
      });
      assert.equal(changed.status, 200, changed.text);
      return signedIn.setCookies[0].split(";")[0];
    });

    await on(first, place, async (send) => {
      assert.equal((await look(send, later))?.user.id, user.id, "the session made by the other opens");
      const signedIn = await send("POST", "/sign-in/email", { body: { email: EMAIL, password: "another password" } });
      assert.equal(signedIn.status, 200, "the password changed by the other signs in");
    });
  });
}
