// Updates a link to the vendor's page when the fields in its template change: https://{app_name}.example.com/keys

function fill(link) {
  const form = link.closest("form");
  let complete = true;
  const address = link.dataset.linkTemplate.replace(/\{(\w+)\}/g, (_, name) => {
    const value = form.elements[`field_${name}`]?.value.trim();
    complete &&= Boolean(value);
    return encodeURIComponent(value ?? "");
  });
  link.hidden = !complete || !/^https?:\/\//.test(address) || !URL.canParse(address);
  if (link.hidden) link.removeAttribute("href");
  else link.href = address;
}

function fillAll() {
  for (const link of document.querySelectorAll("a[data-link-template]")) fill(link);
}

fillAll();
document.addEventListener("input", fillAll);
