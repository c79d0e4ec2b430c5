import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.VESTIBULE_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react()],
  // The client is a folder beside this one, with a React of its own for its tests. A page has one React.
  resolve: { dedupe: ["react", "react-dom"] },
  // The server fills in the nonce, anew for each page, and names it in its Content-Security-Policy.
  html: { cspNonce: "__NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // npm run dev works against a running server. To the browser, both are one origin, as cookies need it.
  server: { proxy: { "/_allauth": server, "/dev": server } },
});
