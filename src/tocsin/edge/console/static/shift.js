// "Start shift": one click arms what browsers allow only after a click: sound, notifications, a screen that stays on.
// What is shown outside the page carries nothing of a warning.
(() => {
  const place = document.querySelector("[data-shift]");
  const live = document.getElementById("live");
  if (!place || !live) return;
  const button = place.querySelector("[data-shift-start]");
  const status = place.querySelector("[role=status]");
  let audio = null;
  let lock = null;
  place.hidden = false;

  function ring() {
    if (audio?.state !== "running") return;
    for (const [at, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
      const tone = audio.createOscillator();
      const loudness = audio.createGain();
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.2, audio.currentTime + at);
      loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.22);
      tone.connect(loudness).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.24);
    }
  }
  async function awake() {
    try {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      lock = null; // the battery is low, or the page is hidden
    }
  }
  button.addEventListener("click", async () => {
    audio ??= new AudioContext();
    await audio.resume();
    ring();
    if (window.Notification?.permission === "default") Notification.requestPermission();
    await awake();
    place.dataset.armed = String(audio.state === "running");
    status.textContent = audio.state === "running" ? status.dataset.shiftOn : status.dataset.shiftQuiet;
  });
  document.addEventListener("visibilitychange", () => {
    if (place.dataset.armed && !document.hidden && (!lock || lock.released)) awake();
  });
  new MutationObserver(() => {
    const told = live.querySelector("[data-new]");
    if (!told || !place.dataset.armed) return;
    place.dataset.rung = String(Number(place.dataset.rung ?? 0) + 1);
    ring();
    if (window.Notification?.permission === "granted" && document.hidden) {
      const shown = new Notification(document.title, { tag: "tocsin" });
      shown.addEventListener("click", () => window.focus());
    }
  }).observe(live, { childList: true });
})();
