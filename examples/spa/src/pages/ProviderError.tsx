import { Link } from "react-router";
import { Page } from "../parts/Page";

/** Where the server sends whoever came back from a provider without having signed in there. */
export function ProviderError() {
  return (
    <Page title="That sign-in did not work" lead="The other service did not say who you are. Nothing was changed.">
      <p>
        <Link className="button primary" to="/signin">
          Try again
        </Link>
      </p>
    </Page>
  );
}
