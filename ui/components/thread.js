// The thread of a session: words, what moved, what was refused, what was answered; a turn can be chosen.
const clock = iso => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false })
const line = (item, choose) => {
  const row = el(item.turn ? "button" : "div", `line ${item.kind}`)
  if (item.turn) {
    row.type = "button"
    row.dataset.turn = item.turn
    row.onclick = () => choose(item.turn)
    row.setAttribute("aria-label", `Turn ${item.turn}, ${item.who ?? item.kind}: ${item.text ?? ""}`)
  }
  const mid = el("div", "mid"), text = el("div", "text")
  if (item.who) text.append(el("span", "who", item.who))
  text.append(el("span", item.hidden ? "muted" : "", item.text))
  if (item.tag) text.append(badge(item.tag.text, item.tag.color))
  mid.append(text)
  if (item.sub) mid.append(el("div", "sub", item.sub))
  if (item.signals?.length) {
    const box = el("div", "signals")
    for (const s of item.signals) box.append(el("span", s.up ? "up" : "down", s.text))
    mid.append(box)
  }
  const score = el("span", "score", item.score ?? "")
  if (item.up === true) score.classList.add("up")
  if (item.up === false) score.classList.add("down")
  row.append(el("span", "when", item.at ? clock(item.at) : ""), mid, score)
  return row
}
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".thread")
  if (!root || !data) return
  const sig = signed(data, ["items", "selected"])
  if (root.dataset.sig === sig) return
  const first = root.dataset.sig === undefined, before = root.dataset.selected, top = root.scrollTop
  root.dataset.sig = sig
  root.dataset.selected = String(data.selected)
  const out = []
  let band = null, body = null
  for (const item of data.items) {
    if (item.kind === "gap") { out.push(el("div", "gap", item.text)); band = null; continue }
    if (item.stage && item.stage !== band) {
      band = item.stage
      const box = el("section", "band"), rail = el("div", "rail")
      const color = COLORS.has(item.color) ? item.color : "gray"
      box.style.setProperty("--c", `var(--st-${color}-color)`)
      box.style.setProperty("--t", `var(--st-${color}-text-color)`)
      body = el("div", "body")
      body.append(el("div", "bandhead", item.stageName))
      box.append(rail, body)
      out.push(box)
    }
    const row = line(item, turn => setTriggerValue("turn", turn))
    if (item.turn && item.turn === data.selected) row.classList.add("current")
    if (body && band) body.append(row)
    else out.push(row)
  }
  if (!out.length) out.push(el("p", "empty", data.empty ?? "Nothing was said yet."))
  root.replaceChildren(...out)
  const chosen = root.querySelector(".current")
  if (chosen && before !== String(data.selected)) root.scrollTop += chosen.getBoundingClientRect().top - root.getBoundingClientRect().top - 70
  else root.scrollTop = first ? root.scrollHeight : top
}
