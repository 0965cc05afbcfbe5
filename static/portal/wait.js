// An attempt that is taken later: its button says when, and can be pressed from then on.

function hold(form) {
  const button = form.querySelector("button.primary, button");
  const words = button.textContent;
  const until = Date.now() + Number(form.dataset.wait) * 1000;
  const show = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${words} (in ${left} s)` : words;
    if (left <= 0) clearInterval(ticking);
  };
  const ticking = setInterval(show, 500);
  show();
}

function begin(root) {
  // Nobody stares at a button for a quarter of an hour; the words above it say how long that takes.
  for (const form of root.querySelectorAll("form[data-wait]")) if (Number(form.dataset.wait) <= 60) hold(form);
}

begin(document);
document.addEventListener("htmx:afterSwap", (event) => begin(event.detail.target));
