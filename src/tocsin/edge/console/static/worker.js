// The service worker. Before it stands `const SHELL = {...}` (edge/console/installing.py): what is kept, and its version.
// It keeps the shell and nothing else: no page, no list, no JSON of a page is ever put into a cache.
const CACHE = `${SHELL.prefix}${SHELL.version}`;
const PAGE = /^\/w\/report--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.files.map((url) => new Request(url, { credentials: "omit" })));
  await self.skipWaiting();
}

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith(SHELL.prefix) && name !== CACHE) await caches.delete(name);
  }
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

function kept(url) {
  return caches.match(url, { cacheName: CACHE, ignoreVary: true });
}

// A page always comes from the node. The browser itself asks for it (preload), as if no worker were here: a request made
// anew by the worker would carry the strict cookie even where a link of another site led here.
async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    const found = await kept(SHELL.offline);
    return found ? new Response(found.body, { status: 503, headers: found.headers }) : Response.error();
  }
}

async function file(event) {
  const { pathname, search } = new URL(event.request.url);
  return (await kept(pathname + search)) ?? fetch(event.request);
}

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    if (self.registration.navigationPreload) event.respondWith(page(event));
    return;
  }
  const { origin, pathname, search } = new URL(request.url);
  if (origin === self.location.origin && SHELL.files.includes(pathname + search)) event.respondWith(file(event));
});

// -- a warning waits ------------------------------------------------------------------------------------------------
function said(data) {
  try {
    return data.json();
  } catch {
    return {};
  }
}

function show(told) {
  const words = SHELL.words[told.language] ?? SHELL.words.en;
  return self.registration.showNotification(words.title, {
    body: words.urgency[told.urgency] ?? words.body,
    lang: words.lang,
    dir: words.dir,
    icon: SHELL.icon,
    badge: SHELL.badge,
    tag: String(told.tag ?? "tocsin"),
    requireInteraction: ["flash", "immediate"].includes(told.urgency),
    data: { path: PAGE.test(told.path) ? told.path : "/" },
  });
}

// An open Watch is led to the warning; any other window may hold what somebody is writing, and is left alone.
async function open(path) {
  const windows = await self.clients.matchAll({ type: "window" });
  const there = windows.find((one) => new URL(one.url).pathname === path);
  const watch = windows.find((one) => new URL(one.url).pathname === "/");
  const chosen = there ?? watch;
  if (!chosen) return self.clients.openWindow(path);
  await chosen.focus().catch(() => {});
  return there ? undefined : chosen.navigate(path);
}

self.addEventListener("push", (event) => event.waitUntil(show(event.data ? said(event.data) : {})));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path ?? "/"));
});
