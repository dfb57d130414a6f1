// Passkeys: asks the node for a challenge, the device for an answer, and sends that as the ordinary form it stands in.
(() => {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    for (const form of document.querySelectorAll("[data-passkey]")) form.hidden = true;
    return;
  }
  async function ask(form) {
    const token = new URLSearchParams({ form_token: form.elements.form_token.value });
    const offered = await fetch(form.dataset.offer, { method: "POST", body: token });
    if (!offered.ok) throw new Error(String(offered.status));
    const options = await offered.json();
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-passkey]");
    if (!form || form.elements.answer.value) return;
    event.preventDefault();
    const status = form.querySelector("[data-failed]");
    try {
      form.elements.answer.value = JSON.stringify(await ask(form));
      form.submit();
    } catch {
      status.textContent = status.dataset.failed;
    }
  });
})();
