import { Tooltip } from "@mantine/core";
import { ago } from "./words";

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** When something happened or will: how long ago, and exactly where it is pointed at. */
export function Time(props: {
  at: string | null | undefined;
  none?: string;
  /** Within a link or a button, which is where the keyboard stops. */
  plain?: boolean;
}) {
  const { at, none = "never" } = props;
  if (!at) {
    return <>{none}</>;
  }
  const then = new Date(at);
  if (props.plain) {
    return (
      <time dateTime={at} title={exact.format(then)}>
        {ago(then)}
      </time>
    );
  }
  return (
    <Tooltip label={`${exact.format(then)} (${at})`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be there for the keyboard, too */}
      <time dateTime={at} tabIndex={0}>
        {ago(then)}
      </time>
    </Tooltip>
  );
}
