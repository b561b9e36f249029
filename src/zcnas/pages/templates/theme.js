// The reader's choice of light or dark, kept for the site; without one the system's holds.
(() => {
  const root = document.documentElement;
  const store = (value) => {
    try {
      if (value) localStorage.setItem("zcnas-theme", value);
      return localStorage.getItem("zcnas-theme");
    } catch { return value; }
  };
  const kept = store();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  addEventListener("DOMContentLoaded", () => {
    const list = document.querySelector("nav ul");
    if (!list) return;
    const button = document.createElement("button");
    const name = () => (button.textContent = dark() ? "Light" : "Dark");
    button.type = "button";
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      store(root.dataset.theme);
      name();
    });
    name();
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  });
})();
