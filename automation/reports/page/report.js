"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll("article[data-kind]")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const values = () => Object.fromEntries(new FormData(form));
  const apply = () => {
    const { kind, state, text } = values();
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, index) => {
      const match = (!kind || row.dataset.kind === kind) && (!state || row.dataset.state === state)
        && words.every((word) => texts[index].includes(word));
      row.hidden = !match;
      count += match;
    });
    shown.textContent = `${count} of ${rows.length} shown`;
    const kept = Object.entries(values()).filter(([, value]) => value);
    history.replaceState(null, "", kept.length ? `#${new URLSearchParams(kept)}` : location.pathname + location.search);
  };
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of given) if (form.elements[name]) form.elements[name].value = value;
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
})();
