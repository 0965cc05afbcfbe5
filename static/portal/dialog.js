// The one dialog: it opens when htmx fills it, and closing empties it. The browser restores the focus.

const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");
const shownOnce = () => body.querySelector("[data-shown-once]");
let opener = null;

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== body) return;
  if (!dialog.open) {
    opener = event.detail.requestConfig.elt;
    opener.closest("details[data-menu]")?.removeAttribute("open");
    dialog.showModal();
  }
  dialog.classList.toggle("wide", Boolean(body.querySelector(".create")));
  dialog.scrollTop = 0;
  const first = body.querySelector("[role=alert], .field-refused input, [data-copy-source], [autofocus]");
  if (first?.matches("input")) first.focus();
});

// A secret that is shown once must not be lost to a stray key or click: only its own button closes it,
// and reloads the page.
dialog.addEventListener("cancel", (event) => {
  if (shownOnce()) event.preventDefault();
});

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});

dialog.addEventListener("close", () => {
  if (shownOnce()) {
    location.reload();
    return;
  }
  body.replaceChildren();
  const visible = opener?.closest("details[data-menu]")?.querySelector("summary") ?? opener;
  visible?.focus();
});
