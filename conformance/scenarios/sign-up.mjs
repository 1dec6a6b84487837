// POST /sign-up/email
import { PASSWORD } from "../harness/app.mjs";
import { exchange } from "../harness/http.mjs";

const PATH = "/sign-up/email";
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** A body that is fine, with `over` laid upon it. */
const person = (app, over = {}) => ({ name: "Ada", email: app.email("ada"), password: PASSWORD, ...over });
const signUp = (app, over, rule) => app.program().send("POST", PATH, { body: person(app, over), rule });

/** The stored user without what differs from run to run. */
const storedUser = (app, email) =>
  app.row('select * from "user" where email = ?', email);

export default [
  {
    name: "makes a user and signs them in",
    async run(app) {
      const { json } = await signUp(app, { email: app.email("ADA").toUpperCase() }, "sign-up lower-cases");
      app.note("user", await storedUser(app, json.user.email), "sign-up rows");
      const account = await app.row('select * from account where "userId" = ?', json.user.id);
      const { password, ...rest } = account;
      app.note("account", rest, "sign-up rows");
      app.note("password", /^[0-9a-f]{32}:[0-9a-f]{128}$/.test(password) ? "salt:key" : password, "sign-up rows");
      app.note("accountId is the user's id", account.accountId === json.user.id, "sign-up rows");
    },
  },
  {
    name: "keeps the image",
    async run(app) {
      const rule = "sign-up image";
      const images = ["https://example.com/a.png", "", "javascript:x", null, undefined];
      for (const [index, image] of images.entries()) await signUp(app, { email: app.email(`i${index}`), image }, rule);
    },
  },
  {
    name: "takes the empty name",
    async run(app) {
      await signUp(app, { name: "", email: app.email("empty") }, "sign-up empty name");
      await signUp(app, { name: "  ", email: app.email("blank") }, "sign-up empty name");
    },
  },
  {
    name: "ignores core and unknown members",
    async run(app) {
      const members = [{ id: "chosen" }, { emailVerified: true }, { createdAt: "2000-01-01T00:00:00.000Z" }, { unknown: 1 }];
      for (const [index, over] of members.entries()) {
        await signUp(app, { email: app.email(`m${index}`), ...over }, "sign-up core members");
      }
      await signUp(app, { email: app.email("all"), ...Object.assign({}, ...members) }, "sign-up core members");
    },
  },
  {
    name: "refuses members that only an administrator may set",
    async run(app) {
      for (const over of [{ role: "admin" }, { banReason: "x" }, { banExpires: "2030-01-01" }, { role: "admin", banReason: "x" }]) {
        await signUp(app, over);
      }
      for (const [index, role] of [null, "", 0, false].entries()) await signUp(app, { email: app.email(`falsy${index}`), role }, "sign-up role falsy");
      await signUp(app, { role: [] });
      await signUp(app, { role: 5 });
      await signUp(app, { email: app.email("banned"), banned: true }, "sign-up core members");
    },
  },
  {
    name: "refuses a taken address in any case",
    async run(app) {
      await signUp(app);
      await signUp(app);
      await signUp(app, { email: app.email("Ada") });
      await signUp(app, { password: "short" }, "sign-up order short taken");
      await signUp(app, { role: "admin" });
    },
  },
  {
    name: "makes one user of several at once",
    async run(app) {
      const send = () => exchange(app.origin, "POST", "/api/auth/sign-up/email", { body: person(app) });
      const answers = await Promise.all(Array.from({ length: 6 }, send));
      const statuses = answers.map(({ status }) => status).sort().join(" ");
      app.note("statuses", statuses, "sign-up at once");
      app.note("users", (await app.row('select count(*) as n from "user" where email = ?', app.email("ada"))).n, "sign-up at once");
    },
  },
  {
    name: "judges the callbackURL first and then forgets it",
    async run(app) {
      await signUp(app, { email: app.email("relative"), callbackURL: "/welcome" }, "sign-up callbackURL");
      await signUp(app, { email: app.email("empty"), callbackURL: "" }, "sign-up callbackURL");
      await signUp(app, { callbackURL: "https://evil.example" });
      await signUp(app, { callbackURL: "https://evil.example", password: "" }, "sign-up order callback body");
      for (const callbackURL of [5, true, [], {}]) await signUp(app, { callbackURL });
    },
  },
  {
    name: "accepts a form",
    async run(app) {
      const form = (over) => new URLSearchParams(person(app, over)).toString();
      const visitor = app.program();
      await visitor.send("POST", PATH, { headers: FORM, body: form(), rule: "sign-up form" });
      await visitor.send("POST", PATH, { headers: FORM, body: form({ rememberMe: "false" }), rule: "sign-up form" });
    },
  },
  {
    name: "cannot be brought to say INVALID_EMAIL or INVALID_PASSWORD",
    async run(app) {
      await signUp(app, { email: "nobody" }, "sign-up INVALID_EMAIL");
      await signUp(app, { password: undefined }, "sign-up INVALID_PASSWORD");
      await signUp(app, { password: 5 }, "sign-up INVALID_PASSWORD");
    },
  },
  {
    name: "judges e-mail addresses alike",
    async run(app) {
      const addresses = [
        ["accepted", ["a+b", "o'neil", "'a", "a_b", "_", "-a", "a-", "+", "A.B"].map((local) => `${local}@ex.com`)],
        ["domains", ["a@b.co", "a@1.co", "a@b-.co", "a@b.c.d.ef", "a@ex.COM", "a@xn--exmple-cua.com"]],
        ["refused", ["a'", "é", "a..b", ".a", "a.", "a b", " a", '"a"', "a!b", "a#b", "a%b", "a&b", "a/b", "a=b", ""].map((local) => `${local}@ex.com`)],
        ["refused domains", ["a@b", "a@b.c", "a@-b.co", "a@b..co", "a@ex.c0m", "a@[1.2.3.4]", "a@ex_a.com", "a@@ex.com", "a@ex.com.", "a@exämple.com", "a@", "a@ex.com ", "a@ex.com\n", "\u0130@ex.com", "a\u0000@ex.com", ""]],
      ];
      for (const [kind, list] of addresses) {
        for (const address of list) {
          const { status, json } = await app.program().send("POST", "/sign-in/email", { body: { email: address, password: PASSWORD }, rule: "e-mail syntax" });
          app.note(`${kind} ${JSON.stringify(address)}`, `${status} ${json?.code}`);
        }
      }
      for (const email of ["A+b'c_D-e@Sub.Example.COM", "é@ex.com", "a@exämple.com", "a@b.c"]) await signUp(app, { email }, "e-mail syntax");
    },
  },
  {
    name: "counts passwords in UTF-16 units",
    async run(app) {
      const passwords = ["a", "1234567", "12345678", "😀".repeat(3) + "a", "😀".repeat(4), " ".repeat(8), "a".repeat(128), "a".repeat(129), "😀".repeat(64), "😀".repeat(65), "a".repeat(20_000)];
      for (const [index, password] of passwords.entries()) {
        const email = app.email(`p${index}`);
        await signUp(app, { email, password }, "password length");
        const { status } = await app.program().send("POST", "/sign-in/email", { body: { email, password }, rule: "password length" });
        app.note(`sign-in with password ${index}`, status);
      }
    },
  },
  {
    name: "gives no session before verification",
    settings: { emailAndPassword: { requireEmailVerification: true } },
    alone: true,
    async run(app) {
      await signUp(app, {}, "sign-up verification");
      await signUp(app, { name: "Mallory", password: "another password", image: "i" }, "sign-up verification taken");
      await signUp(app, { password: "short" }, "sign-up verification taken");
      await signUp(app, { unknown: 5 }, "sign-up verification taken");
      await signUp(app, { role: "admin" }, "sign-up verification taken");
      app.note("users", await app.rows('select name from "user"'), "sign-up verification taken");
      app.note("sessions", (await app.row("select count(*) as n from session")).n, "sign-up verification");
    },
  },
  {
    name: "gives no session with autoSignIn off",
    settings: { emailAndPassword: { autoSignIn: false } },
    async run(app) {
      await signUp(app, {}, "sign-up autoSignIn off");
      await signUp(app, { name: "Mallory" }, "sign-up autoSignIn off");
      await app.program().send("POST", "/sign-in/email", { body: person(app), rule: "sign-up autoSignIn off" });
    },
  },
  {
    name: "is closed with disableSignUp",
    settings: { emailAndPassword: { disableSignUp: true } },
    async run(app) {
      await signUp(app);
      await signUp(app, { email: "nobody", password: "" }, "sign-in body order");
      await app.program().send("POST", "/sign-in/email", { body: person(app) });
    },
  },
  {
    name: "is closed with e-mail and password off",
    settings: { emailAndPassword: { enabled: false } },
    async run(app) {
      await signUp(app);
      await app.program().send("POST", "/sign-in/email", { body: person(app) });
      await app.program().send("POST", "/sign-in/email", { body: {}, rule: "sign-in body order" });
    },
  },
  {
    name: "says what the database made impossible, and leaves nothing behind",
    alone: true,
    async run(app) {
      const failures = [
        ["user", "raise"],
        ["user", "ignore"],
        ["account", "raise"],
        ["session", "raise"],
        ["session", "ignore"],
      ];
      for (const [table, how] of failures) {
        await app.meddle((db) => db.refuse(table, "insert", how));
        const email = app.email(`${table}-${how}`);
        await signUp(app, { email });
        app.note(`user left, ${table} ${how}`, (await storedUser(app, email)) !== undefined, "sign-up rolls back");
        await app.meddle((db) => db.relent());
      }
    },
  },
];
