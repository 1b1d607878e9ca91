// Solara's page has no language and forbids zooming; both are put right here, the language whenever it changes.
(function () {
  const root = document.documentElement;
  const viewport = document.querySelector('meta[name="viewport"]');
  if (viewport) viewport.setAttribute("content", "width=device-width, initial-scale=1");
  root.lang = (navigator.language || "en").toLowerCase().startsWith("nl") ? "nl" : "en";

  function follow() {
    const page = document.querySelector("[data-page-language]");
    const language = page && page.getAttribute("data-page-language");
    if (language && root.lang !== language) root.lang = language;
  }
  new MutationObserver(follow).observe(root, {
    attributes: true, attributeFilter: ["data-page-language"], childList: true, subtree: true,
  });
})();
