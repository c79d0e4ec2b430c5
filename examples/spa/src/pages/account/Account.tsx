import { useConfig } from "@vestibule-auth/client/react";
import { NavLink, Outlet } from "react-router";

/** The pages of an account, with what leads from one to the other. What the tenant does not offer is left out. */
export function Account() {
  const config = useConfig();
  const types = config?.mfa.supported_types ?? [];
  const pages = [
    { to: "addresses", name: "Addresses", offered: true },
    { to: "phone", name: "Phone", offered: config?.account.login_methods.includes("phone") },
    { to: "password", name: "Password", offered: true },
    { to: "passkeys", name: "Passkeys and keys", offered: types.includes("webauthn") },
    { to: "app", name: "Authenticator app", offered: types.includes("totp") },
    { to: "recovery-codes", name: "Recovery codes", offered: types.includes("recovery_codes") },
    { to: "connected", name: "Connected accounts", offered: (config?.socialaccount.providers ?? []).length > 0 },
    { to: "sessions", name: "Sessions", offered: true },
  ];
  return (
    <div className="account">
      <nav aria-label="Account">
        {pages
          .filter((page) => page.offered)
          .map((page) => (
            <NavLink key={page.to} to={page.to}>
              {page.name}
            </NavLink>
          ))}
      </nav>
      <Outlet />
    </div>
  );
}
