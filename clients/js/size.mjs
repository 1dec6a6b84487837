// What the helper costs a page: each entry minified, with everything it imports of ours, and compressed.
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

/** Bytes of the core, compressed, that may not be exceeded. */
const LIMIT = 3_400;

for (const entry of ["index", "native", "plugin", "react", "refusals", "server"]) {
  const { outputFiles } = await build({
    entryPoints: [`src/${entry}.ts`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["react"],
    write: false,
  });
  const code = outputFiles[0].contents;
  const compressed = gzipSync(code, { level: 9 }).length;
  console.log(`${entry.padEnd(8)} ${String(code.length).padStart(6)} bytes, ${String(compressed).padStart(5)} compressed`);
  if (entry === "index" && compressed > LIMIT) throw new Error(`the core is larger than ${LIMIT} bytes`);
}
