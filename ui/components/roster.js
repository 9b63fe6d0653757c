// All sessions in one table; what needs a person stands first until another order is chosen.
const NS = "http://www.w3.org/2000/svg"
const spark = (values, color) => {
  const svg = document.createElementNS(NS, "svg"), line = document.createElementNS(NS, "polyline")
  svg.setAttribute("viewBox", "0 0 84 22"); svg.setAttribute("aria-hidden", "true")
  const step = 84 / Math.max(1, values.length - 1)
  line.setAttribute("points", values.map((v, i) => `${(i * step).toFixed(1)},${(20 - v * 18).toFixed(1)}`).join(" "))
  line.setAttribute("fill", "none"); line.setAttribute("stroke-width", "1.7"); line.setAttribute("stroke", `var(--st-${color}-color)`)
  svg.append(line)
  return svg
}
const orders = new WeakMap()
const COLUMNS = [["attention", "Needs attention"], ["buyer", "Buyer"], ["stage", "Stage"], ["channel", "Channel"], ["words", "Last words"], ["score", "Readiness"], ["seen", "Last turn"]]
const by = {
  attention: (a, b) => a.rank - b.rank || b.at - a.at, buyer: (a, b) => a.buyer.localeCompare(b.buyer), stage: (a, b) => a.order - b.order,
  channel: (a, b) => a.channel.localeCompare(b.channel), words: (a, b) => (a.words ?? "").localeCompare(b.words ?? ""), score: (a, b) => b.score - a.score, seen: (a, b) => b.at - a.at,
}
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".roster")
  if (!root || !data) return
  const order = orders.get(parentElement) ?? { column: "attention", down: false }
  orders.set(parentElement, order)
  const paint = () => {
    const table = el("table"), head = el("tr"), body = el("tbody")
    table.setAttribute("aria-label", "Sessions")
    for (const [name, label] of COLUMNS) {
      const th = el("th", name), sort = el("button", "sort", label)
      th.scope = "col"; sort.type = "button"
      if (order.column === name) { sort.append(el("span", "dir", order.down ? " ↑" : " ↓")); th.setAttribute("aria-sort", order.down ? "descending" : "ascending") }
      sort.onclick = () => { order.down = order.column === name ? !order.down : false; order.column = name; paint() }
      th.append(sort); head.append(th)
    }
    const rows = [...data.rows].sort(by[order.column])
    if (order.down) rows.reverse()
    for (const row of rows) {
      const tr = el("tr")
      tr.dataset.id = row.id
      const attention = el("td", "attention")
      if (row.attention) attention.append(badge(row.attention, row.color))
      const buyer = el("td", "buyer"), open = el("button", "open", row.buyer)
      open.type = "button"; open.onclick = event => { event.stopPropagation(); setTriggerValue("opened", row.id) }
      buyer.append(open)
      if (row.tag) buyer.append(badge(row.tag, "gray"))
      const stage = el("td", "stage")
      stage.append(badge(row.stage, row.tint), el("span", "muted small", row.step))
      const score = el("td", "score")
      score.append(el("span", "num", row.score.toFixed(2)), spark(row.scores, row.tint))
      tr.append(attention, buyer, stage, el("td", "channel", row.channel), el("td", row.words === null ? "words muted" : "words", row.words ?? row.hidden), score, el("td", "seen muted", row.ago))
      tr.onclick = () => setTriggerValue("opened", row.id)
      body.append(tr)
    }
    const top = el("thead"); top.append(head); table.append(top, body)
    root.replaceChildren(rows.length ? table : el("p", "empty", data.empty))
  }
  paint()
}
