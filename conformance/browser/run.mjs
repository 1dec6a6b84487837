// The to-do example and the browser helper in a real browser. `node browser/run.mjs [PART]...` runs some parts only.
import { launch, pictureOfFailure } from "./chromium.mjs";
import { lostReply, offline, renewals, restart, rotation, sleep, suspended } from "./renewals.mjs";
import { crossOrigin, openNeighbours, policy, storage } from "./secrecy.mjs";
import { openSite } from "./site.mjs";
import { LIFETIME } from "./tabs.mjs";
import { tour } from "./tour.mjs";

/** The rotation comes last: from then on the site has another secret. */
const PARTS = { tour, renewals, sleep, offline, lostReply, restart, suspended, storage, policy, crossOrigin, rotation };

const chosen = process.argv.slice(2);
const chromium = await launch();
const neighbours = await openNeighbours();
const site = await openSite({ token: { lifetime: LIFETIME }, trustedOrigins: [neighbours.trusted.origin] });
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (chosen.length && !chosen.includes(name)) continue;
    const begin = Date.now();
    await part(site, chromium, neighbours);
    console.log(`${name}: as expected (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  }
  console.log("pictures of every page are in target/screenshots/");
} catch (error) {
  await pictureOfFailure(chromium);
  throw error;
} finally {
  await chromium.close();
  await site.close();
  neighbours.close();
}
