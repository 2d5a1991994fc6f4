// Leave quickly: the button, or three Escapes within five seconds. Locks Circlet, and puts the closed page
// in place of this one, so that Back shows nothing. Without script the button does the same but for that.
"use strict";
(() => {
  const WITHIN = 5000;
  const form = document.getElementById("leave");
  if (!form) return;
  const said = document.getElementById("leave-said");
  let presses = [];
  let leaving = false;

  function leave() {
    if (leaving) return;
    leaving = true;
    const to = form.action;
    document.body.hidden = true;
    document.title = "";
    const gone = () => location.replace(to.replace(/leave$/, ""));
    fetch(to, { method: "POST", keepalive: true }).then(gone, gone);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    const now = Date.now();
    presses = presses.filter((press) => now - press < WITHIN);
    presses.push(now);
    if (presses.length >= 3) return leave();
    said.textContent = presses.length === 1 ? said.dataset.one : said.dataset.two;
  });

  // A page that comes back from the browser's memory may be of a time before the lock.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
