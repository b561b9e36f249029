// Sorting, filtering and choosing columns of a table that is complete without it.
(() => {
  const table = document.getElementById("board");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const control = (id) => document.getElementById(id);
  const status = control("shown");
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
    const sorted = [...rows].sort((a, b) => {
      const [x, y] = [values.get(a), values.get(b)];
      if (x === y) return place.get(a) - place.get(b);
      if (x === null) return 1;
      if (y === null) return -1;
      return x < y ? -sign : sign;
    });
    body.append(...sorted);
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[index].setAttribute("aria-sort", falling ? "descending" : "ascending");
    table.classList.toggle("grouped", heads[index].textContent.trim() === "Rank" && !falling);
  };
  const lowFirst = (head) => !head.classList.contains("n") || /^(Rank|Group|Failed|CPU)/.test(head.textContent);
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
      say(`, sorted by ${button.textContent}, ${falling ? "highest" : "lowest"} first`);
    });
  });
  const say = (more = "") => {
    if (!status) return;
    const visible = rows.filter((row) => !row.hidden).length;
    status.textContent = `${visible} of ${rows.length} entries${more}`;
  };
  const filter = () => {
    const wanted = (control("find")?.value ?? "").trim().toLowerCase();
    const off = (id) => control(id) && !control(id).checked;
    for (const row of rows)
      row.hidden =
        (wanted && !row.cells[1].textContent.toLowerCase().includes(wanted)) ||
        (off("baselines") && "b" in row.dataset) ||
        (off("uncounted") && "u" in row.dataset) ||
        (control("clean")?.checked && "f" in row.dataset);
    say();
  };
  const style = document.createElement("style");
  document.head.append(style);
  const choose = (first) => {
    const view = control("view")?.value ?? "all";
    const space = view.startsWith("space:") ? view.slice(6) : null;
    const hidden = heads.flatMap((head, index) => {
      const { c, space: own } = head.dataset;
      const seen = c === "base" || view === "all" || c === view || (space && own === space) ||
        (view === "base" && c.startsWith("space:"));
      return seen ? [] : [`#board tr>:nth-child(${index + 1})`];
    });
    style.textContent = hidden.length ? `${hidden.join(",")}{display:none}` : "";
    const key = heads.findIndex((head) => head.dataset.c === view && view !== "base");
    if (!first) key < 0 ? sort(0, false) : sort(key, true);
  };
  for (const id of ["find", "baselines", "uncounted", "clean"]) control(id)?.addEventListener("input", filter);
  control("view")?.addEventListener("change", () => { choose(false); say(); });
  document.querySelectorAll(".controls").forEach((box) => (box.hidden = false));
  table.classList.add("grouped");
  heads[0].setAttribute("aria-sort", "ascending");
  choose(true);
  filter();
  requestAnimationFrame(() => setTimeout(() => document.getElementById("first")?.remove()));
})();
