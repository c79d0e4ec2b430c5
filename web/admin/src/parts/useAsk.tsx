import { type ReactNode, useState } from "react";
import { Confirm } from "./Confirm";

interface Question {
  title: string;
  text: ReactNode;
  action: string;
  danger?: boolean;
  typed?: string;
  run: () => Promise<unknown>;
}

const nothing: Question = { title: "", text: "", action: "", run: async () => {} };

/** A dialog that asks before an act, for screens with many of them: put the dialog somewhere, and call ask. */
export function useAsk(): [ReactNode, (question: Question) => void] {
  const [question, setQuestion] = useState(nothing);
  const [opened, setOpened] = useState(false);
  // There from the beginning: a dialog that comes opened does not know where the focus goes back to.
  const dialog = (
    <Confirm
      opened={opened}
      close={() => setOpened(false)}
      title={question.title}
      action={question.action}
      danger={question.danger}
      typed={question.typed}
      run={question.run}
    >
      {question.text}
    </Confirm>
  );
  return [
    dialog,
    (q) => {
      setQuestion(q);
      setOpened(true);
    },
  ];
}
