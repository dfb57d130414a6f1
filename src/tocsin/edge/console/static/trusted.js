// Runs before any other script. The default policy refuses strings that could run; escaped templates are the defence.
// It looks at tags and their attributes, and at no text: what a warning says must never stop the page it is pushed to.
(() => {
  if (!window.trustedTypes) return;
  const bad = /<(script|iframe|object|embed)\b|<[^<>]*\son\w+\s*=/i;
  const link = /<[^<>]*=\s*["']?\s*javascript:/i;
  const refuse = () => null;
  trustedTypes.createPolicy("default", {
    createHTML: (text) => (bad.test(text.replaceAll(/"[^"]*"/g, '""')) || link.test(text) ? null : text),
    createScript: refuse,
    createScriptURL: (url) => (url === "/service-worker.js" ? url : null),
  });
})();
document.documentElement.classList.add("scripted");
