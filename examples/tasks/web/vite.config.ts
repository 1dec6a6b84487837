import { defineConfig } from "vite";

/** Where `npm run dev` finds the API: `cargo run -p countersign-tasks`. */
const API = "http://localhost:3000";

export default defineConfig({
  base: "/app/",
  esbuild: { jsx: "automatic" },
  resolve: { dedupe: ["react"] },
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // The server believes the origin it is asked from; the page of `npm run dev` is another, unless it is listed
  // (BETTER_AUTH_TRUSTED_ORIGINS=http://localhost:5173).
  server: { port: 5173, strictPort: true, proxy: { "/api": API, "/tasks": API } },
});
