// On every page of somebody who is signed in: the service worker, what the offline page may say, and a sign-out that
// leaves nothing behind. What is kept is the language, the colours and when a page was here last; of no page anything.
(() => {
  const LOOK = "tocsin-look";
  const workers = navigator.serviceWorker;
  const root = document.documentElement;
  localStorage.setItem(LOOK, JSON.stringify({ language: root.lang, theme: root.dataset.theme ?? "", heard: Date.now() }));
  // What is shown once came as the answer to a form: looking at the page again must not make another one.
  const once = document.querySelector("[data-secret]");
  if (once) history.replaceState(null, "", once.dataset.secret);
  if (!workers) return;
  window.addEventListener("load", () => {
    workers.register("/service-worker.js", { scope: "/", updateViaCache: "none" }).catch(() => {});
  });

  // Gives the endpoint of this browser, if people were told on it, so that the node forgets it too.
  async function leave() {
    localStorage.removeItem(LOOK);
    const registration = await workers.getRegistration("/");
    const subscription = await registration?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
    for (const name of await caches.keys()) await caches.delete(name);
    await registration?.unregister();
    return subscription?.endpoint ?? "";
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-leave]");
    if (!form || form.dataset.left) return;
    event.preventDefault();
    form.dataset.left = "yes";
    const patience = new Promise((done) => {
      setTimeout(done, 2000, "");
    });
    form.elements.endpoint.value = await Promise.race([leave().catch(() => ""), patience]);
    form.submit();
  });
})();
