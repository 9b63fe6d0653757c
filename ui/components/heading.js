// The head of a page or of a request: names may come from a buyer, so they are text and nothing else.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".heading")
  if (!root || !data) return
  const over = el("div", "over")
  if (data.badge) over.append(badge(data.badge.text, data.badge.color))
  for (const item of data.meta ?? []) over.append(item.badge ? badge(item.badge, item.color) : el("span", "muted", item.text))
  const main = el("div", "main"), left = el("div", "left"), right = el("div", "right")
  const title = el("div", `title ${data.size === "page" ? "page" : ""}`, data.title)
  title.setAttribute("role", "heading")
  title.setAttribute("aria-level", data.size === "page" ? "1" : "2")
  left.append(title)
  if (data.sub) left.append(el("div", "sub", data.sub))
  const clock = el("span", "clock big")
  if (data.due) { right.append(clock, el("span", "muted small", data.clock ?? "left")) ; main.append(left, right) }
  else main.append(left)
  root.replaceChildren(...(over.childNodes.length ? [over] : []), main)
  if (!data.due) { clearInterval(timers.get(parentElement)); return }
  const skew = skewOf(data.now)
  return every(parentElement, () => {
    const seconds = data.due - (Date.now() / 1000 - skew)
    clock.textContent = seconds < 0 ? "time is over" : clockText(seconds)
    clock.className = `clock big ${heat(seconds)}`
    right.lastChild.hidden = seconds < 0
  })
}
