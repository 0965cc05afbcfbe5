// Single keys, outside text fields: `/` searches, `c` creates, `?` lists the keys, others move through table rows.

const shortcuts = document.getElementById("shortcuts");

// A row's main link: its name, or else the first link.
const linkOf = (row) => row.querySelector("th[scope=row] a, th[scope=row] button") ?? row.querySelector("a");
const links = (table) => [...table.querySelectorAll("tbody tr")].map(linkOf).filter((link) => link?.checkVisibility());

function walk(key, target) {
  const table =
    target.closest("table.rows") ?? (key === "j" || key === "k" ? document.querySelector("main table.rows") : null);
  if (!table) return false;
  const all = links(table);
  const here = all.indexOf(linkOf(target.closest("tbody tr") ?? table));
  const inside = Boolean(target.closest("tbody tr"));
  const last = all.length - 1;
  const next = {
    ArrowDown: here + 1,
    j: inside ? here + 1 : 0,
    ArrowUp: here - 1,
    k: inside ? here - 1 : last,
    Home: 0,
    End: last,
  }[key];
  if (next === undefined || !all.length) return false;
  const link = all[Math.max(0, Math.min(next, last))];
  link.focus();
  link.scrollIntoView({ block: "nearest" });
  return true;
}

function press(key, target) {
  if (key === "?") {
    shortcuts.showModal();
    return true;
  }
  const wanted = { "/": ["[data-search]", "[data-palette]"], c: ["[data-create]"] }[key] ?? [];
  const found = wanted.map((selector) => document.querySelector(selector)).find(Boolean);
  if (found) {
    if (found.matches("input")) found.focus();
    else found.click();
    return true;
  }
  return walk(key, target);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog[open], [contenteditable]")) return;
  if (press(event.key, event.target)) event.preventDefault();
});
