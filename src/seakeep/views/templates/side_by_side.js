// Draws a card a column when it comes into sight, finds, filters and sorts cards, and goes through them by keys.
const { names, cards: all } = JSON.parse(document.querySelector("#data").textContent);
const bar = document.querySelector(".toolbar"), list = document.querySelector(".cards");
const [kind, order] = bar.querySelectorAll("select"), search = bar.querySelector("input"), told = bar.querySelector("output");
const WIDE = 400, TALL = 52, GAP = 10, ROW = 13, LABEL = 132;

const made = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const drawn = (tag, given, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
};
const percent = (share) => share === 0 ? "0 %" : share < 0.0001 ? "< 0.01 %" : `${Number((share * 100).toPrecision(3))} %`;
const titled = (element, text) => { element.append(drawn("title", {}, text)); return element; };

const distributions = (svg, card) => {
  const high = names.length * (TALL + GAP), most = Math.max(...card.shares.flatMap((own) => own.slice(0, -1)), 1e-9);
  card.shares.forEach((own, table) => {
    const bottom = (table + 1) * (TALL + GAP) - GAP / 2, step = WIDE / Math.max(1, own.length - 1);
    own.slice(0, -1).forEach((share, i) => {
      if (!share) return;
      const tall = Math.max(1, share / most * TALL);
      svg.append(titled(drawn("rect", { class: `table-${table % 4}`, x: i * step, y: bottom - tall, width: Math.max(0.5, step - 0.75), height: tall }), `${names[table]}: ${percent(share)}`));
    });
    const median = card.medians[table];
    if (median !== null && median >= 0 && median <= 1) svg.append(drawn("line", { class: "mark", x1: median * WIDE, x2: median * WIDE, y1: bottom - TALL, y2: bottom }));
    svg.append(drawn("line", { class: "axis", x1: 0, x2: WIDE, y1: bottom, y2: bottom }));
    if (own.length && own[own.length - 1] > 0.00005) svg.append(drawn("text", { class: "tick", x: WIDE, y: bottom - TALL + 8, "text-anchor": "end" }, `${percent(own[own.length - 1])} beyond`));
    if (!own.length) svg.append(drawn("text", { class: "tick", x: 0, y: bottom - 6 }, "no values"));
  });
  svg.append(drawn("text", { class: "tick", x: 0, y: high + 10 }, card.ends[0]));
  svg.append(drawn("text", { class: "tick", x: WIDE, y: high + 10, "text-anchor": "end" }, card.ends[1]));
  if (card.axis) svg.append(drawn("text", { class: "name", x: WIDE / 2, y: high + 10, "text-anchor": "middle" }, card.axis));
  return high + 16;
};

const frequencies = (svg, card) => {
  const rest = card.shares.some((own) => own[own.length - 1] > 0.00005);
  const labels = rest ? [...card.values, "all others"] : card.values, wide = WIDE - LABEL - 44;
  const most = Math.max(...card.shares.flat(), 1e-9), group = names.length * ROW + 8;
  labels.forEach((label, value) => {
    const top = value * group;
    svg.append(titled(drawn("text", { class: value === card.values.length ? "tick" : "label", x: LABEL - 6, y: top + group / 2, "text-anchor": "end" }, label.length > 18 ? `${label.slice(0, 17)}…` : label || "(empty)"), label));
    card.shares.forEach((own, table) => {
      const share = own.length ? own[value] : 0, y = top + table * ROW;
      svg.append(titled(drawn("rect", { class: `table-${table % 4}`, x: LABEL, y, width: Math.max(share ? 1 : 0, share / most * wide), height: ROW - 2 }), `${names[table]}: ${percent(share)}`));
      svg.append(drawn("text", { class: "tick", x: LABEL + share / most * wide + 4, y: y + ROW - 3 }, own.length ? percent(share) : "–"));
    });
  });
  return labels.length * group;
};

const picture = (card) => {
  const svg = drawn("svg", { class: "chart", role: "img", "aria-label": `${card.name} in ${names.join(", ")}` });
  const tall = card.values ? frequencies(svg, card) : distributions(svg, card);
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${tall}`);
  return svg;
};

const facts = (card) => {
  const table = made("table"), head = table.createTHead().insertRow(), body = table.createTBody();
  const measured = card.facts.some((cells) => cells.length > 2);
  const headings = ["", "missing", "different", ...(measured ? ["least", "median", "greatest"].map((word) => card.axis ? `${word} ${card.axis}` : word) : [])];
  for (const heading of headings) head.append(made("th", heading ? "n" : "", heading));
  card.facts.forEach((cells, i) => {
    const row = body.insertRow(), name = made("th", `table-${i % 4}`);
    name.append(made("bdi", "", names[i]));
    row.append(name, ...headings.slice(1).map((_, at) => made("td", "n", cells[at] ?? "")));
  });
  return table;
};

const fill = (element, card) => {
  if (element.dataset.full) return;
  element.dataset.full = "yes";
  if (card.shares.length) element.append(picture(card));
  element.append(facts(card));
};

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) { fill(target, target.card); seen.unobserve(target); }
}, { rootMargin: "600px" });

const elements = all.map((card, place) => {
  const element = made("article", "card waiting"), head = made("header"), name = made("h3");
  name.append(made("bdi", "", card.name));
  head.append(name, made("span", "kind", card.kinds.join(", ") + (names.length > 1 ? ` · distance ${card.apart}` : "")));
  element.append(head);
  Object.assign(element, { card, place, tabIndex: -1 });
  element.setAttribute("aria-label", card.name);
  seen.observe(element);
  return element;
});

const apply = () => {
  const word = search.value.trim().toLowerCase(), by = order.value;
  const least = (a, b) => a.place - b.place;
  const way = { place: least, name: (a, b) => a.card.name.localeCompare(b.card.name), apart: (a, b) => b.card.apart - a.card.apart || least(a, b), missing: (a, b) => b.card.missing - a.card.missing || least(a, b) }[by];
  for (const element of elements) element.hidden = !(element.card.name.toLowerCase().includes(word) && (!kind.value || element.card.kinds.includes(kind.value)));
  list.append(...elements.sort(way));
  const count = elements.filter((element) => !element.hidden).length;
  told.textContent = count === elements.length ? `${count} columns` : `${count} of ${elements.length} columns`;
};

addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select");
  if (event.key === "Escape") { search.value = ""; kind.value = ""; apply(); search.blur(); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); search.focus(); }
  if (event.key === "j" || event.key === "k") {
    const shown = elements.filter((element) => !element.hidden), at = shown.indexOf(document.activeElement);
    const next = shown[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), shown.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }
});
addEventListener("beforeprint", () => { for (const element of elements) fill(element, element.card); });
bar.hidden = false;
for (const one of [search, kind, order]) one.addEventListener("input", apply);
apply();
