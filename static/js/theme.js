// Runs before the first paint: the theme, density and panels this browser chose.
(() => {
  const root = document.documentElement;
  root.dataset.script = "";
  for (const key of ["theme", "density", "customer"]) {
    let kept = null;
    try { kept = localStorage.getItem(`prosa-${key}`); } catch { /* a private window */ }
    if (kept && kept !== "system") root.setAttribute(`data-${key}`, kept);
  }
})();
