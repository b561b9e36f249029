// Unpacks the tables of architectures: base64 of deflated JSON. A table is built when its section is
// opened; a scatter that the page leaves empty is drawn from the same numbers.
(async () => {
  const packed = atob(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = await new Response(stream).json();
  const fill = (section) => {
    if (section.querySelector("table")) return;
    const { names, columns } = data[section.dataset.table];
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const name of ["no.", ...names]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    columns[0].forEach((_, index) => {
      const line = body.insertRow();
      for (const value of [index + 1, ...columns.map((column) => column[index])]) {
        const cell = line.insertCell();
        cell.textContent = value ?? "–";
        if (typeof value === "number") cell.className = "n";
      }
    });
    const box = document.createElement("div");
    box.className = "scroll tall";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Architectures of " + section.firstElementChild.textContent);
    box.append(table);
    section.append(box);
  };
  const sections = [...document.querySelectorAll("details[data-table]")];
  for (const section of sections) section.addEventListener("toggle", () => section.open && fill(section));
  sections.filter((s) => s.open).forEach(fill); // opened before the numbers were unpacked
  addEventListener("beforeprint", () => sections.filter((s) => s.open).forEach(fill));
  const height = { "∞": Infinity, "−∞": -Infinity };
  document.querySelectorAll("svg.s:empty").forEach((svg, index) => {
    const { names, columns } = data[index];
    const scores = columns[names.indexOf("score")].map((v) => (v === null ? null : height[v] ?? v));
    const sorted = scores.map((v) => v ?? -Infinity).sort((a, b) => a - b);
    const last = Math.max(scores.length - 1, 1);
    const marks = { points: "", crosses: "" };
    scores.forEach((value, position) => {
      const own = value ?? -Infinity;
      const middle = (sorted.indexOf(own) + sorted.lastIndexOf(own)) / 2;
      const place = `M${100 - (100 * position) / last} ${100 - (100 * middle) / last}`;
      if (value === null) marks.crosses += place + "l3 3m0-3l-3 3";
      else marks.points += place + "z";
    });
    svg.setAttribute("viewBox", "-12 -4 116 118");
    svg.setAttribute("role", "img");
    const caption = svg.nextElementSibling.textContent;
    svg.setAttribute("aria-label", "Ranks by score against ranks by accuracy, " + caption);
    svg.innerHTML =
      '<path class="frame" d="M0 0H100V100H0z"/><path class="pts"/><path class="bad"/>' +
      '<text x="100" y="110" text-anchor="end">rank by accuracy →</text>' +
      '<text x="-4" transform="rotate(-90 -4 0)" text-anchor="end">rank by score →</text>';
    svg.children[1].setAttribute("d", marks.points);
    svg.children[2].setAttribute("d", marks.crosses);
  });
})();
