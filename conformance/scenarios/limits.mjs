// Rate limits. Every scenario stands alone, for what one counts another would feel.
const limited = { rateLimit: { enabled: true } };
const behindProxy = { ...limited, advanced: { ipAddress: { ipAddressHeaders: ["x-forwarded-for"], trustedProxies: ["127.0.0.1"] } } };

/** No hashing: the address is malformed, or the body is. */
const attempt = (app, path, rule, headers, method = "POST") =>
  app.program().send(method, path, { headers, body: method === "POST" ? { email: "nobody", password: "x" } : undefined, rule });

export default [
  {
    name: "three sign-ins, counted by path and address",
    settings: limited,
    alone: true,
    async run(app) {
      for (let n = 1; n <= 5; n++) await attempt(app, "/sign-in/email", "limit sign-in");
      for (let n = 1; n <= 4; n++) await attempt(app, "/sign-up/email", "limit per path");
      for (let n = 1; n <= 4; n++) await attempt(app, "/change-password", "limit per path");
      await attempt(app, "/revoke-session", "limit per path");
      await attempt(app, "/sign-in/email", "limit per path", {}, "GET");
    },
  },
  {
    name: "another address counts for itself",
    settings: behindProxy,
    alone: true,
    async run(app) {
      const from = (address) => attempt(app, "/sign-in/email", "limit per address", { "x-forwarded-for": address });
      for (let n = 1; n <= 4; n++) await from("203.0.113.9");
      await from("203.0.113.10");
    },
  },
  {
    name: "unknown paths below /sign-in count to three",
    settings: limited,
    alone: true,
    async run(app) {
      for (let n = 1; n <= 4; n++) await attempt(app, "/sign-in/nothing", "limit prefix");
      for (let n = 1; n <= 4; n++) await attempt(app, "/sign-up/nothing", "limit prefix", {}, "OPTIONS");
    },
  },
  {
    name: "a hundred elsewhere",
    settings: limited,
    alone: true,
    async run(app) {
      for (const path of ["/ok", "/list-sessions"]) {
        for (let n = 1; n <= 101; n++) await attempt(app, path, "limit default", {}, "GET");
      }
    },
  },
];
