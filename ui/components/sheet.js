// Tables of the console: labels and values, ledgers, guard results. Every cell is text; a row may lead to its turn.
const MARKS = new Set(["strong", "muted", "mono", "ok", "bad", "num", "wrap"])
// Times come as ⟦ISO⟧ and are shown in the reader's own zone.
const timed = text => String(text).replace(/⟦([^⟧]{10,40})⟧/g, (whole, iso) => {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? whole : at.toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false })
})
const fill = (node, cell, link) => {
  const c = typeof cell === "object" && cell !== null ? cell : { t: cell }
  for (const mark of (c.c ?? "").split(" ")) if (MARKS.has(mark)) node.classList.add(mark)
  if (c.icon) node.append(el("span", `icon ${c.icon === "yes" ? "ok" : "bad"}`, c.icon === "yes" ? "✓" : "✕"))
  if (c.before) node.append(el("span", "before", c.before), el("span", "arrow", "→"))
  if (c.t !== undefined && c.t !== null && c.t !== "") node.append(el("span", c.struck ? "struck" : "", timed(c.t)))
  for (const tag of c.tags ?? []) node.append(badge(tag.text, tag.color))
  if (link) node.append(link)
  for (const old of c.old ?? []) node.append(el("div", "old struck", timed(old)))
  if (c.s) node.append(el("div", "small", timed(c.s)))
}
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".sheet")
  if (!root || !data) return
  const out = []
  for (const part of data.sections) {
    if (part.title) {
      const head = el("div", "head"), name = el("span", "name", part.title)
      name.setAttribute("role", "heading"); name.setAttribute("aria-level", "3")
      head.append(name)
      for (const tag of part.tags ?? []) head.append(badge(tag.text, tag.color))
      if (part.aside) head.append(el("span", "muted", part.aside))
      out.push(head)
    }
    if (part.alert) { const p = el("p", "alert", part.alert); p.setAttribute("role", "alert"); out.push(p) }
    if (part.note) out.push(el("p", "note", part.note))
    if (part.quote) out.push(el("blockquote", "", part.quote))
    if (part.chips) { const box = el("div", "chips"); part.chips.forEach(c => box.append(badge(c.text, c.color))); out.push(box) }
    if (part.rows && part.rows.length) {
      const table = el("table"), body = el("tbody")
      if (part.label) table.setAttribute("aria-label", part.label)
      if (part.columns) {
        const line = el("tr")
        part.columns.forEach(c => { const th = el("th", "", c); th.scope = "col"; line.append(th) })
        const top = el("thead"); top.append(line); table.append(top)
      }
      for (const row of part.rows) {
        const line = el("tr", row.current ? "current" : "")
        row.cells.forEach((cell, i) => {
          const td = el("td")
          if (row.turn && i === row.cells.length - 1) {
            const link = el("button", "turn", `turn ${row.turn}`)
            link.type = "button"; link.title = "Show where this happened in the thread"
            link.onclick = () => setTriggerValue("turn", row.turn)
            fill(td, cell, link)
          } else fill(td, cell)
          line.append(td)
        })
        body.append(line)
      }
      table.append(body); out.push(table)
    } else if (part.empty) out.push(el("p", "empty", part.empty))
  }
  root.replaceChildren(...out)
}
