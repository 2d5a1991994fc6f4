// The page's comfort: leaving quickly, what changes while it is shown, drafts. Everything else works without.
"use strict";

// Leave quickly: the button, or three Escapes within five seconds. Locks Circlet, and puts the closed page
// in place of this one, so that Back shows nothing. Without script the button does the same but for that.
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

// What changes while the page is shown. Nothing moves by itself: what is new is offered as a link, and only
// what was taken back goes at once. A page that nobody looks at does not listen.
(() => {
  const place = document.querySelector("[data-live]");
  if (!place) return;
  const state = document.getElementById("state");
  const offer = document.getElementById("new");
  let source = null;

  function say(place, words) {
    if (place && place.textContent !== words) place.textContent = words;
  }

  function hear(event) {
    const news = JSON.parse(event.data);
    say(state, news.state);
    if (!news.new) {
      say(offer, "");
    } else if (offer.textContent !== news.new) {
      const link = document.createElement("a");
      // Another address than this one, so that it is loaded; what it names has the focus then.
      const here = place.dataset.here || location.pathname;
      link.href = here + (news.at ? "?" + news.at + "#" + news.at : "");
      link.textContent = news.new;
      offer.replaceChildren(link);
    }
    for (const id of news.gone) {
      const there = document.getElementById("s-" + id) || document.getElementById("r-" + id);
      if (!there) continue;
      const gap = document.createElement("p");
      gap.className = "gap";
      gap.textContent = news.gap;
      gap.tabIndex = -1;
      const held = there.contains(document.activeElement);
      there.replaceWith(gap);
      if (held) gap.focus();
    }
  }

  function listen() {
    if (source || document.hidden) return;
    source = new EventSource(place.dataset.live);
    source.onmessage = hear;
    // It is refused, not cut off: the page was closed meanwhile, and says so when it is loaded again.
    source.onerror = () => {
      if (source && source.readyState === EventSource.CLOSED) location.reload();
    };
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden && source) {
      source.close();
      source = null;
    }
    listen();
  });
  listen();
})();

// A draft: saved on this computer while somebody types, by Circlet alone; the browser keeps nothing. The form
// is not sent before the last save is through, so that nothing is saved after it.
(() => {
  const WAIT = 1000;
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const said = form.querySelector("[data-said]");
  let timer = 0;
  let saving = null;

  async function send() {
    const body = new URLSearchParams(new FormData(form));
    const keepalive = body.toString().length < 60000;
    const headers = { Accept: "application/json" };
    const answer = await fetch(form.dataset.draft, { method: "POST", body, headers, keepalive });
    const told = await answer.json();
    if (told.draft !== undefined) form.elements.draft.value = told.draft;
    return told.said;
  }

  function save() {
    clearTimeout(timer);
    timer = saving ? setTimeout(save, WAIT) : 0;
    if (saving) return;
    saving = send().catch(() => said.dataset.lost).then((words) => {
      saving = null;
      if (said.textContent !== words) said.textContent = words;
    });
  }

  form.addEventListener("input", () => {
    if (!timer) timer = setTimeout(save, WAIT);
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) save();
  });

  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    timer = 0;
    if (!saving) return;
    event.preventDefault();
    saving.then(() => form.requestSubmit(event.submitter));
  });
})();
