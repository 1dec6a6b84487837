// The real Better Auth on the PostgreSQL that our nodes use. Runs in a worker thread; see propagation.mjs.
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { betterAuth } from "better-auth";
import { toNodeHandler } from "better-auth/node";
import { admin, bearer } from "better-auth/plugins";
import pg from "pg";

let handler;
const server = createServer((request, response) => handler(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://localhost:${server.address().port}`;
handler = toNodeHandler(
  betterAuth({
    baseURL: origin,
    secret: workerData.secret,
    database: new pg.Pool({ connectionString: workerData.database }),
    rateLimit: { enabled: false },
    logger: { disabled: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true },
    plugins: [bearer(), admin()],
  }),
);
parentPort.postMessage(origin);
