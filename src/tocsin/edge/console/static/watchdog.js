// The stream of a page may be half open: TCP stands and no byte comes. Whoever beats every data-beat seconds and is
// silent for two and a half beats is cut, so that htmx connects again; the banner says since when nothing was heard.
(() => {
  const source = document.querySelector("[data-beat]");
  if (!source) return;
  const banner = document.querySelector("[data-stale]");
  const patience = Number(source.dataset.beat) * 2500;
  let heard = Date.now();
  let cancel = null;
  const hear = () => {
    heard = Date.now();
    if (banner) banner.hidden = true;
  };
  source.addEventListener("htmx:after:sse:connection", (event) => {
    cancel = event.detail.connection?.cancel ?? null;
    hear();
  });
  source.addEventListener("htmx:before:sse:message", hear);
  setInterval(() => {
    if (Date.now() - heard < patience) return;
    if (banner?.hidden) {
      banner.querySelector("time").textContent = `${new Date(heard).toISOString().slice(11, 19)}Z`;
      banner.hidden = false;
    }
    cancel?.();
  }, 1000);
})();
