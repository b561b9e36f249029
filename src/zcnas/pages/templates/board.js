// What the ranking adds to its table: the picker of columns, downloads, an entry shown wherever it
// stands. All of it reads the table, so nothing can be downloaded that the page does not show.
(() => {
  const { rows, heads, names } = board;
  const text = (cell) => (cell.querySelector("a") ?? cell).textContent.trim().replace(/\s+/g, " ");
  const value = (cell, index) => {
    const found = index === 1 ? text(cell) : (cell.querySelector("small") ? cell.firstChild : cell).textContent.trim();
    const plain = found.replace(/−/g, "-");
    return heads[index].classList.contains("n") && /^-?[\d.]+( %)?$/.test(plain) ? parseFloat(plain) : found === "–" ? null : plain;
  };

  const box = document.getElementById("columns");
  const picks = heads.map((head, index) => {
    if (index < 2) return null;
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.addEventListener("input", () => board.pick(index, input.checked));
    label.append(input, ` ${names[index]}`);
    box.append(label);
    return input;
  });
  board.columnsChanged = (hidden) => picks.forEach((input, index) => input && (input.checked = !hidden.has(index)));

  const save = (name, type, content) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const shown = () => {
    const columns = names.map((_, index) => index).filter((index) => !board.hidden().has(index));
    return [columns.map((index) => names[index].replace(/[−\d.]+$/, (end) => (heads[index].matches(".pic") ? "" : end)).replace(/−.*$/, "")),
      board.found().map((row) => columns.map((index) => value(row.cells[index], index)))];
  };
  const csv = () => {
    const quoted = (cell) => {
      const plain = cell === null ? "" : String(cell);
      const safe = typeof cell === "string" && /^[=+@\t\r-]/.test(plain) ? `'${plain}` : plain;
      return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const [columns, lines] = shown();
    return [columns, ...lines].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  };
  const json = () => {
    const [columns, lines] = shown();
    const entries = lines.map((line) => Object.fromEntries(line.map((cell, index) => [columns[index], cell])));
    return JSON.stringify({ title: document.title, source: location.href.split("#")[0].split("/").pop(), entries }, null, 1);
  };
  const tex = () => {
    const signs = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "·": "$\\cdot$", "<": "$<$", ">": "$>$" };
    const escaped = (cell) => {
      if (cell === null) return "--";
      const plain = String(cell);
      if (typeof cell === "number") return plain.startsWith("-") ? `$${plain}$` : plain;
      return plain.replace(/[\\~^·<>]|[&%$#_{}]/g, (sign) => signs[sign] ?? `\\${sign}`);
    };
    const [columns, lines] = shown();
    const format = columns.map((_, index) => (index === 1 ? "l" : "r")).join("");
    const line = (cells) => `${cells.map(escaped).join(" & ")} \\\\`;
    return [`\\begin{tabular}{${format}}`, "\\toprule", line(columns), "\\midrule", ...lines.map(line), "\\bottomrule", "\\end{tabular}"].join("\n") + "\n";
  };
  const LOOK = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "vector-effect"];
  const svg = (figure) => {
    const live = figure.querySelector(".fluid > svg");
    const copy = live.cloneNode(true);
    const drawn = [...live.querySelectorAll("*")];
    [...copy.querySelectorAll("*")].forEach((part, index) => {
      const look = getComputedStyle(drawn[index]);
      if (look.display === "none") part.setAttribute("display", "none");
      else part.setAttribute("style", LOOK.map((name) => `${name}:${look.getPropertyValue(name)}`).join(";"));
    });
    const size = live.getBoundingClientRect();
    const { x, y, width, height } = live.getBBox();
    copy.setAttribute("width", size.width);
    copy.setAttribute("height", size.height);
    copy.setAttribute("overflow", "visible");
    const space = "http://www.w3.org/2000/svg";
    const whole = document.createElementNS(space, "svg");
    whole.setAttribute("viewBox", [x - 6, y - 6, width + 12, height + 12].join(" "));
    whole.setAttribute("width", width + 12);
    whole.setAttribute("height", height + 12);
    whole.append(copy);
    return new XMLSerializer().serializeToString(whole);
  };
  const kinds = { csv: ["text/csv", csv], json: ["application/json", json], tex: ["text/x-tex", tex] };
  document.addEventListener("click", (event) => {
    const kind = event.target.dataset?.save;
    if (kind === "svg") {
      const figure = event.target.closest("figure");
      save(`${figure.id}.svg`, "image/svg+xml", svg(figure));
    } else if (kind) save(`leaderboard.${kind}`, kinds[kind][0], kinds[kind][1]());
  });
})();
