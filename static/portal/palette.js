// The global search (⌘K): a combobox whose options come from the server. Without this script, its link opens a page.

const palette = document.getElementById("palette");
const input = palette.querySelector("input");
const found = document.getElementById("palette-found");
const options = () => [...found.querySelectorAll("[role=option]")];
const active = () => found.querySelector("[aria-selected=true]");

function open() {
  if (palette.open || document.querySelector("dialog[open]")) return;
  palette.showModal();
  input.select();
  htmx.trigger(input, "ask");
}

function choose(option) {
  active()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function move(step) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(active()) + step + all.length) % all.length]);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && active()) {
    event.preventDefault();
    active().click();
  }
});

// Preselect the first result, so that Enter alone opens it.
found.addEventListener("htmx:afterSwap", () => choose(options()[0]));
found.addEventListener("pointermove", (event) => {
  const option = event.target.closest("[role=option]");
  if (option && option !== active()) choose(option);
});
palette.addEventListener("click", (event) => {
  if (event.target === palette) palette.close();
});
