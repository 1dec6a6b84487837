// Sessions opened by `Authorization: Bearer`, without cookies.
import { PASSWORD } from "../harness/app.mjs";

const bearerOf = (member) => member.answer.headers["set-auth-token"];
const get = (app, headers, rule) => app.program().send("GET", "/get-session", { headers, rule });

export default [
  {
    name: "opens the session",
    async run(app) {
      const token = bearerOf(await app.member());
      for (const scheme of ["Bearer", "bearer", "BEARER"]) await get(app, { authorization: `${scheme} ${token}` }, ["bearer request", "bearer scheme"]);
      await get(app, { authorization: `Bearer  ${token}` }, "bearer scheme");
    },
  },
  {
    name: "that cannot be used is nobody",
    async run(app) {
      const token = bearerOf(await app.member());
      const flipped = token.slice(0, -3) + (token.at(-3) === "A" ? "B" : "A") + token.slice(-2);
      for (const value of ["junk", "a.b.c", "a.b", flipped, `${token}x`]) {
        await get(app, { authorization: `Bearer ${value}` }, "bearer junk");
        await app.program().send("GET", "/list-sessions", { headers: { authorization: `Bearer ${value}` }, rule: "bearer junk" });
      }
      for (const authorization of ["Bearer ", "Bearer", token, "Basic dXNlcjpwYXNz", ""]) await get(app, { authorization }, "bearer absent");
    },
  },
  {
    name: "goes before the cookie",
    async run(app) {
      const ada = await app.member("ada");
      const grace = await app.member("grace");
      const cookie = grace.cookies();
      await get(app, { authorization: `Bearer ${bearerOf(ada)}`, cookie }, "bearer wins");
      await get(app, { authorization: "Bearer junk", cookie }, "bearer junk and cookie");
      await get(app, { authorization: "Bearer a.b.c", cookie }, "bearer junk and cookie");
    },
  },
  {
    name: "is taken everywhere, needs no origin, and ends with its session",
    async run(app) {
      const member = await app.member();
      const bearer = app.bearer(bearerOf(member));
      const rule = ["bearer everywhere", "origin bearer"];
      await bearer.send("GET", "/list-sessions", { rule });
      await bearer.send("GET", "/token", { rule });
      await bearer.send("POST", "/update-user", { body: { name: "B" }, rule });
      await bearer.send("POST", "/revoke-session", { body: { token: "unknown" }, rule });
      await bearer.send("POST", "/revoke-other-sessions", { body: {}, rule });
      await bearer.send("POST", "/change-password", { body: { currentPassword: PASSWORD, newPassword: PASSWORD }, rule });
      await bearer.send("POST", "/sign-out", { body: {}, rule });
      await bearer.send("GET", "/get-session", { rule: "bearer ended" });
      await bearer.send("POST", "/update-user", { body: { name: "B" }, rule: "bearer ended" });
      await member.send("GET", "/get-session", { rule: "bearer ended" });
    },
  },
  {
    name: "ends when its session is revoked elsewhere",
    async run(app) {
      const member = await app.member();
      const other = app.browser();
      const { headers } = await other.send("POST", "/sign-in/email", { body: { email: member.email, password: PASSWORD } });
      const bearer = app.bearer(headers["set-auth-token"]);
      await bearer.send("GET", "/get-session", { rule: "bearer request" });
      await member.send("POST", "/revoke-other-sessions", { body: {} });
      await bearer.send("GET", "/get-session", { rule: "bearer revoked" });
      await bearer.send("GET", "/list-sessions", { rule: "bearer revoked" });
      await member.send("GET", "/get-session", { rule: "bearer revoked" });
    },
  },
  {
    name: "ends all sessions",
    async run(app) {
      const bearer = app.bearer(bearerOf(await app.member()));
      await bearer.send("POST", "/revoke-sessions", { body: {}, rule: "bearer everywhere" });
      await bearer.send("GET", "/get-session", { rule: "bearer ended" });
    },
  },
  {
    name: "is handed out anew where the password change ends all sessions",
    async run(app) {
      const bearer = app.bearer(bearerOf(await app.member()));
      const body = { currentPassword: PASSWORD, newPassword: PASSWORD, revokeOtherSessions: true };
      const { headers } = await bearer.send("POST", "/change-password", { body, rule: "bearer everywhere" });
      await bearer.send("GET", "/get-session", { rule: "bearer ended" });
      await app.bearer(headers["set-auth-token"]).send("GET", "/get-session", { rule: "bearer request" });
    },
  },
];
