// The official client, as an application uses it.
import { PASSWORD } from "../harness/app.mjs";

export default [
  {
    name: "signs up, is signed in, signs out",
    async run(app) {
      const browser = app.browser();
      const email = app.email("ada");
      await browser.call((client) => client.signUp.email({ name: "Ada", email, password: PASSWORD }), { rule: "client sign-up" });
      await browser.call((client) => client.getSession(), { rule: "client sign-up" });
      await browser.call((client) => client.signOut(), { rule: "client sign-out" });
      await browser.call((client) => client.getSession(), { rule: "client sign-out" });
    },
  },
  {
    name: "signs in with and without being remembered",
    async run(app) {
      const { email } = await app.member();
      for (const rememberMe of [undefined, true, false]) {
        const browser = app.browser();
        await browser.call((client) => client.signIn.email({ email, password: PASSWORD, rememberMe }), { rule: "client sign-in" });
        await browser.call((client) => client.getSession(), { rule: "client sign-in" });
      }
    },
  },
  {
    name: "receives errors as it expects them",
    async run(app) {
      const browser = app.browser();
      const email = app.email("nobody");
      const rule = "client errors";
      await browser.call((client) => client.signIn.email({ email, password: PASSWORD }), { rule });
      await browser.call((client) => client.signUp.email({ name: "A", email: "no address", password: PASSWORD }), { rule });
      await browser.call((client) => client.signUp.email({ name: "A", email, password: "short" }), { rule });
      await browser.call((client) => client.listSessions(), { rule });
      await browser.call((client) => client.updateUser({ name: "B" }), { rule });
      await browser.call((client) => client.$fetch("/nothing-here"), { rule });
    },
  },
  {
    name: "lists and revokes sessions",
    async run(app) {
      const first = await app.member();
      const second = app.browser();
      const third = app.browser();
      for (const browser of [second, third]) {
        await browser.call((client) => client.signIn.email({ email: first.email, password: PASSWORD }), { rule: "client sessions" });
      }
      const listed = await first.call((client) => client.listSessions(), { rule: "client sessions" });
      await first.call((client) => client.revokeSession({ token: listed.data[1].token }), { rule: "client sessions" });
      await second.call((client) => client.getSession());
      await first.call((client) => client.revokeOtherSessions(), { rule: "client sessions" });
      await third.call((client) => client.getSession());
      await first.call((client) => client.revokeSessions(), { rule: "client sessions" });
      await first.call((client) => client.getSession());
    },
  },
  {
    name: "changes the user and the password",
    async run(app) {
      const browser = await app.member();
      const rule = "client user";
      await browser.call((client) => client.updateUser({ name: "Augusta", image: "https://example.com/a.png" }), { rule });
      await browser.call((client) => client.getSession(), { rule });
      const change = { currentPassword: PASSWORD, newPassword: "another password" };
      await browser.call((client) => client.changePassword(change), { rule });
      await browser.call((client) => client.changePassword({ ...change, revokeOtherSessions: true }), { rule });
      const back = { currentPassword: "another password", newPassword: PASSWORD, revokeOtherSessions: true };
      await browser.call((client) => client.changePassword(back), { rule });
      await browser.call((client) => client.getSession(), { rule });
    },
  },
  {
    name: "gets a token",
    async run(app) {
      const browser = await app.member();
      await browser.call((client) => client.token(), { rule: "client token" });
      await app.browser().call((client) => client.token(), { rule: "client token" });
    },
  },
  {
    name: "works with a bearer token and no cookies",
    async run(app) {
      const { answer, email } = await app.member();
      const rule = "client bearer";
      const bearer = app.bearer(answer.headers["set-auth-token"]);
      await bearer.call((client) => client.getSession(), { rule });
      await bearer.call((client) => client.updateUser({ name: "Augusta" }), { rule });
      await bearer.call((client) => client.getSession(), { rule });
      await bearer.call((client) => client.listSessions(), { rule });
      await bearer.call((client) => client.token(), { rule });
      const change = { currentPassword: PASSWORD, newPassword: "another password" };
      await bearer.call((client) => client.changePassword(change), { rule });
      await bearer.call((client) => client.revokeOtherSessions(), { rule });
      await bearer.call((client) => client.signOut(), { rule });
      await bearer.call((client) => client.getSession(), { rule });
      const again = app.program();
      await again.call((client) => client.signIn.email({ email, password: "another password" }), { rule });
    },
  },
];
