// Two entries side by side, and one entry wherever it stands: in the table and in every figure.
(() => {
  const { rows, heads, names } = board;
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const title = (row) => row.querySelector("th a").textContent;
  const cell = (row, name) => row.cells[names.findIndex((each) => each.startsWith(name))]?.textContent.trim();
  const number = (text) => parseFloat(text.replace("−", "-"));
  const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
  const marks = new Map();
  for (const mark of document.querySelectorAll("[data-e]")) {
    if (!marks.has(mark.dataset.e)) marks.set(mark.dataset.e, []);
    marks.get(mark.dataset.e).push(mark);
  }
  const light = (id, name, on) => [rowOf.get(id), ...(marks.get(id) ?? [])].forEach((part) => part?.classList.toggle(name, on));

  let known = null;
  const differences = async () => {
    const packed = document.getElementById("differences");
    if (!packed || known) return known;
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const [entries, errors] = await new Response(stream).json();
    return (known = { ids: entries.columns[0], scores: entries.columns[1], errors: errors.columns[0] });
  };
  const paired = async (one, other) => {
    const found = await differences();
    if (!found) return null;
    const [a, b] = [found.ids.indexOf(one), found.ids.indexOf(other)];
    if (a < 0 || b < 0) return null;
    const [i, j] = [Math.min(a, b), Math.max(a, b)];
    const place = (i * (2 * found.ids.length - i - 1)) / 2 + j - i - 1;
    return { difference: found.scores[a] - found.scores[b], half: 1.959964 * found.errors[place] * 1e-5 };
  };

  const panel = document.getElementById("pair");
  const element = (tag, text = "", name = "") => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  let pinned = [];
  const taus = heads.flatMap((head, index) => (head.dataset.c.startsWith("tau:") ? [index] : []));
  const compare = async () => {
    const [one, other] = pinned.map((id) => rowOf.get(id));
    panel.hidden = !one;
    panel.replaceChildren();
    if (!one) return;
    const clear = element("button", "Unpin");
    clear.type = "button";
    clear.addEventListener("click", () => { [...pinned].forEach(toggle); });
    if (!other) {
      panel.append(element("p", `${title(one)} is pinned. Pin a second entry to compare the two. `), clear);
      return;
    }
    panel.append(element("h3", `${title(one)} against ${title(other)}`));
    const exact = await paired(one.id, other.id);
    const score = (row) => number(cell(row, "Score"));
    const difference = exact?.difference ?? score(one) - score(other);
    let text = `Difference of the scores ${signed(difference, 3)}`;
    if (exact) {
      const [low, high] = [exact.difference - exact.half, exact.difference + exact.half];
      const apart = low > 0 || high < 0;
      text += `, 95 % paired interval [${signed(low, 3)}, ${signed(high, 3)}]: ` +
        (apart ? "these architectures tell the two apart." : "these architectures cannot tell the two apart.");
    } else text += ".";
    panel.append(element("p", text));
    const lines = taus
      .map((index) => [names[index], number(one.cells[index].textContent) - number(other.cells[index].textContent)])
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const widest = Math.max(...lines.map(([, value]) => Math.abs(value)), 1e-9);
    if (lines.length > 1) panel.append(element("p", `They disagree most on ${lines[0][0]}.`));
    const table = element("table", "", "pairs");
    table.append(element("caption", `tau-b of ${title(one)} minus that of ${title(other)}`));
    for (const [name, value] of lines) {
      const line = table.insertRow();
      const head = element("th", name);
      head.scope = "row";
      const bar = element("i", "", value < 0 ? "less" : "");
      bar.style.width = `${(50 * Math.abs(value)) / widest}%`;
      line.append(head, element("td", signed(value, 3), "n"), element("td", "", "bar"));
      line.lastChild.append(bar);
    }
    panel.append(table, clear);
  };
  const button = (row) => row.querySelector(".pin");
  const toggle = (id) => {
    const out = pinned.includes(id) ? [id] : pinned.length > 1 ? [pinned[0]] : [];
    const next = pinned.includes(id) ? pinned.filter((each) => each !== id) : [...pinned, id].slice(-2);
    for (const each of out) {
      light(each, "pinned", false);
      button(rowOf.get(each)).setAttribute("aria-pressed", "false");
    }
    pinned = next;
    for (const each of pinned) {
      light(each, "pinned", true);
      button(rowOf.get(each)).setAttribute("aria-pressed", "true");
    }
    document.body.classList.toggle("pins", pinned.length > 0);
    board.extra.pin = pinned.join(",");
    board.remember();
    return compare();
  };
  for (const row of rows) {
    if (row.cells[0].textContent === "–" && !row.querySelector(".pic .dot")) continue;
    const pin = element("button", "", "pin");
    pin.type = "button";
    pin.setAttribute("aria-pressed", "false");
    pin.setAttribute("aria-label", `Pin ${title(row)}`);
    row.cells[1].prepend(pin);
  }
  document.getElementById("board").addEventListener("click", (event) => {
    if (event.target.matches(".pin")) toggle(event.target.closest("tr").id);
  });

  const card = element("div", "", "card");
  card.hidden = true;
  document.body.append(card);
  let shown = null;
  const reveal = (id, x, y) => {
    if (shown) light(shown, "on", false);
    shown = rowOf.has(id) ? id : null;
    card.hidden = !shown;
    if (!shown) return;
    light(id, "on", true);
    const row = rowOf.get(id);
    card.replaceChildren(element("b", title(row)));
    for (const name of ["Rank", "Score", "Group", "Chance of first", "Failed", "CPU s"]) {
      const text = cell(row, name);
      if (text) card.append(element("div", `${name} ${text}`));
    }
    const { width, height } = card.getBoundingClientRect();
    card.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 8))}px`;
    card.style.top = `${Math.max(4, Math.min(y + 12, innerHeight - height - 8))}px`;
  };
  for (const kind of ["pointerover", "click"])
    document.addEventListener(kind, (event) => {
      const mark = event.target.closest?.("[data-e]");
      if (mark) reveal(mark.dataset.e, event.clientX, event.clientY);
      else if (shown) reveal(null);
    });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && shown) reveal(null); });
  board.started = () => {
    for (const id of (board.state.get("pin") ?? "").split(",")) if (rowOf.has(id) && button(rowOf.get(id))) toggle(id);
  };
})();
