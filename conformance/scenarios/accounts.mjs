// GET /list-accounts and POST /unlink-account
const list = (visitor, rule) => visitor.send("GET", "/list-accounts", { rule });
const unlink = (visitor, body, rule) => visitor.send("POST", "/unlink-account", { body, rule });

/** Links an account of another provider to `user`, as signing in there would, and gives its id. */
const link = async (app, user, id) => {
  const at = new Date(Date.now() + 60_000).toISOString();
  const columns = '(id, "accountId", "providerId", "userId", scope, "accessToken", "createdAt", "updatedAt")';
  await app.meddle((db) => db.run(`insert into account ${columns} values (?, 'octocat', 'github', ?, 'repo, user:email', 'secret', ?, ?)`, id, user.id, at, at));
  return id;
};

export default [
  {
    name: "are listed without their secrets",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.member("grace");
      await list(browser);
      await link(app, browser.user, "second");
      await list(browser, "list accounts");
      await list(app.program());
    },
  },
  {
    name: "are unlinked one by one, but not the last",
    alone: true,
    async run(app) {
      const browser = await app.member();
      const stranger = await app.member("grace");
      const [{ id }] = (await list(browser)).json;
      await unlink(browser, { accountId: id });
      await unlink(browser, { accountId: "unknown" }, "unlink order");
      await link(app, browser.user, "second");
      await unlink(stranger, { accountId: "second" }, "unlink foreign");
      await unlink(browser, { accountId: "unknown" });
      await unlink(browser, { accountId: "octocat" });
      await unlink(browser, { accountId: "second" });
      await list(browser);
      await unlink(app.program(), { accountId: "second" });
      for (const body of [{}, { accountId: 5 }, { accountId: null }, []]) await unlink(app.program(), body);
    },
  },
  {
    name: "may all be unlinked where that is allowed",
    settings: { account: { accountLinking: { allowUnlinkingAll: true } } },
    async run(app) {
      const browser = await app.member();
      const [{ id }] = (await list(browser)).json;
      await unlink(browser, { accountId: id }, "unlink all");
      await list(browser, "unlink all");
      await unlink(browser, { accountId: id }, "unlink all");
    },
  },
  {
    name: "are unlinked in a fresh session only",
    alone: true,
    async run(app) {
      const browser = await app.member();
      await app.meddle((db) => db.run('update session set "createdAt" = ?', new Date(Date.now() - 86_460_000).toISOString()));
      await unlink(browser, { accountId: "x" });
      await list(browser);
    },
  },
  {
    name: "are listed and unlinked by the official client",
    async run(app) {
      const browser = await app.member();
      const rule = "client accounts";
      const { data } = await browser.call((client) => client.listAccounts(), { rule });
      await browser.call((client) => client.unlinkAccount({ accountId: data[0].id }), { rule });
    },
  },
];
