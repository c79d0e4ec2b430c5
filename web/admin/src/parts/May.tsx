import type { ReactNode } from "react";
import { type Permission, useMay } from "../session/me";

/** Shows something to those who may do it. */
export function May({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay()(permission) ? children : null;
}
