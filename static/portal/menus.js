// Closes menus on a click elsewhere or Escape; shows that a form is waiting for a vendor.

const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

document.addEventListener("submit", (event) => {
  const words = event.target.dataset.busy;
  const button = event.submitter;
  if (!words || !button || event.target.hasAttribute("hx-post")) return;
  if (button.dataset.words) {
    event.preventDefault();
    return;
  }
  button.dataset.words = button.textContent;
  button.textContent = words;
  button.setAttribute("aria-disabled", "true");
});

// After Back, the browser may restore the page from its cache with the form still disabled.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[data-words]")) {
    button.textContent = button.dataset.words;
    button.removeAttribute("aria-disabled");
  }
});
