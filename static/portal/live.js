// Adds new calls from the server's event stream on top of the list, and shows times in the reader's zone.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const kept = 300;
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const dayOf = { day: "numeric", month: "short" };
const forms = {
  seconds: { ...dayOf, ...clock, second: "2-digit" },
  today: { ...clock, second: "2-digit" },
  full: { ...dayOf, year: "numeric", ...clock, second: "2-digit", fractionalSecondDigits: 3 },
  date: { ...dayOf, ...clock },
  axis: { ...dayOf, ...clock },
  day: { ...dayOf, timeZone: "UTC" },
};
const formats = Object.fromEntries(
  Object.entries(forms).map(([name, form]) => [name, new Intl.DateTimeFormat("en-GB", form)]),
);

function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const form = time.dataset.clock === "seconds" && today ? "today" : time.dataset.clock;
    time.textContent = formats[form].format(at);
    time.title = `${formats.full.format(at)} (${zone})`;
  }
}

let source = null;
let seen = "";
let again = 0;
let waited = 2000;

const panel = () => document.querySelector("[data-stream]");
const switchOf = () => document.querySelector("[data-live]");

function say(words, { lost = false } = {}) {
  const place = document.querySelector("[data-live-words]");
  if (place && place.textContent !== words) place.textContent = words;
  const notice = document.querySelector("[data-live-lost]");
  if (notice) notice.hidden = !lost;
}

function close() {
  clearTimeout(again);
  source?.close();
  source = null;
}

function open() {
  close();
  const place = panel();
  if (!place || document.hidden || !switchOf()?.checked) return;
  document.querySelector("[data-live-shown]").hidden = false;
  const address = new URL(place.dataset.stream, location);
  if (seen) address.searchParams.set("seen", seen);
  source = new EventSource(address);
  source.addEventListener("open", () => {
    waited = 2000;
    say("New calls appear on top.");
  });
  source.addEventListener("call", (event) => {
    seen = event.lastEventId;
    show(event.data);
  });
  source.addEventListener("error", () => {
    say("", { lost: true });
    // EventSource reconnects after a broken connection, but not after an error status, such as a restarting proxy's.
    if (source?.readyState === EventSource.CLOSED) {
      again = setTimeout(open, waited);
      waited = Math.min(waited * 2, 30000);
    }
  });
}

function show(html) {
  const body = document.querySelector("[data-calls]");
  if (!body) return;
  const template = document.createElement("template");
  template.innerHTML = html;
  const row = template.content.querySelector("tr");
  const before = document.getElementById(row.id);
  if (before) before.replaceWith(row);
  else body.prepend(row);
  while (body.rows.length > kept) body.lastElementChild.remove();
  body.closest("table").hidden = false;
  document.querySelector("[data-no-calls]")?.remove();
  htmx.process(row);
  showTimes(row);
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-live]")) return;
  event.stopPropagation();
  if (event.target.checked) {
    open();
  } else {
    close();
    say("Paused. Switch it on again to load the calls made in the meantime.");
  }
});
// A hidden page closes its connection: browsers allow only a few per site.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && open());
document.addEventListener("htmx:load", (event) => {
  showTimes(event.target);
  if (event.target.matches?.("#activity") || event.target.querySelector?.("[data-stream]")) {
    seen = "";
    open();
  }
});

showTimes(document);
open();
