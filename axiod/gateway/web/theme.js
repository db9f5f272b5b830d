// The theme, known before anything is drawn, so that pages do not flash: the one that was chosen, or the system's.
// A classic script, because a module would run after the first paint.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen;
  try { chosen = localStorage.getItem("axiod.theme") } catch { /* a browser that keeps nothing */ }
  const show = () => {
    document.documentElement.dataset.theme = ["light", "dark"].includes(chosen) ? chosen : dark.matches ? "dark" : "light";
  };
  show();
  dark.addEventListener("change", show);
  document.addEventListener("theme", ({ detail }) => { chosen = detail; show() });
})();
