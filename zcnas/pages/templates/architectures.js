// Unpacks the tables of architectures: base64 of deflated JSON, built when a section is opened.
(async () => {
  const packed = atob(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = await new Response(stream).json();
  const fill = (section) => {
    if (section.querySelector("table")) return;
    const { columns, rows } = data[section.dataset.table];
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const name of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const value of row) {
        const cell = line.insertCell();
        cell.textContent = value ?? "–";
        if (typeof value === "number") cell.className = "n";
      }
    }
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
  addEventListener("beforeprint", () => sections.filter((s) => s.open).forEach(fill));
})();
