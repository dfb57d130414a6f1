// Single keys: an element with data-key gets a click, or the focus where it is a field; j and k go through data-row.
(() => {
  const OFF = "tocsin-keys-off";
  const off = () => localStorage.getItem(OFF) === "1";
  const typing = (one) => one.closest("input, select, textarea, [contenteditable]") !== null;

  function step(by) {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (rows.length === 0) return;
    const at = rows.indexOf(document.activeElement.closest("[data-row]"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
    const target = next.querySelector("a, button");
    (target ?? next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function act(key) {
    if (key === "j") return step(1);
    if (key === "k") return step(-1);
    const row = document.activeElement.closest("[data-row]");
    if (key === "o" && row) return row.querySelector("a")?.click();
    // A key of rows acts on the row that has the focus and on no other; without one, the first row gets the focus.
    const all = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];
    const target = all.find((one) => (one.closest("[data-row]") ?? row) === row) ?? (row ? null : all[0]);
    if (!target) return undefined;
    if (!row && target.closest("[data-row]")) return target.focus();
    if (target.matches("input, select, textarea")) return target.focus();
    return target.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || off()) return;
    if (event.key.length !== 1 || typing(event.target) || document.querySelector("dialog[open]")) return;
    const known = ["j", "k", "o"].includes(event.key) || document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!known) return;
    event.preventDefault();
    if (event.repeat && !["j", "k"].includes(event.key)) return; // held down, it acts once
    act(event.key);
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
  });
  const box = document.querySelector("[data-keys-off]");
  if (box) {
    box.checked = off();
    box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "1" : "0"));
  }
})();
