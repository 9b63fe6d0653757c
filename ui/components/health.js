// The health line: a lamp, a name and a plain word each.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".health")
  if (!root || !data) return
  const out = data.lines.map(([state, name, says]) => {
    const row = el("div", `line ${["ok", "bad", "off"].includes(state) ? state : "off"}`)
    const text = el("span", "says")
    text.append(el("b", "", name), document.createTextNode(` ${says}`))
    row.append(el("i", "lamp"), text)
    return row
  })
  if (data.note) out.push(el("div", "note", data.note))
  root.replaceChildren(...out)
}
