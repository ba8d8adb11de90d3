// Additions to the change form, which also works without this script.
"use strict";

// The prose editor replaces a text area. It gets the label of that text area.
document.addEventListener("prose-editor:ready", ({ detail }) => {
  detail.editor.view.dom.setAttribute("aria-label", detail.textarea.getAttribute("aria-label"));
});

// Asks before the editor leaves a changed form, and sends a form only once.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#content-main form[method=post]");
  if (!form) {
    return;
  }
  const content = () => new URLSearchParams(new FormData(form)).toString();
  // The prose editor changes its text areas when it starts. So the form is read when the editor first uses it.
  let before = null;
  const begin = () => {
    before ??= content();
  };
  form.addEventListener("focusin", begin);
  form.addEventListener("pointerdown", begin, { capture: true });

  // A form that came back with errors holds text that is not saved.
  const returned = form.querySelector(".errorlist, .conflict") !== null;
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

// Keyboard shortcuts for the buttons to save and to preview. On other pages the keys do what the browser does.
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
  // The letter on the key. If it is not a Latin letter (ы, ∏), the letter of that key on an English keyboard.
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

// Rows move by dragging (django-admin-sortable2) or with two buttons, which also work with the keyboard.
window.addEventListener("load", () => {
  for (const list of document.querySelectorAll("fieldset.sortable")) {
    if (list.closest("[data-inline-type=stacked]")) {
      // The library would take the first table inside the list, such as one in an answer, for the list itself.
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
