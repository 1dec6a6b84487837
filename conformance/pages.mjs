// The hosted pages in a real browser: a whole visit, once without scripts and once with them; every page looked at by axe, tried
// with the keyboard, and pictured in light, dark and on a phone, in target/screenshots/.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { launch } from "./browser/chromium.mjs";
import { startIdentityProvider } from "./harness/identity-provider.mjs";
import { startOurs } from "./ours.mjs";
import { ADDRESSES, addresses, unconfirmed } from "./pages/addresses.mjs";
import { providers, withProviders } from "./pages/providers.mjs";
import { brand, languages, visit } from "./pages/visits.mjs";

const SECRET = "Hq7Zt2Wm9Xc4Vb6Ln1Kp8Sd3Fg5Jr0Ty";
const directory = mkdtempSync(join(tmpdir(), "pages-"));
const browser = await launch();

/** Does something with a server of its own. */
async function withServer(settings, act) {
  const server = await startOurs({ secret: SECRET, directory: mkdtempSync(join(directory, "server-")), settings });
  try {
    await act(server.origin);
  } finally {
    await server.stop();
  }
}

/** A provider of identities, and a server whose pages lead there. */
async function atProviders() {
  const provider = await startIdentityProvider();
  try {
    await withServer(withProviders(provider.origin), async (origin) => {
      for (const javaScriptEnabled of [false, true]) {
        await providers(browser, origin, provider.origin, { javaScriptEnabled });
        console.log(`identity providers, with scripts ${javaScriptEnabled ? "on" : "off"}: as expected`);
      }
    });
  } finally {
    await provider.stop();
  }
}

try {
  await withServer({}, async (origin) => {
    for (const javaScriptEnabled of [false, true]) {
      await visit(browser, origin, { javaScriptEnabled });
      console.log(`a whole visit with scripts ${javaScriptEnabled ? "on" : "off"}: as expected`);
    }
    await unconfirmed(browser, origin);
    await languages(browser, origin);
    console.log("German and French: as expected");
  });
  await withServer(ADDRESSES, async (origin) => {
    for (const javaScriptEnabled of [false, true]) {
      await addresses(browser, origin, { javaScriptEnabled });
      console.log(`an address shown to be one's own and another, with scripts ${javaScriptEnabled ? "on" : "off"}: as expected`);
    }
  });
  await atProviders();
  await brand(withServer, browser, directory);
  console.log("a brand of one's own: as expected");
  console.log("axe and the keyboard find nothing wrong; pictures of every page are in target/screenshots/");
} finally {
  await browser.close();
  rmSync(directory, { recursive: true, force: true });
}
