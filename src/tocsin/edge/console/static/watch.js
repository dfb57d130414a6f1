// Watch: countdowns, the number in the tab's title, the focus that stays where a person works, the answer's dialog.
(() => {
  const list = document.getElementById("warnings");
  const anchor = document.querySelector("[data-now]");
  const ahead = anchor ? Number(anchor.dataset.now) - Date.now() : 0; // the node's clock counts, not the browser's
  const title = document.title;

  // -- countdowns: down to the deadline, then up in red --------------------------------------------------------
  const two = (count) => String(count).padStart(2, "0");
  function clock(seconds) {
    const days = Math.floor(seconds / 86400);
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    const hours = Math.floor(seconds / 3600) % 24;
    return days ? `${days}d ${two(hours)}:${rest}` : hours ? `${two(hours)}:${rest}` : rest;
  }
  function tick() {
    const now = Date.now() + ahead;
    for (const one of document.querySelectorAll("[data-due]")) {
      const seconds = Math.floor((Number(one.dataset.due) - now) / 1000);
      const said = seconds < 0 ? `+${clock(-seconds)}` : clock(seconds);
      if (one.textContent !== said) one.textContent = said;
      one.parentElement.classList.toggle("late", seconds < 0);
    }
  }
  function count() {
    const open = Number(document.getElementById("plate")?.dataset.open ?? 0);
    document.title = open ? `(${open}) ${title}` : title;
  }
  tick();
  setInterval(tick, 1000);
  if (!list) return;
  count();

  // -- the focus: what a push or an acknowledgement replaces gives it to its successor --------------------------
  const rows = () => [...list.children];
  const MEANT_MS = 500; // a key that comes sooner was meant for the card that had the focus before
  let held = null;
  let went = 0; // when the focus went on by itself
  function hold() {
    const row = document.activeElement?.closest?.("#warnings > [data-row]");
    if (row) held = { id: row.id, key: document.activeElement.dataset.key ?? "", after: row.nextElementSibling?.id };
  }
  function control(row, key) {
    return row?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }
  function next(id) {
    const all = rows();
    const from = Math.max(0, all.findIndex((one) => one.id === id));
    const open = [...all.slice(from), ...all.slice(0, from)].filter((one) => !("done" in one.dataset));
    return open.map((one) => control(one, "a")).find(Boolean) ?? open.map((one) => one.querySelector("a")).find(Boolean);
  }
  function restore() {
    if (!held || (document.activeElement && document.activeElement !== document.body)) return;
    const row = document.getElementById(held.id);
    const target = held.key ? control(row, held.key) : row?.querySelector("a");
    const wanted = target ?? next(row ? held.id : held.after) ?? document.getElementById("main");
    if (!target) went = Date.now();
    wanted.focus({ preventScroll: !target ? false : true });
  }
  // One key acknowledges: whoever opens Watch stands at what is due first, and stays there when others come.
  if (document.activeElement === document.body && !location.hash) next("")?.focus({ preventScroll: true });
  hold();
  document.addEventListener("focusin", hold);
  document.addEventListener("focusout", hold);
  const ACTS = ["a", "e", "r", "Enter", " "];
  const isDeaf = (event) => Date.now() - went < MEANT_MS && ACTS.includes(event.key) && list.contains(event.target);
  document.addEventListener(
    "keydown",
    (event) => {
      if (!isDeaf(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  // Before any key can come: htmx tells of a swap only after its settling, and a key in between would be lost.
  new MutationObserver(restore).observe(list, { childList: true });

  // -- cards go in by one walk through the list: data-order is digits of one length ----------------------------
  window.htmx?.registerExtension("cards", {
    handle_swap(style, target, fragment) {
      if (style !== "cards") return false;
      let at = target.firstElementChild;
      let before = "";
      for (const card of [...fragment.children]) {
        const { order } = card.dataset;
        const old = document.getElementById(card.id);
        if (old?.dataset.order === order) {
          if (at === old) at = card;
          old.replaceWith(card);
          continue;
        }
        if (at === old) at = old?.nextElementSibling ?? null;
        old?.remove();
        if (order < before) at = target.firstElementChild;
        while (at && at.dataset.order <= order) at = at.nextElementSibling;
        target.insertBefore(card, at);
        before = order;
      }
      return true;
    },
  });

  // -- after each swap ------------------------------------------------------------------------------------------
  const DONE_MS = 30000;
  const most = Number(list.dataset.most);
  document.addEventListener("htmx:after:swap", () => {
    tick();
    count();
    while (list.children.length > most) list.lastElementChild.remove();
  });
  setInterval(() => {
    for (const one of list.querySelectorAll("[data-done]")) {
      one.dataset.done ||= String(Date.now());
      if (Date.now() - Number(one.dataset.done) > DONE_MS && !one.matches(":focus-within, :hover")) one.remove();
    }
  }, 5000);
  document.getElementById("stream")?.addEventListener("beat", (event) => {
    const log = document.getElementById("log");
    if (log && event.detail?.data) log.textContent = `#${event.detail.data}`;
  });

  // -- what a card's buttons do: one form sends for all, because a push may replace the card before the reply ------
  const sent = new Set();
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (request.form?.id !== "act") return;
    request.action = request.submitter.getAttribute("formaction");
    if (sent.has(request.action)) event.preventDefault(); // a second press pages no second level
    sent.add(request.action);
  });
  document.addEventListener("htmx:finally:request", (event) => sent.delete(event.detail.ctx.request.action));

  // -- what is refused stands on the page -----------------------------------------------------------------------
  const problem = document.querySelector("[data-problem]");
  function tell(text) {
    problem.textContent = text;
    problem.hidden = text === "";
  }
  document.addEventListener("htmx:before:request", (event) => {
    if (event.detail.ctx.request.method === "POST") tell("");
  });
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.request.method !== "POST") return;
    try {
      const told = JSON.parse(event.detail.ctx.text);
      tell(`${told.title} (${told.code})`);
    } catch {
      tell(String(event.detail.ctx.response.status));
    }
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx?.request.method === "POST") tell(problem.dataset.unsent);
  });

  // -- the answer's dialog --------------------------------------------------------------------------------------
  const dialog = document.getElementById("answer");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  if (dialog.open) {
    dialog.close();
    dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-answer]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      hold();
      held = { id: opener.closest("[data-row]").id, key: "r" };
      form.action = `/w/${opener.dataset.answer}/answers`;
      dialog.querySelector("[data-title]").textContent = opener.closest("[data-row]").querySelector("h3").textContent;
      dialog.showModal();
    } else if (event.target.closest?.("[data-closes]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => form.reset());
})();
