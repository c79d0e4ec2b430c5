import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";

const Context = createContext<(text: string) => void>(() => {});

/** Tells the visitor something in passing: `const tell = useTell(); tell("Saved.")`. It outlives the page that told it. */
export const useTell = () => useContext(Context);

const shown = 6_000; // milliseconds

export function Teller({ children }: { children: ReactNode }) {
  const [told, setTold] = useState({ text: "", at: 0 });
  const tell = useCallback((text: string) => setTold({ text, at: Date.now() }), []);
  useEffect(() => {
    if (told.text) {
      const timer = setTimeout(() => setTold({ text: "", at: 0 }), shown);
      return () => clearTimeout(timer);
    }
  }, [told]);
  return (
    <Context.Provider value={tell}>
      {children}
      <div className="told" role="status">
        {told.text && <p>{told.text}</p>}
      </div>
    </Context.Provider>
  );
}
