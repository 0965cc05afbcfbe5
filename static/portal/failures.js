// Reports in words when a part of a page could not be loaded; typed input is kept.

const notice = document.getElementById("failure");

function tell(text) {
  // An open dialog covers everything else, so the notice must be inside it to be visible.
  (document.querySelector("dialog[open]") ?? document.body).append(notice);
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => {
    notice.hidden = true;
  }, 8000);
}

document.addEventListener("htmx:sendError", () =>
  tell("Patchbay cannot be reached. Check your connection, then try again."),
);
document.addEventListener("htmx:timeout", () => tell("Patchbay did not answer in time. Try again."));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const words = {
    403: "You may not do this, or this page is out of date. Reload it and try again.",
    404: "This is gone. Reload the page to see what is there.",
    409: "You are in another environment now, and nothing was done. Reload the page to see in which.",
  };
  tell(words[status] ?? `Something failed here (error ${status}). Try again in a moment.`);
});
