// Comforts of the change form: without this script it works too.
"use strict";

// The prose editor stands in for a text area, and takes over its label.
document.addEventListener("prose-editor:ready", ({ detail }) => {
  detail.editor.view.dom.setAttribute("aria-label", detail.textarea.getAttribute("aria-label"));
});

// Asks before a changed form is left, and sends it only once.
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
  const returned = form.querySelector(".errorlist, .returned") !== null;
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
    }
    sent = true;
  });
  window.addEventListener("pageshow", () => {
    sent = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sent && (returned || (before !== null && before !== content()))) {
      event.preventDefault();
    }
  });
});

// Keys for the buttons that are pressed all day. A page without the button leaves the keys to the browser.
document.addEventListener("DOMContentLoaded", () => {
  const mac = navigator.platform.startsWith("Mac");
  const shortcuts = [
    {
      name: "_continue",
      keys: "Control+S Meta+S",
      title: mac ? "⌘S" : "Ctrl+S",
      fits: (event) => event.ctrlKey !== event.metaKey && !event.altKey && !event.shiftKey && letter(event) === "s",
    },
    {
      name: "_preview",
      keys: "Alt+Shift+P",
      title: mac ? "⌥⇧P" : "Alt+Shift+P",
      fits: (event) => event.altKey && event.shiftKey && !event.ctrlKey && !event.metaKey && letter(event) === "p",
    },
  ];
  // As it is printed on the key; where that is no Latin letter (ы, ∏), as it is on an English keyboard.
  const letter = ({ key, code }) => (/^[a-z]$/i.test(key) ? key : code.replace(/^Key/, "")).toLowerCase();
  const button = ({ name }) => document.querySelector(`#content-main .submit-row [name=${name}]`);

  for (const shortcut of shortcuts) {
    button(shortcut)?.setAttribute("aria-keyshortcuts", shortcut.keys);
    button(shortcut)?.setAttribute("title", shortcut.title);
  }
  document.addEventListener("keydown", (event) => {
    const shortcut = event.isComposing ? null : shortcuts.find((each) => each.fits(event) && button(each));
    if (!shortcut) {
      return;
    }
    event.preventDefault();
    if (!event.repeat) {
      button(shortcut).click();
    }
  });
});

// Rows are moved by dragging (django-admin-sortable2) or with two buttons, which the keyboard reaches too.
window.addEventListener("load", () => {
  for (const list of document.querySelectorAll("fieldset.sortable")) {
    if (list.closest("[data-inline-type=stacked]")) {
      // The library takes the first table in the list for the list itself, even one inside an answer.
      list.querySelector = (selector) =>
        selector === "table tbody" ? null : Element.prototype.querySelector.call(list, selector);
    }
    const rows = () => [...list.querySelectorAll(".has_original")].filter((row) => row.querySelector("input._reorder_"));
    const move = (row, step, button) => {
      const all = rows();
      const other = all[all.indexOf(row) + step];
      if (!other) {
        return;
      }
      other.insertAdjacentElement(step < 0 ? "beforebegin" : "afterend", row);
      rows().forEach((each, place) => {
        each.querySelector("input._reorder_").value = place + 1;
      });
      button.focus();
    };
    for (const row of rows()) {
      const place = row.querySelector(".sort");
      for (const [step, sign, label] of [[-1, "↑", list.dataset.up || "Up"], [1, "↓", list.dataset.down || "Down"]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = sign;
        button.title = label;
        button.setAttribute("aria-label", label);
        button.addEventListener("click", () => move(row, step, button));
        place.append(button);
      }
    }
  }
});
