// A stored secret is never sent to a new address: once the form has one, leaving the field empty no longer keeps it.

function tell(form) {
  const moved = [...form.querySelectorAll("[data-address]")].some(
    (field) => field.value.trim() !== field.defaultValue.trim(),
  );
  for (const secret of form.querySelectorAll("[data-kept]")) {
    secret.dataset.keep ??= secret.placeholder;
    secret.placeholder = moved ? secret.dataset.kept : secret.dataset.keep;
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form");
  if (form && event.target.matches("[data-address]")) tell(form);
});
