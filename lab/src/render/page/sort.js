"use strict";
// A click on a head sorts its table by that column, another one the other way round.
for (const table of document.querySelectorAll("table")) {
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!head) return;
    const at = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const cell = row.cells[at];
      return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    };
    const isEmpty = (value) => value === "–";
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (isEmpty(x) || isEmpty(y)) return isEmpty(x) - isEmpty(y);
      const sign = x < y ? -1 : x > y ? 1 : 0;
      return down ? -sign : sign;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(order));
  });
}
