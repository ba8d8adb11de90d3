// Suggestions while a reader types, after the combobox pattern of WAI-ARIA. Without them the form is a form.
"use strict";

for (const form of document.querySelectorAll("[data-suggest]")) {
  const [input, list, status] = ["input", "ul", "output"].map((tag) => form.querySelector(tag));
  const options = list.children;
  let active = -1; // the chosen option; -1 is what was typed
  let request, timer;

  const choose = (place) => {
    active = place;
    [...options].forEach((option, each) => option.setAttribute("aria-selected", each === place));
    input.setAttribute("aria-activedescendant", options[place]?.id || "");
    options[place]?.scrollIntoView({ block: "nearest" });
  };
  const show = (open) => {
    clearTimeout(timer);
    request?.abort();
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    choose(-1);
  };
  const close = () => show(false);
  const fill = (found) => {
    const rows = (found?.options || []).map(({ title, url, reason }, place) => {
      const row = document.createElement("li");
      row.id = `suggestion-${place}`;
      row.setAttribute("role", "option");
      row.append(title, " ", document.createElement("small"));
      row.lastChild.append(reason);
      row.addEventListener("click", () => {
        close();
        location.assign(url);
      });
      return row;
    });
    list.replaceChildren(...rows);
    status.textContent = found?.said;
    show(!!rows[0]);
  };
  const ask = async () => {
    const { signal } = (request = new AbortController());
    const found = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: input.value })}`, { signal })
      .then((response) => response.ok && response.json())
      .catch(() => null); // silent: the form can still be sent
    signal.aborted || fill(found);
  };

  input.addEventListener("input", () => {
    show(!list.hidden);
    input.value.trim()[1] ? (timer = setTimeout(ask, 120)) : fill();
  });
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (step && options[0]) {
      list.hidden && show(true);
      const places = options.length + 1;
      choose(((active + 1 + step + places) % places) - 1);
    } else if (key === "Enter" && active >= 0) {
      options[active].click();
    } else if (key === "Escape" && !list.hidden) {
      close();
    } else if (key === "Escape" && input.value) {
      input.value = "";
      fill();
    } else {
      /Home|End|Left|Right/.test(key) && choose(-1); // back in the text
      return;
    }
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();
}
