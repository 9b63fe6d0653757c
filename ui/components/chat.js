// The buyer's chat. Lines stay in place while new ones arrive, links lead only to our own pages, and what was really on
// screen is acknowledged: the agent's guards look at what was shown, never at what was sent.
const shownBefore = new WeakMap()
const linked = (text, prefixes) => {
  const out = document.createDocumentFragment()
  for (const part of String(text).split(/(\s+)/)) {
    const bare = part.replace(/[.,;:!?)\]]+$/, ""), tail = part.slice(bare.length)
    if (bare && prefixes.some(p => bare.startsWith(p))) {
      const a = el("a", "", bare)
      a.href = bare; a.target = "_blank"; a.rel = "noopener noreferrer"
      out.append(a, document.createTextNode(tail))
    } else out.append(document.createTextNode(part))
  }
  return out
}
// Of a spoken line that was cut, the rest stands there too: the agent meant to say it, and knows that nobody heard it.
const draw = (item, prefixes) => {
  const row = el("div", `row ${item.kind}`)
  if (item.kind === "buyer" || item.kind === "agent" || item.kind === "message") {
    const bubble = el("div", "bubble")
    if (item.label) bubble.append(el("div", "label", item.label))
    const text = el("div", "text")
    text.append(item.kind === "buyer" ? document.createTextNode(item.text ?? "") : linked(item.text ?? "", prefixes))
    bubble.append(text)
    if (item.rest) text.append(el("span", `rest ${item.rested}`, item.rest))
    if (item.note) bubble.append(el("div", "note", item.note))
    row.append(bubble)
  } else {
    const note = el("div", "between")
    if (item.tag) note.append(badge(item.tag.text, item.tag.color))
    note.append(el("span", "", item.text))
    row.append(note)
  }
  return row
}
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".chat")
  if (!root || !data) return
  const log = root.querySelector(".log"), box = root.querySelector(".scroll")
  log.setAttribute("role", "log"); log.setAttribute("aria-live", "polite"); log.setAttribute("aria-label", "Conversation")
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60, first = !root.dataset.drawn
  const had = new Map([...log.children].map(n => [n.dataset.id, n]))
  const nodes = data.items.map(item => {
    const sig = JSON.stringify(item), known = had.get(item.id)
    if (known && known.dataset.sig === sig) return known
    const row = draw(item, data.prefixes)
    row.dataset.id = item.id; row.dataset.sig = sig
    return row
  })
  nodes.forEach((n, i) => { if (log.children[i] !== n) log.insertBefore(n, log.children[i] ?? null) })
  while (log.children.length > nodes.length) log.lastChild.remove()
  root.querySelector(".empty").hidden = nodes.length > 0 || data.typing
  const typing = root.querySelector(".typing")
  typing.hidden = !data.typing
  const sorry = root.querySelector(".sorry")
  sorry.hidden = !data.sorry; sorry.textContent = data.sorry ?? ""
  root.dataset.drawn = "1"
  if (atEnd || first || data.items.at(-1)?.kind === "buyer") requestAnimationFrame(() => { box.scrollTop = box.scrollHeight })
  const acked = shownBefore.get(parentElement) ?? new Set()
  shownBefore.set(parentElement, acked)
  const acknowledge = () => {
    if (document.hidden) return
    const ids = data.unshown.filter(id => !acked.has(id))
    if (!ids.length) return
    ids.forEach(id => acked.add(id))
    setTriggerValue("shown", ids)
  }
  requestAnimationFrame(() => requestAnimationFrame(acknowledge))
  document.onvisibilitychange = acknowledge
}
