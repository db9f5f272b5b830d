// What must be known before anything is drawn, so that the page does not flash: theme and language.
// A classic script, because a module would run after the first paint.
(() => {
  const kept = (name) => {
    try { return localStorage.getItem(`axiod.${name}`) } catch { return null }
  };
  const root = document.documentElement;
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const wanted = kept("language") ?? navigator.language;
  root.lang = wanted?.toLowerCase().startsWith("de") ? "de" : "en";
})();
