// Copy buttons: they confirm the copy; where the browser forbids it, they select the text for copying by keyboard.

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied");
  } catch {
    select(source);
    say(button, "Selected: now press Ctrl+C or ⌘C");
  }
}

function select(source) {
  if (source.select) {
    source.focus();
    source.select();
  } else {
    getSelection().selectAllChildren(source);
  }
}

function say(button, text) {
  const word = button.querySelector("[data-copy-word]");
  word.setAttribute("role", "status");
  word.textContent = text;
  clearTimeout(button.saying);
  button.saying = setTimeout(() => {
    word.textContent = "Copy";
  }, 4000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-copy-source]")) event.target.select();
});
