import { ForSignedIn, useSession } from "@vestibule-auth/client/react";
import { Navigate, Outlet, useLocation } from "react-router";
import { askNext, nextOf } from "./next";

/** The pages of an account. Whoever is not signed in goes to do so, and comes back. */
export function SignedInOnly() {
  const { pathname, search } = useLocation();
  return (
    <ForSignedIn otherwise={<Navigate to={`/signin${askNext(pathname + search)}`} replace />}>
      <Outlet />
    </ForSignedIn>
  );
}

/** The ways in. Whoever is in goes where they wanted to, and whoever has begun to sign in goes on with that. */
export function SignedOutOnly() {
  const session = useSession();
  const { search } = useLocation();
  switch (session.status) {
    case "signed-in":
      return <Navigate to={nextOf(search)} replace />;
    case "waiting":
      return <Navigate to={`/continue${search}`} replace />;
    default:
      return <Outlet />;
  }
}
