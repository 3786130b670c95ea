// Finds and sorts a page's cards. Without it every card is shown, in the table's order.
const bar = document.querySelector(".toolbar"), list = document.querySelector(".cards");
if (bar && list) {
  const cards = [...list.children], search = bar.querySelector("input"), order = bar.querySelector("select");
  const shown = bar.querySelector("output"), key = (card, name) => Number(card.dataset[name]);
  const apply = () => {
    const word = search.value.trim().toLowerCase(), by = order.value;
    const names = (a, b) => a.dataset.name.localeCompare(b.dataset.name);
    const least = (a, b) => key(a, "place") - key(b, "place"), most = (a, b) => key(b, by) - key(a, by) || least(a, b);
    list.append(...cards.sort(by === "name" ? names : by === "place" ? least : most));
    for (const card of cards) card.hidden = !card.dataset.words.includes(word);
    const count = cards.filter((card) => !card.hidden).length;
    shown.textContent = count === cards.length ? `${count} columns` : `${count} of ${cards.length} columns`;
  };
  bar.hidden = false;
  search.addEventListener("input", apply);
  order.addEventListener("change", apply);
  apply();
}
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
