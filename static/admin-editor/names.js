// Names for screen readers that the theme's scripts leave out. They build their widgets in the page, where no template
// reaches, whenever a row, a popup or a result comes: so does this.
"use strict";

const REGIONS = [
  ["nav, #nav-sidebar", "Pages"],
  ["#changelist-filter", "Filters"],
  ["#page", "Rows"],
];

function nameRegion(region) {
  const [, name] = REGIONS.find(([where]) => region.closest(where)) ?? [];
  if (name) region.setAttribute("aria-label", name);
}

function nameChoice(choice) {
  const select = choice.closest(".select2-container")?.previousElementSibling;
  const name = select?.getAttribute("aria-label") ?? select?.labels?.[0]?.textContent.trim();
  if (!name) return;
  for (const part of [choice, ...choice.querySelectorAll("[role=textbox]")]) {
    part.removeAttribute("aria-labelledby");
    part.setAttribute("aria-label", name);
  }
}

function nameColumn(heading) {
  if (!heading.textContent.trim()) heading.textContent = "Delete";
}

const MISSING = [
  [".simplebar-content-wrapper[role=region]", nameRegion],
  [".select2-selection[role=combobox]", nameChoice],
  [".formset-wrapper thead th:last-child", nameColumn],
  [".help-tooltip[aria-label]", (tooltip) => tooltip.setAttribute("role", "img")],
];

function nameAll() {
  for (const [which, give] of MISSING) document.querySelectorAll(which).forEach(give);
}

new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
