// Additional fields of users and sessions, and POST /update-session
import { PASSWORD } from "../harness/app.mjs";

const settings = {
  user: {
    additionalFields: {
      nick: { type: "string", required: false },
      city: { type: "string", required: true },
      plan: { type: "string", required: true, defaultValue: "free", input: false },
      score: { type: "number", required: false, defaultValue: 3 },
      vip: { type: "boolean", required: false },
      born: { type: "date", required: false },
      tags: { type: "string[]", required: false },
      marks: { type: "number[]", required: false, defaultValue: [1, 2] },
      hidden: { type: "string", required: false, returned: false, fieldName: "hidden_column" },
      badge: { type: "string", required: false, input: false },
    },
  },
  session: {
    additionalFields: {
      theme: { type: "string", required: false },
      visits: { type: "number", required: true, defaultValue: 0 },
      since: { type: "date", required: false },
      risk: { type: "number", required: false, input: false },
    },
  },
};

const ALL = { city: "Paris", nick: "Bob", score: 7, vip: true, born: "1999-12-31T23:00:00-01:00", tags: ["a", "é"], marks: [], hidden: "s", plan: "gold" };

const signUp = (app, name, fields, rule) => {
  const body = { name: "Ada", email: app.email(name), password: PASSWORD, ...fields };
  return app.program().send("POST", "/sign-up/email", { body, rule });
};
const update = (visitor, body, rule) => visitor.send("POST", "/update-user", { body, rule });
const updateSession = (visitor, body, rule) => visitor.send("POST", "/update-session", { body, rule });
const seen = (visitor, rule) => visitor.send("GET", "/get-session", { rule });

export default [
  {
    name: "are stored and shown",
    settings,
    async run(app) {
      const rule = "fields stored";
      for (const [name, fields] of [["ada", { city: "London" }], ["bob", ALL], ["eve", { city: "", nick: null, score: null, marks: null, vip: false }]]) {
        const browser = await app.member(name, fields);
        await seen(browser, rule);
        await browser.send("GET", "/list-sessions", { rule });
        const row = await app.row('select nick, city, plan, score, vip, born, tags, marks, hidden_column, badge from "user" where id = ?', browser.user.id);
        app.note("row", JSON.stringify(row), rule);
      }
    },
  },
  {
    name: "are judged when signing up",
    settings,
    async run(app) {
      await signUp(app, "nobody", {});
      for (const badge of ["gold", 1, true]) await signUp(app, "nobody", { city: "x", badge });
      for (const [name, badge] of [["a", ""], ["b", null], ["c", 0], ["d", false]]) await signUp(app, name, { city: "x", badge }, "fields ignored");
      await signUp(app, "nobody", { city: "x", role: "admin" });
      await signUp(app, "nobody", { role: "admin" });
      await signUp(app, "e", { city: "x", emailVerified: true, id: "x", createdAt: "1999", unknown: 1 }, "fields ignored");
      await signUp(app, "nobody", { password: "short" });
    },
  },
  {
    name: "are changed with the user",
    settings,
    async run(app) {
      const rule = "fields changed";
      const browser = await app.member("ada", ALL);
      for (const body of [{ nick: "B" }, { nick: null }, { city: "Rome", name: "A" }, { score: -1 }, { vip: false }, { born: "2000-02-29" }, { born: null }, { tags: [] }, { marks: [1, 2.5] }, { hidden: "other" }]) {
        await update(browser, body, rule);
        await seen(browser, rule);
      }
      for (const body of [{ plan: "gold" }, { badge: "gold", nick: "x" }, { role: "admin", nick: "x" }]) await update(browser, body);
      for (const body of [{ plan: "" }, { badge: null }, { unknown: 1 }]) await update(browser, body, "fields ignored");
      await seen(browser, rule);
    },
  },
  {
    name: "of a session are changed",
    settings,
    async run(app) {
      const rule = "session fields";
      const browser = await app.member("ada", { city: "London" });
      for (const body of [{ theme: "dark" }, { visits: 7, token: "x", userId: "x", expiresAt: "2999" }, { theme: null }, { since: "2000-02-29" }]) {
        await updateSession(browser, body, rule);
        await seen(browser, rule);
      }
      for (const body of [{}, { token: "x" }, { id: "x" }, { risk: null }, { impersonatedBy: "" }, { unknown: 1 }]) await updateSession(browser, body);
      for (const body of [{ risk: 5 }, { impersonatedBy: "x" }, { theme: "x", risk: 5 }]) await updateSession(browser, body);
      for (const body of [[], "x", 5]) await updateSession(browser, body);
      await updateSession(app.program(), { theme: "x" });
      await seen(browser, rule);
    },
  },
  {
    name: "of the wrong type are refused",
    settings,
    async run(app) {
      const rule = "fields of the wrong type";
      const browser = await app.member("ada", { city: "London" });
      for (const body of [{ city: null }, { nick: 5 }, { vip: 1 }]) await update(browser, body, rule);
      for (const body of [{ visits: null }, { theme: 5 }]) await updateSession(browser, body, rule);
      const wrong = [{ city: null }, { city: 5 }, { score: "7" }, { vip: "yes" }, { born: "soon" }, { tags: "a" }, { marks: ["a"] }];
      for (const [number, fields] of wrong.entries()) await signUp(app, `wrong${number}`, { city: "x", ...fields }, rule);
    },
  },
  {
    name: "of a session that vanishes are not changed",
    alone: true,
    settings,
    async run(app) {
      const browser = await app.member("ada", { city: "London" });
      await app.meddle((db) => db.refuse("session", "update", "delete"));
      await updateSession(browser, { theme: "x" });
    },
  },
  {
    name: "are nothing without configuration",
    async run(app) {
      const browser = await app.member();
      await updateSession(browser, { theme: "x" });
      await browser.call((client) => client.updateSession({ theme: "x" }), { rule: "client update session" });
    },
  },
];
