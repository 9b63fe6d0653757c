// The queue of requests: who waits how, for how much longer, for what. Arrow keys walk, Enter opens.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".queue")
  if (!root || !data) return
  const skew = skewOf(data.now), ticks = [], focused = root.getRootNode().activeElement?.dataset?.id
  root.setAttribute("role", "listbox")
  root.setAttribute("aria-label", "Open requests, most urgent first")
  const items = data.items.map(item => {
    const box = el("button", `item ${item.waiting}${item.locked ? " locked" : ""}`)
    box.type = "button"
    box.dataset.id = item.id
    box.setAttribute("role", "option")
    box.setAttribute("aria-selected", String(item.id === data.selected))
    const top = el("div", "row"), how = el("span", "how"), left = el("span", "clock")
    how.append(el("i", "dot"), el("span", "", item.waits))
    top.append(how, el("span", "grow"), left)
    const low = el("div", "row sub")
    low.append(el("span", "grow cut", item.buyer), el("span", "", item.value))
    const who = el("div", "row sub")
    who.append(el("span", "grow cut", item.locked ? item.locked : item.who), el("span", "mono", item.id))
    const bar = el("i", "bar")
    box.append(top, el("div", "title", item.title), low, who, bar)
    box.onclick = () => setTriggerValue("opened", item.id)
    box.onkeydown = event => {
      const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
      if (!by) return
      event.preventDefault()
      const all = [...root.querySelectorAll(".item")]
      all[(all.indexOf(box) + by + all.length) % all.length].focus()
    }
    ticks.push(() => {
      const seconds = item.due - (Date.now() / 1000 - skew), level = heat(seconds)
      left.textContent = seconds < 0 ? "time is over" : clockText(seconds)
      left.className = `clock ${level}`
      bar.className = `bar ${level}`
      bar.style.width = `${Math.max(0, Math.min(1, seconds / item.span)) * 100}%`
    })
    return box
  })
  root.replaceChildren(...items)
  if (focused) root.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus()
  return every(parentElement, () => ticks.forEach(tick => tick()))
}
