import { Link, useLocation } from "react-router";
import { Page } from "../parts/Page";

/** What the server says when nothing came of it, in words. */
const words: Record<string, string> = {
  cancelled: "You left the other service before it said who you are.",
  signup_closed: "There is no account for you here, and nobody can sign up at the moment.",
  connected_other: "That account is connected to somebody else's here already.",
  reauthentication_required: "Too much time has passed since you proved who you are. Do that first, then try again.",
  rate_limited: "Too many sign-ins came from your network. Wait a minute, then try again.",
  permission_denied: "You were signed out meanwhile. Sign in, then try again.",
};

interface ProviderErrorProps {
  why?: string;
  process?: string;
}

/** Where the server sends whoever came back from a provider without what they went for. */
export function ProviderError({ why, process }: ProviderErrorProps) {
  const query = new URLSearchParams(useLocation().search);
  const reason = why ?? query.get("error") ?? "";
  const connects = (process ?? query.get("error_process")) === "connect";
  return (
    <Page
      title={connects ? "That account was not connected" : "That sign-in did not work"}
      lead={words[reason] ?? "The other service did not say who you are. Nothing was changed."}
    >
      <p>
        <Link className="button primary" to={connects ? "/account/connected" : "/signin"}>
          Try again
        </Link>
      </p>
    </Page>
  );
}
