import react from "@vitejs/plugin-react";
import { build, defineConfig, type Plugin } from "vite";
import { classesIn, withoutUnused } from "./build/unused.ts";

/**
 * Leaves Mantine's styles out that are for parts which are not in the build. Which those are shows in the scripts of a build that is made
 * first and thrown away: taking them out of the finished one would change what is in a file and not its name, by which browsers keep it.
 */
function leaner(): Plugin {
  let used = new Set<string>();
  return {
    name: "leaner-styles",
    apply: "build",
    enforce: "pre",
    async buildStart() {
      const made = await build({ mode: learning, logLevel: "error", build: { write: false, minify: false } });
      const files = [made].flat().flatMap((one) => ("output" in one ? one.output : []));
      used = classesIn(files.map((f) => (f.type === "chunk" ? f.code : "")).join("\n"));
    },
    transform: {
      filter: { id: /\/@mantine\/.*\.css$/ },
      handler: (code) => ({ code: withoutUnused(code, used), map: null }),
    },
  };
}

const learning = "learning";

// The server fills in the nonce, anew for each page, and names it in its Content-Security-Policy.
export default defineConfig(({ mode }) => ({
  plugins: [react(), mode !== learning && leaner()],
  html: { cspNonce: "__NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs would need an exception in the policy
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: {
      checks: { pluginTimings: false }, // the build that is made first is most of it
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
}));
