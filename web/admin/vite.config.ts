import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server fills in the nonce, anew for each page, and names it in its Content-Security-Policy.
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: "__NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs would need an exception in the policy
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        // What changes seldom has files of its own, which browsers keep across versions.
        manualChunks: (id) => {
          if (/node_modules\/(react|react-dom|scheduler)\//.test(id)) return "react";
          if (/node_modules\/@tanstack\//.test(id)) return "tanstack";
          if (/node_modules\/(@codemirror|@lezer|crelt|style-mod|w3c-keyname|@marijn)\//.test(id)) return "editor";
          return undefined;
        },
      },
    },
  },
  server: {
    // npm run dev works against a running server: its cookies are of this host, whatever the port.
    proxy: {
      "/admin/v1": "http://localhost:9090",
      "/_allauth": "http://localhost:9090",
      "/readyz": "http://localhost:9090",
    },
  },
});
