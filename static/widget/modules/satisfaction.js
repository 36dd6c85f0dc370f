// The satisfaction question: a score from 1 to 5, and words.

import { field, h } from "./dom.js";
import { sends } from "./sending.js";

const SCORES = ["Very poor", "Poor", "Fair", "Good", "Excellent"];

function choice(score) {
  const input = h("input", { type: "radio", name: "score", value: score, id: `score-${score}`, required: true });
  return h(
    "span",
    { class: "score" },
    input,
    h(
      "label",
      { for: `score-${score}`, title: SCORES[score - 1] },
      String(score),
      h("span", { class: "hidden" }, `: ${SCORES[score - 1]}`),
    ),
  );
}

export function satisfaction(panel, signal, found, refresh) {
  if (found.survey) {
    return h(
      "p",
      { class: "notice good" },
      `Thank you. You gave ${found.survey.score} of 5 (${SCORES[found.survey.score - 1]}).`,
    );
  }
  const words = h("textarea", { rows: 2 });
  const error = h("p", { class: "error", id: "e-score", hidden: true });
  const form = h(
    "form",
    { class: "notice ask", novalidate: true },
    h(
      "fieldset",
      {},
      h("legend", {}, "How did we do?"),
      h(
        "div",
        {
          class: "scores",
          role: "radiogroup",
          "aria-label": "From 1, very poor, to 5, excellent",
          "aria-describedby": "e-score",
        },
        [1, 2, 3, 4, 5].map(choice),
      ),
      h("p", { class: "ends soft", "aria-hidden": "true" }, h("span", {}, SCORES[0]), h("span", {}, SCORES[4])),
      error,
      field("words", "In your words", words, { optional: true }),
      h("button", { class: "primary", type: "submit" }, "Send"),
    ),
  );
  const values = () => ({ score: form.querySelector("input:checked")?.value ?? "", words: words.value });
  sends(panel, signal, form, {
    draft: `survey:${found.reference}`,
    path: `cases/${found.reference}/surveys`,
    values,
    done: refresh,
  });
  return form;
}
