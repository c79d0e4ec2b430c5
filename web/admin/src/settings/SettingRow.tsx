// The frame of one setting: what it is called and means, what it is by default, what is wrong with it, and its control.
import { Anchor, Text, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useEffect, useId, useRef } from "react";
import "./settings.css";
import type { Draft } from "./draft";
import { same, valueAt } from "./patch";

/** What a control needs to be tied to its words. */
export interface Ids {
  id: string;
  labelId: string;
  describedBy: string;
  /** Whether something is wrong with the value. */
  invalid: boolean;
}

export interface SettingRowProps {
  draft: Draft;
  /** Where it is in the draft: config.account.login_methods, or hosts. */
  at: string;
  label: string;
  description?: ReactNode;
  /** What it is unless it is set, in words; none where that goes without saying. */
  fallback?: string;
  /** The control below the words, over the whole width. */
  wide?: boolean;
  kind?: "switch";
  /** Words for several controls rather than for one. */
  group?: boolean;
  readOnly?: boolean;
  children: (ids: Ids) => ReactNode;
}

/** What is wrong at a place and below it, as one text. */
export function faultAt(faults: Record<string, string>, at: string): string {
  return Object.entries(faults)
    .filter(([where]) => where === at || where.startsWith(`${at}.`) || where.startsWith(`${at}[`))
    .map(([where, message]) => `${where.slice(at.length).replace(/^\./, "")} ${message}`.trim())
    .join("; ");
}

export function SettingRow(props: SettingRowProps) {
  const { draft, at, label, readOnly } = props;
  const id = useId();
  const path = at.split(".");
  const saved = valueAt(draft.base, path);
  const value = valueAt(draft.mine, path);
  const changed = !same(saved, value);
  const fault = faultAt(draft.faults, at);
  const name = at.replace(/^config\./, "");
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (window.location.hash.slice(1) === name) {
      row.current?.scrollIntoView({ block: "center" }); // the address names it, and it was not there yet when the page came
    }
  }, [name]);
  const ids = {
    id: `${id}control`,
    labelId: `${id}label`,
    describedBy: fault ? `${id}words ${id}fault` : `${id}words`,
    invalid: fault !== "",
  };
  return (
    <div
      ref={row}
      className="setting"
      id={name}
      data-changed={changed || undefined}
      data-kind={props.kind}
      data-wide={props.wide || undefined}
      {...(props.group && { role: "group", "aria-labelledby": ids.labelId, "aria-describedby": ids.describedBy })}
    >
      <div className="setting-grid">
        <div className="setting-words">
          {props.group ? (
            <Text size="sm" fw={550} id={ids.labelId}>
              {label}
            </Text>
          ) : (
            <Text size="sm" fw={550} component="label" htmlFor={ids.id} id={ids.labelId} display="inline-block">
              {label}
            </Text>
          )}
          <Text size="xs" c="dimmed" component="div" id={`${id}words`}>
            {props.description}
          </Text>
          <div className="setting-foot">
            <code className="code">{name}</code>
            {value === undefined && props.fallback !== undefined && (
              <span className="foreign">Default: {props.fallback}</span>
            )}
            {value !== undefined && !readOnly && props.fallback !== undefined && (
              <Anchor component="button" type="button" onClick={() => draft.set(at, undefined)} className="foreign">
                Back to the default<VisuallyHidden component="span"> of {label}</VisuallyHidden> ({props.fallback})
              </Anchor>
            )}
            {changed && !readOnly && (
              <Anchor component="button" type="button" onClick={() => draft.set(at, saved)}>
                Undo<VisuallyHidden component="span"> the change of {label}</VisuallyHidden>
              </Anchor>
            )}
          </div>
        </div>
        <div>{props.children(ids)}</div>
        {fault && (
          <div className="setting-fault" id={`${id}fault`} role="alert">
            {fault}
          </div>
        )}
      </div>
    </div>
  );
}
