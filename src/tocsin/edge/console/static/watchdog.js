// The stream of a page may be half open: TCP stands and no byte comes. Whoever beats every data-beat seconds and is
// silent for two and a half beats is cut, so that htmx connects again; the banner says since when nothing was heard.
(() => {
  const source = document.querySelector("[data-beat]");
  if (!source) return;
  const banner = document.querySelector("[data-stale]");
  const live = document.querySelector("[data-live]");
  const patience = Number(source.dataset.beat) * 2500;
  const AGAIN_MS = 5000;
  let heard = Date.now();
  let tried = Date.now();
  let connection = null;
  let rests = false;

  function show(isLost) {
    if (isLost && banner.hidden) banner.querySelector("time").textContent = `${new Date(heard).toISOString().slice(11, 19)}Z`;
    banner.hidden = !isLost;
    live.hidden = isLost;
  }
  function hear() {
    heard = Date.now();
    show(false);
  }
  function cut() {
    // A reader gives up its body, a wait its rest; what is being asked for ends by connectTimeout.
    Promise.resolve(connection?.reader?.cancel()).catch(() => {});
    connection?.delayCanceller?.();
  }
  source.addEventListener("htmx:sse:before:message", hear);
  source.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    tried = Date.now();
  });
  source.addEventListener("htmx:sse:error", (event) => {
    show(true);
    // Signed out, or the role is gone: the page is asked for again, and says so.
    if ([401, 404].includes(event.detail.status)) location.reload();
  });
  source.addEventListener("htmx:sse:close", (event) => {
    connection = null;
    rests = event.detail.reason === "message";
    document.querySelector("[data-elsewhere]").hidden = !rests;
    live.hidden = true;
  });
  source.addEventListener("ended", () => location.reload());
  setInterval(() => {
    const now = Date.now();
    if (rests || now - heard < patience) return;
    show(true);
    if (now - tried < AGAIN_MS) return;
    tried = now;
    if (connection) cut();
    else source.dispatchEvent(new CustomEvent("tocsin:connect"));
  }, 1000);
})();
