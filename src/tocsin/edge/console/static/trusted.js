// Runs before any other script. The default policy refuses strings that could run; escaped templates are the defence.
(() => {
  if (!window.trustedTypes) return;
  const bad = /<script|<iframe|<object|<embed|\son\w+\s*=|javascript:/i;
  const refuse = () => null;
  trustedTypes.createPolicy("default", {
    createHTML: (text) => (bad.test(text) ? null : text),
    createScript: refuse,
    createScriptURL: refuse,
  });
})();
document.documentElement.classList.add("scripted");
