import { Link } from "react-router";
import { Page } from "../parts/Page";

export function NotFound() {
  return (
    <Page title="There is no such page" lead="The address is mistyped, or the page has moved.">
      <p>
        <Link to="/">To the first page</Link>
      </p>
    </Page>
  );
}
