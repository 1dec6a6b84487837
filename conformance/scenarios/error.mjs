// The page a browser is sent to when something failed on the way: GET /error
const ask = (app, query, rule) => app.program().send("GET", `/error${query}`, { rule });

export default [
  {
    name: "shows a page with a code",
    async run(app) {
      await ask(app, "", "error page");
      await ask(app, "?error=INVALID_TOKEN", "error page");
      await ask(app, "?error=%3Cscript%3E&error_description=%3Cb%3E", "error page");
      for (const method of ["POST", "HEAD"]) await app.program().send(method, "/error", { rule: "error method" });
    },
  },
  {
    name: "sends on to a page of one's own",
    settings: { onAPIError: { errorURL: "https://app.example/oops?a=b" } },
    async run(app) {
      await ask(app, "", "error elsewhere");
      await ask(app, "?error=access_denied&error_description=d%20e%26f&state=x", "error elsewhere");
      await ask(app, "?error=a%20b", "error elsewhere");
    },
  },
  {
    name: "sends on to a path",
    settings: { onAPIError: { errorURL: "/oops" } },
    async run(app) {
      await ask(app, "?error=access_denied", "error elsewhere");
    },
  },
];
