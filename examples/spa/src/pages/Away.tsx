import { Failure } from "../parts/Failure";
import { Page } from "../parts/Page";

/** In the place of every page while the server does not answer. */
export function Away({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <Page title="The server is away">
      <Failure error={error} />
      <button type="button" className="primary" onClick={retry}>
        Try again
      </button>
    </Page>
  );
}
