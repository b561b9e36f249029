// Sorting, filtering, paging and choosing columns of a table that is complete without it. The state
// stands in the address behind #?, so a link or a bookmark brings it back.
const board = (() => {
  const PAGE = 250;
  const table = document.getElementById("board");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const names = heads.map((head) => head.textContent.trim().replace(/\s+/g, " "));
  const control = (id) => document.getElementById(id);
  const status = control("shown");
  let limit = PAGE;
  let order = rows;
  let sorted = null;
  const number = (text) => {
    const value = parseFloat(text.replace("−", "-").replace("<", ""));
    return Number.isNaN(value) ? null : value;
  };
  const keys = heads.map(() => null);
  const keysOf = (index) =>
    (keys[index] ??= new Map(
      rows.map((row) => {
        const text = row.cells[index].textContent.trim();
        return [row, heads[index].classList.contains("n") ? number(text) : text.toLowerCase()];
      }),
    ));
  const sort = (index, falling) => {
    const values = keysOf(index);
    const sign = falling ? -1 : 1;
    const place = new Map(rows.map((row, position) => [row, position]));
    order = [...rows].sort((a, b) => {
      const [x, y] = [values.get(a), values.get(b)];
      if (x === y) return place.get(a) - place.get(b);
      if (x === null) return 1;
      if (y === null) return -1;
      return x < y ? -sign : sign;
    });
    body.append(...order);
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[index].setAttribute("aria-sort", falling ? "descending" : "ascending");
    table.classList.toggle("grouped", index === 0 && !falling);
    sorted = index || falling ? [index, falling] : null;
  };
  const lowFirst = (head) => !head.classList.contains("n") || /^(Rank|Group|Failed|CPU|Regret)/.test(head.textContent);
  heads.forEach((head, index) => {
    if ("fixed" in head.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const falling = now ? now === "ascending" : !lowFirst(head);
      sort(index, falling);
      filter(`, sorted by ${names[index]}, ${falling ? "highest" : "lowest"} first`);
    });
  });
  const matches = (row) => {
    const wanted = (control("find")?.value ?? "").trim().toLowerCase();
    const off = (id) => control(id) && !control(id).checked;
    return !(
      (wanted && !row.cells[1].textContent.toLowerCase().includes(wanted)) ||
      (off("baselines") && "b" in row.dataset) ||
      (off("uncounted") && "u" in row.dataset) ||
      (control("clean")?.checked && "f" in row.dataset)
    );
  };
  const found = () => order.filter(matches);
  const filter = (more = "") => {
    const kept = new Set(found().slice(0, limit));
    const all = found().length;
    for (const row of rows) row.hidden = !kept.has(row);
    if (status) status.textContent = `${all} of ${rows.length} entries${more}`;
    const further = control("more");
    if (further) {
      further.hidden = all <= limit;
      further.replaceChildren(`The first ${limit} of ${all}. `);
      for (const [text, next] of [[`Show ${PAGE} more`, limit + PAGE], ["Show all", Infinity]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", () => { limit = next; filter(); });
        further.append(button, " ");
      }
    }
    remember();
  };
  const style = document.createElement("style");
  document.head.append(style);
  let hidden = new Set();
  const hide = (columns) => {
    hidden = columns;
    const rules = [...hidden].map((index) => `#board tr>:nth-child(${index + 1})`);
    style.textContent = rules.length ? `${rules.join(",")}{display:none}` : "";
    board.columnsChanged?.(hidden);
  };
  const preset = (view) => {
    const space = view.startsWith("space:") ? view.slice(6) : null;
    const off = heads.flatMap(({ dataset: { c, space: own } }, index) => {
      const seen = c === "base" || (view === "all" && c !== "top") || c === view || (space && own === space) ||
        (view === "base" && c.startsWith("space:"));
      return seen ? [] : [index];
    });
    return new Set(off);
  };
  const choose = (first) => {
    const view = control("view")?.value ?? "all";
    if (view === "own") return;
    hide(preset(view));
    const key = heads.findIndex((head) => head.dataset.c === view && view !== "base");
    if (!first) key < 0 ? sort(0, false) : sort(key, true);
  };
  const pick = (index, seen) => {
    const columns = new Set(hidden);
    seen ? columns.delete(index) : columns.add(index);
    hide(columns);
    control("view").value = "own";
    remember();
  };
  const boxes = { baselines: true, uncounted: false, clean: false };
  let ready = false;
  const remember = () => {
    if (!ready) return;
    const state = new URLSearchParams();
    if (sorted) state.set("sort", (sorted[1] ? "-" : "") + names[sorted[0]]);
    const view = control("view");
    if (view?.value === "own") state.set("without", [...hidden].map((index) => names[index]).join("|"));
    else if (view && view.value !== usual) state.set("view", view.value);
    if (control("find")?.value) state.set("find", control("find").value);
    for (const [id, value] of Object.entries(boxes))
      if (control(id) && control(id).checked !== value) state.set(id, control(id).checked ? "1" : "0");
    for (const [name, value] of Object.entries(board.extra)) if (value) state.set(name, value);
    const text = state.toString();
    if (text || location.hash.startsWith("#?")) history.replaceState(null, "", text ? `#?${text}` : "#");
  };
  const usual = control("view")?.value;
  const restore = () => {
    const state = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
    const view = control("view");
    const named = (text) => names.indexOf(text);
    if (view && [...view.options].some((option) => option.value === state.get("view"))) view.value = state.get("view");
    choose(true);
    if (state.has("without") && view) {
      view.value = "own";
      hide(new Set(state.get("without").split("|").map(named).filter((index) => index > 1)));
    }
    if (state.has("find") && control("find")) control("find").value = state.get("find");
    for (const id of Object.keys(boxes)) if (state.has(id) && control(id)) control(id).checked = state.get(id) === "1";
    const by = state.get("sort") ?? "";
    const index = named(by.replace(/^-/, ""));
    if (index >= 0) sort(index, by.startsWith("-"));
    return state;
  };
  for (const id of ["find", ...Object.keys(boxes)])
    control(id)?.addEventListener("input", () => { limit = PAGE; filter(); });
  control("view")?.addEventListener("change", () => { choose(false); filter(); });
  document.querySelectorAll(".controls,.buttons").forEach((box) => (box.hidden = false));
  const start = () => {
    table.classList.add("grouped");
    heads[0].setAttribute("aria-sort", "ascending");
    board.state = restore();
    const target = location.hash.length > 1 && rows.find((row) => `#${row.id}` === location.hash);
    if (target) limit = Infinity;
    filter();
    ready = true;
    board.started?.();
    if (target) target.scrollIntoView({ block: "center" });
    requestAnimationFrame(() => setTimeout(() => document.getElementById("first")?.remove()));
  };
  addEventListener("beforeprint", () => { limit = Infinity; filter(); });
  addEventListener("DOMContentLoaded", start);
  return { rows, heads, names, pick, remember, found, hidden: () => hidden, extra: {} };
})();
