// The language, known before anything is drawn. A classic script, because a module would run after the first paint.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("axiod.language") } catch { /* a browser that keeps nothing */ }
  const wanted = kept ?? navigator.language;
  document.documentElement.lang = wanted?.toLowerCase().startsWith("de") ? "de" : "en";
})();
