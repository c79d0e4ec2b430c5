import "./style.css";
import { Vestibule } from "@vestibule-auth/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./App";
import { client } from "./client";
import { Prove } from "./Prove";
import { Teller } from "./tell";

const root = document.getElementById("root");
if (!root) {
  throw new Error("the page has no root");
}
createRoot(root).render(
  <StrictMode>
    <BrowserRouter>
      <Teller>
        <Vestibule client={client} prove={(asked) => <Prove {...asked} />}>
          <App />
        </Vestibule>
      </Teller>
    </BrowserRouter>
  </StrictMode>,
);
