// Shows times in the reader's zone: relative, with the exact time on hover, or exact. The server renders UTC.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
// The seconds from which a unit is used: days are used for two months, since "next month" is too vague.
const day = 86400;
const steps = [
  ["year", 365 * day, 730 * day],
  ["month", 30 * day, 60 * day],
  ["day", day, day],
  ["hour", 3600, 3600],
  ["minute", 60, 60],
];

function words(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, length, from] of steps) {
    if (Math.abs(seconds) >= from) return relative.format(Math.round(seconds / length), unit);
  }
  return seconds > 0 ? "in less than a minute" : "just now";
}

function show(root) {
  for (const time of root.querySelectorAll("time[data-relative]")) {
    const at = new Date(time.dateTime);
    time.textContent = words(at);
    time.title = `${exact.format(at)} (${zone})`;
  }
  for (const time of root.querySelectorAll("time[data-exact]")) {
    time.textContent = exact.format(new Date(time.dateTime));
    time.title = zone;
  }
  for (const input of root.querySelectorAll("input[data-moment]")) {
    const at = new Date(input.dataset.moment);
    input.value = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    delete input.dataset.moment;
  }
  for (const field of root.querySelectorAll("[data-time-zone]")) field.value = zone;
  for (const label of root.querySelectorAll("[data-time-zone-name]")) label.textContent = zone;
}

show(document);
setInterval(() => show(document), 30000);
document.addEventListener("htmx:load", (event) => show(event.target));
