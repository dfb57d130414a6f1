// Under "Your account": installing, and being told on this device. Each is asked of the browser only after a click.
(() => {
  const install = document.querySelector("[data-install]");
  if (install) {
    let offered = null;
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      offered = event;
      install.hidden = false;
    });
    install.addEventListener("click", async () => {
      install.hidden = true;
      await offered?.prompt();
    });
    window.addEventListener("appinstalled", () => {
      install.hidden = true;
    });
  }

  const form = document.querySelector("[data-device]");
  const status = form?.querySelector("[role=status]");
  const asked = Boolean(navigator.serviceWorker && window.PushManager && window.Notification);
  if (form && !asked) {
    for (const one of form.querySelectorAll("button, label")) one.hidden = true;
    status.textContent = status.dataset.unable;
    return;
  }
  async function id(endpoint) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));
    return [...digest.slice(0, 16)].map((one) => one.toString(16).padStart(2, "0")).join("");
  }
  // What the node does not list any more, this browser gives up; what it lists is marked.
  async function compare() {
    const registration = await navigator.serviceWorker?.getRegistration("/");
    const subscription = await registration?.pushManager?.getSubscription();
    if (!subscription) return;
    const own = document.querySelector(`[data-device-id="${CSS.escape(await id(subscription.endpoint))}"]`);
    if (own) own.querySelector("[data-device-this]").hidden = false;
    else await subscription.unsubscribe();
  }
  async function subscribe() {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
    const registration = await navigator.serviceWorker.ready;
    const told = { userVisibleOnly: true, applicationServerKey: form.dataset.device };
    return registration.pushManager.subscribe(told);
  }
  form?.addEventListener("submit", async (event) => {
    if (form.elements.endpoint.value) return;
    event.preventDefault();
    status.textContent = "";
    try {
      const given = (await subscribe()).toJSON();
      form.elements.public.value = given.keys.p256dh;
      form.elements.secret.value = given.keys.auth;
      form.elements.endpoint.value = given.endpoint;
      form.submit();
    } catch (error) {
      status.textContent = error.message === "denied" ? status.dataset.denied : status.dataset.failed;
    }
  });
  compare().catch(() => {});
})();
