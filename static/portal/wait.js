// A form whose next attempt must wait: its button counts down and is enabled at the end.

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
  // No countdown for long waits: the text above the button says how long they take.
  for (const form of root.querySelectorAll("form[data-wait]")) if (Number(form.dataset.wait) <= 60) hold(form);
}

begin(document);
document.addEventListener("htmx:afterSwap", (event) => begin(event.detail.target));
