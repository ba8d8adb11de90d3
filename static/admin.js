// Comforts of the change form: without this script it works too.
"use strict";

// The prose editor stands in for a text area, and takes over its label.
document.addEventListener("prose-editor:ready", ({ detail }) => {
  detail.editor.view.dom.setAttribute("aria-label", detail.textarea.getAttribute("aria-label"));
});

// Asks before a changed form is left.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#content-main form[method=post]");
  if (!form) {
    return;
  }
  const content = () => new URLSearchParams(new FormData(form)).toString();
  // The prose editor rewrites its text areas when it starts, so the comparison begins with the first touch.
  let before = null;
  const begin = () => {
    before ??= content();
  };
  form.addEventListener("focusin", begin);
  form.addEventListener("pointerdown", begin, { capture: true });

  // A form that came back unsaved holds words that are nowhere else.
  const returned = document.querySelector(".errornote, .returned") !== null && form.querySelector(".errors, .returned, .errorlist");
  let sent = false;
  form.addEventListener("submit", () => {
    sent = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sent && (returned || (before !== null && before !== content()))) {
      event.preventDefault();
    }
  });
});
