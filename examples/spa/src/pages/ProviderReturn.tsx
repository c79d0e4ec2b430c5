import { Navigate, useLocation } from "react-router";
import { ProviderError } from "./ProviderError";

/** Where somebody comes back to who went to a provider. What came of it, the session tells; what did not, the address. */
export function ProviderReturn() {
  const { search } = useLocation();
  const query = new URLSearchParams(search);
  const error = query.get("error");
  if (error) {
    return <ProviderError why={error} process={query.get("error_process") ?? "login"} />;
  }
  return <Navigate to={`/continue${search}`} replace />;
}
