// The page that stands in for one that could not be had. It shows the reader's language of the four, says since when,
// and opens what was wanted as soon as the node answers again.
(() => {
  const AGAIN_MS = 10_000;
  let look = {};
  try {
    look = JSON.parse(localStorage.getItem("tocsin-look")) ?? {};
  } catch {
    look = {};
  }
  const parts = [...document.querySelectorAll("[data-language]")];
  const wanted = [look.language, ...navigator.languages.map((one) => one.split("-")[0])];
  const language = wanted.find((one) => parts.some((part) => part.dataset.language === one)) ?? "en";
  const root = document.documentElement;
  root.lang = language;
  root.dir = parts.find((one) => one.dataset.language === language).dir;
  if (look.theme) root.dataset.theme = look.theme;
  for (const part of parts) {
    part.hidden = part.dataset.language !== language;
    if (!part.hidden) document.title = `${part.querySelector("h1").textContent} · ${document.title}`;
    if (!look.heard) continue;
    const time = part.querySelector("time");
    time.dateTime = new Date(look.heard).toISOString();
    time.textContent = `${time.dateTime.slice(0, 10)} ${time.dateTime.slice(11, 16)}Z`;
    part.querySelector("[data-since]").hidden = false;
  }
  async function ask() {
    const answer = await fetch("/manifest.webmanifest", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) location.reload();
  }
  window.addEventListener("online", ask);
  setInterval(ask, AGAIN_MS);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) location.reload();
  });
})();
