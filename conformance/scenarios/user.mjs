// POST /update-user
const update = (visitor, body, rule) => visitor.send("POST", "/update-user", { body, rule });
const seen = (visitor, rule) => visitor.send("GET", "/get-session", { rule });

export default [
  {
    name: "changes name and image",
    async run(app) {
      const browser = await app.member();
      for (const body of [{ name: "Augusta" }, { image: "https://example.com/a.png" }, { name: "", image: "" }]) {
        await update(browser, body);
        await seen(browser);
      }
      await update(browser, { image: null }, "update image null");
      await seen(browser, "update image null");
      const { createdAt, updatedAt } = (await seen(browser, "update moves updatedAt")).json.user;
      app.note("updatedAt is later", createdAt < updatedAt, "update moves updatedAt");
      app.note("createdAt stays", createdAt === browser.user.createdAt, "update moves updatedAt");
      await update(app.program(), { name: "Nobody" });
      await update(app.program(), {});
    },
  },
  {
    name: "refuses and ignores what may not be changed",
    async run(app) {
      const browser = await app.member();
      for (const body of [{ email: "x" }, { email: "other@example.com", name: "B" }, { email: 5 }, { email: {} }]) await update(browser, body);
      for (const email of ["", null, 0, false]) await update(browser, { email }, "update falsy e-mail");
      await update(browser, { email: "", name: "Augusta" }, "update falsy e-mail");
      await seen(browser, "update falsy e-mail");
      for (const body of [{ role: "admin" }, { banned: true }, { banReason: "x" }, { banExpires: "2030-01-01" }, { role: ["admin"] }, { role: {} }, { name: "B", role: "admin" }]) {
        await update(browser, body);
      }
      for (const body of [{}, { role: null }, { role: "" }, { role: 0 }, { banned: null }, { banned: false }, { banReason: "" }, { unknown: 1 }, { id: "x" }, { emailVerified: true }, { password: "x" }]) {
        await update(browser, body, "update ignores");
      }
      const core = { name: "Q", emailVerified: true, createdAt: "2020-01-01T00:00:00.000Z", updatedAt: "2020-01-01T00:00:00.000Z", id: "chosen", unknown: 1 };
      await update(browser, core, "update ignores");
      await seen(browser, "update ignores");
    },
  },
  {
    name: "meets a name that is no string",
    async run(app) {
      const browser = await app.member();
      for (const body of [{ name: 5 }, { name: true }, { name: null }, { name: {} }, { name: ["a"] }, { image: 5 }, { image: {} }]) {
        await update(browser, body, "update malformed name");
      }
    },
  },
  {
    name: "says what the database made impossible",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.refuse("user", "update", "raise"));
      await update(browser, { name: "B" });
    },
  },
];
