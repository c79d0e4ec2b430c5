import { type Line, sh } from "../../parts/sh";

export const tabs = ["overview", "ways", "sessions", "metadata", "history"] as const;
export type Tab = (typeof tabs)[number];

/** The commands that do what a tab does. */
export function commandsOf(tab: Tab, slug: string, id: string): Line[] {
  const tenant = sh`--tenant ${slug}`;
  switch (tab) {
    case "overview":
      return [
        sh`admin user show ${id} ${tenant}`,
        sh`admin user patch ${id} ${tenant} --name NAME --username USERNAME`,
        sh`admin user email add ${id} ADDRESS ${tenant}`,
        sh`admin user email verify ${id} ADDRESS ${tenant}`,
        sh`admin user phone set ${id} NUMBER ${tenant}`,
        sh`admin user deactivate ${id} ${tenant}`,
        sh`admin user delete ${id} ${tenant} --yes`,
        sh`admin user export ${id} ${tenant}`,
      ];
    case "ways":
      return [
        sh`admin user password ${id} ${tenant} --password-file -`,
        sh`admin user reset ${id} ${tenant}`,
        sh`admin user factors ${id} ${tenant}`,
        sh`admin user remove-factor ${id} --all ${tenant} --yes`,
        sh`admin user disconnect ${id} PROVIDER UID ${tenant} --yes`,
      ];
    case "sessions":
      return [sh`admin user sessions ${id} ${tenant}`, sh`admin user end-sessions ${id} ${tenant} --yes`];
    case "metadata":
      return [
        sh`admin user patch ${id} ${tenant} --metadata-public FILE`,
        sh`admin user patch ${id} ${tenant} --metadata-private FILE`,
      ];
    case "history":
      return [sh`admin audit list ${tenant} --user ${id}`];
  }
}
